import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { layOut, type Segment, walkDifferences } from '../../src/inspect/diff-flash.ts';
import { MAX_RANGES, MERGE_GAP_BYTES, RangeCollector } from '../../src/inspect/diff-ranges.ts';

const SPACE = 96;
const writes = fc.array(
  fc.record({
    address: fc.nat(SPACE - 24),
    // Few values: neighbours shall often be equal.
    bytes: fc
      .array(fc.nat(2), { minLength: 1, maxLength: 24 })
      .map((values): Bytes => Uint8Array.from(values)),
  }),
  { maxLength: 8 },
);

/** Flash byte by byte: what a device holds after these writes, `undefined` where none went. */
function flashOf(segments: readonly Segment[]): (number | undefined)[] {
  const flash = new Array<number | undefined>(SPACE).fill(undefined);
  for (const { address, bytes } of segments) {
    for (const [i, byte] of bytes.entries()) flash[address + i] = byte;
  }
  return flash;
}

test('writes laid out hold what the last write to each address left', () => {
  fc.assert(
    fc.property(writes, (all) => {
      const segments = layOut(all);
      expect(flashOf(segments)).toEqual(flashOf(all));
      for (const [i, { address, bytes }] of segments.entries()) {
        expect(bytes.length).toBeGreaterThan(0);
        const next = segments[i + 1];
        if (next !== undefined) expect(address + bytes.length).toBeLessThanOrEqual(next.address);
      }
    }),
    { numRuns: 300 },
  );
});

test('the walk tells every byte that differs, once, in order, and no other', () => {
  fc.assert(
    fc.property(writes, writes, (old, now) => {
      const told = new Array<string>(SPACE).fill('same');
      let last = 0;
      walkDifferences(layOut(old), layOut(now), (change, from, to) => {
        expect(from).toBeGreaterThanOrEqual(last);
        expect(to).toBeGreaterThan(from);
        last = to;
        told.fill(change, from, to);
      });
      const [before, after] = [flashOf(old), flashOf(now)];
      const expected = before.map((was, i) => {
        const is = after[i];
        if (was === is) return 'same';
        return was === undefined ? 'added' : is === undefined ? 'removed' : 'changed';
      });
      expect(told).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

describe('collected ranges', () => {
  const marked = fc.array(fc.boolean(), { maxLength: 200 });

  test.each([[MAX_RANGES], [2], [3], [9]])(
    'cover all that was added, with no gap wider than said, in at most %i',
    (most) => {
      fc.assert(
        fc.property(marked, fc.integer({ min: 0, max: 5 }), (marks, gap) => {
          const collector = new RangeCollector(gap, most);
          marks.forEach((mark, i) => {
            if (mark) collector.add(i, i + 1);
          });
          expect(collector.count).toBe(marks.filter(Boolean).length);
          expect(collector.ranges.length).toBeLessThanOrEqual(most);
          const covered = marks.map(() => false);
          let end = Number.NEGATIVE_INFINITY;
          for (const { from, to, count } of collector.ranges) {
            expect(from - end).toBeGreaterThan(collector.gap);
            end = to;
            const inside = marks.slice(from, to);
            expect([inside[0], inside.at(-1), inside.filter(Boolean).length]).toEqual([true, true, count]);
            const widest = inside
              .map((m) => (m ? '1' : '0'))
              .join('')
              .split('1');
            expect(Math.max(...widest.map((zeros) => zeros.length))).toBeLessThanOrEqual(collector.gap);
            covered.fill(true, from, to);
          }
          for (const [i, mark] of marks.entries()) if (mark) expect(covered[i]).toBe(true);
          if (most === MAX_RANGES) expect(collector.gap).toBe(gap);
        }),
        { numRuns: 200 },
      );
    },
  );

  test('count what is added twice once', () => {
    const collector = new RangeCollector(0);
    for (const [from, to] of [
      [1, 4],
      [3, 4],
      [3, 6],
      [8, 9],
    ] as const)
      collector.add(from, to);
    expect(collector.ranges).toEqual([
      { from: 1, to: 6, count: 5 },
      { from: 8, to: 9, count: 1 },
    ]);
    expect(collector.count).toBe(6);
  });

  test('stay few where every other byte differs over a wide space', () => {
    const collector = new RangeCollector(MERGE_GAP_BYTES);
    const step = 40;
    const n = 3 * MAX_RANGES;
    for (let i = 0; i < n; i++) collector.add(i * step, i * step + 1);
    expect(collector.ranges.length).toBeLessThanOrEqual(MAX_RANGES);
    expect(collector.count).toBe(n);
    expect(collector.ranges.reduce((sum, { count }) => sum + count, 0)).toBe(n);
    expect(collector.gap).toBeGreaterThan(MERGE_GAP_BYTES);
  });
});
