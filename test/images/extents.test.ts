import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstOverlap, type ImageExtent } from '../../src/images/extents.ts';

const extent = (image: string, from: number, to: number): ImageExtent => ({ image, from, to });

describe('two images overlap', () => {
  test('where the second begins before the first ends', () => {
    const [a, b] = [extent('a', 0x100, 0x200), extent('b', 0x1ff, 0x300)];
    expect(firstOverlap([b, a])).toEqual({ first: a, second: b });
    expect(firstOverlap([extent('a', 0x100, 0x1ff), b])).toBeUndefined();
  });

  test('also behind a small extent of another place', () => {
    const large = extent('a', 0, 0x1000);
    const inside = extent('b', 0x800, 0x810);
    expect(firstOverlap([large, extent('a', 0x10, 0x20), inside])).toEqual({ first: large, second: inside });
  });

  test('exactly when two bytes of theirs have one address', () => {
    const extents = fc.array(
      fc.record({
        image: fc.constantFrom('a', 'b', 'c'),
        from: fc.nat(30),
        size: fc.integer({ min: 1, max: 6 }),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(extents, (given) => {
        const all = given.map(({ image, from, size }) => extent(image, from, from + size));
        const shared = all.some((a) =>
          all.some((b) => a.image !== b.image && a.from < b.to && b.from < a.to),
        );
        expect(firstOverlap(all) !== undefined).toBe(shared);
      }),
    );
  });
});
