import { describe, expect, test } from 'vitest';
import { wrapRaw } from '../../src/images/gbl/codec.ts';
import { type BuildInput, buildPackage } from '../../src/pack/build.ts';
import type { BuildImage } from '../../src/pack/image.ts';
import { thrownBy } from '../support/codes.ts';
import { APPLICATION, buildInput, buildOne, codesOf, cortexImage, imageInput, verdictOf } from './fixture.ts';

describe('the start address', () => {
  const bg22 = { target: { product: 'p', part: 'efr32bg22f352' } };

  test('must be said for a raw image, without a part or for another role', async () => {
    const { startAddress: _, ...image } = imageInput();
    const without = (fields: Partial<BuildImage>, input: Partial<BuildInput> = {}) =>
      thrownBy(() => buildPackage(buildInput({ images: [{ ...image, ...fields }], ...input })));
    expect((await without({})).code).toBe('pack.start-address-missing');
    expect((await without({ role: 'data' }, bg22)).code).toBe('pack.start-address-missing');
  });

  test('is a multiple of the alignment', async () => {
    const error = await thrownBy(() => buildOne({ startAddress: 0x6002 }));
    expect(error).toMatchObject({ code: 'pack.start-address-misaligned', facts: { unit: 4 } });
    expect((await thrownBy(() => buildOne({ startAddress: 0x6004, alignment: 8 }))).code).toBe(
      'pack.start-address-misaligned',
    );
  });

  test('begins a page where a bootloader will write it, since it erases whole pages', async () => {
    const bytes = cortexImage({ start: 0x6100 });
    const error = await thrownBy(() => buildOne({ bytes, startAddress: 0x6100 }, bg22));
    expect(error).toMatchObject({ code: 'pack.start-address-misaligned', facts: { unit: 8192 } });
    expect((await buildOne({ bytes, startAddress: 0x6100, format: 'raw' }, bg22)).entry.format).toBe('raw');
  });

  test('lies in the flash of the part, and the end too', async () => {
    const room = 352 * 1024 - 0x6000;
    const fits = cortexImage({ size: room });
    expect((await buildOne({ bytes: fits, format: 'raw' }, bg22)).entry.size).toBe(room);
    const error = await thrownBy(() =>
      buildOne({ bytes: cortexImage({ size: room + 1 }), format: 'raw' }, bg22),
    );
    expect(error.code).toBe('pack.outside-part');
    expect(error.message).not.toContain('gap');
    const start = 0x08006000;
    expect(
      (await thrownBy(() => buildOne({ bytes: cortexImage({ start }), startAddress: start }, bg22))).code,
    ).toBe('pack.outside-part');
  });

  test('of a BLE112 is 0x1000, raw and no Cortex-M; bootloader and last page are none of its', async () => {
    const ble112 = { target: { product: 'p', part: 'ble112f128' } };
    const room = 128 * 1024 - 0x1000 - 2048;
    const { startAddress: _, ...image } = imageInput({ bytes: new Uint8Array(room).fill(2) });
    const built = await buildPackage(buildInput({ ...ble112, images: [image] }));
    expect(built.manifest.images[0]).toMatchObject({ format: 'raw', startAddress: '0x00001000' });
    expect(codesOf(built.warnings)).toEqual(['unsigned']);
    const bytes = new Uint8Array(room + 1);
    const outside = thrownBy(() => buildOne({ bytes, startAddress: 0x1000 }, ble112));
    expect((await outside).code).toBe('pack.outside-part');
    const misaligned = thrownBy(() => buildOne({ bytes: new Uint8Array(64), startAddress: 0x1004 }, ble112));
    expect(await misaligned).toMatchObject({
      code: 'pack.start-address-misaligned',
      facts: { unit: 2048 },
    });
    const gbl = wrapRaw({ image: new Uint8Array(64), startAddress: 0x1000, application: APPLICATION });
    for (const input of [
      { bytes: gbl, startAddress: 0x1000 },
      { bytes: new Uint8Array(64), startAddress: 0x1000, format: 'gbl' as const },
    ]) {
      expect((await thrownBy(() => buildOne(input, ble112))).code).toBe('pack.format-not-for-part');
    }
  });

  test('of an image larger than all flash: a gap between sections is suspected', async () => {
    const error = await thrownBy(() => buildOne({ bytes: cortexImage({ size: 400_000 }) }, bg22));
    expect([error.code, error.message.includes('gap between sections?')]).toEqual([
      'pack.outside-part',
      true,
    ]);
  });

  test('leaves room below the end of the address space', async () => {
    const bytes = new Uint8Array(16);
    expect((await buildOne({ bytes, startAddress: 0xfffffff0, role: 'data' })).entry.size).toBe(16);
    const error = await thrownBy(() => buildOne({ bytes, startAddress: 0xfffffff4, role: 'data' }));
    expect(error.code).toBe('pack.outside-part');
  });

  test('contradicted by the reset vector is an error with a part, and the likely address is named', async () => {
    const bytes = cortexImage({ start: 0x12000 });
    const error = await thrownBy(() => buildOne({ bytes, startAddress: 0x6000 }, bg22));
    expect(error).toMatchObject({ code: 'pack.reset-vector', facts: { likelyStart: '0x00012000' } });
    expect(error.cure).toContain('--start-address 0x00012000');
    expect((await buildOne({ bytes, startAddress: 0x12000 }, bg22)).entry.startAddress).toBe('0x00012000');
  });

  test('contradicted by the reset vector is a warning without a part', async () => {
    const { warnings } = await buildOne({ bytes: cortexImage({ start: 0x12000 }) });
    expect(codesOf(warnings)).toEqual(['start-address', 'unsigned']);
    expect(warnings[0]?.message).toContain('0x00012000');
  });

  test('is not judged by vectors for data, and said to be unjudged where there are none', async () => {
    const bytes = new Uint8Array(64).fill(1);
    expect(codesOf((await buildOne({ bytes, role: 'data' })).warnings)).toEqual(['unsigned']);
    const zeros = new Uint8Array(64);
    expect(codesOf((await buildOne({ bytes: zeros })).warnings)).toEqual(['no-vector-table', 'unsigned']);
  });

  test('in the area of the bootloader is a warning', async () => {
    const bytes = cortexImage({ start: 0x4000 });
    const { warnings } = await buildOne({ bytes, startAddress: 0x4000, format: 'raw' }, bg22);
    expect(codesOf(warnings)).toEqual(['bootloader-area', 'unsigned']);
  });

  test('belongs to a part that is known', async () => {
    const error = await thrownBy(() => buildOne({}, { target: { product: 'p', part: 'efr32bg99' } }));
    expect(error.code).toBe('pack.part-unknown');
  });
});

describe('several images', () => {
  const two = (first: Partial<BuildImage>, second: Partial<BuildImage>) =>
    buildPackage(buildInput({ images: [imageInput(first), imageInput(second)] }));

  test('stand in the order given', async () => {
    const { manifest, segments } = await two(
      { name: 'second', startAddress: 0x8000, role: 'data' },
      { name: 'first' },
    );
    expect(manifest.images.map(({ name }) => name)).toEqual(['second', 'first']);
    expect(await verdictOf(segments, [])).toBe('accepted-unsigned');
  });

  test('may touch, not overlap, whatever their order', async () => {
    const at = (startAddress: number) => ({ name: `at${startAddress}`, startAddress, role: 'data' as const });
    await two(at(0x6000), at(0x6000 + 200));
    for (const [a, b] of [
      [0x6000, 0x60c4],
      [0x60c4, 0x6000],
      [0x6000, 0x6000],
    ] as const) {
      const error = await thrownBy(() => two({ ...at(a), name: 'a' }, { ...at(b), name: 'b' }));
      expect(error).toMatchObject({ code: 'pack.overlap' });
    }
  });

  test('overlap by their padding too, and inside GBLs', async () => {
    const data = { role: 'data' as const };
    const padded = { ...data, name: 'a', bytes: new Uint8Array(5), alignment: 64 };
    expect((await thrownBy(() => two(padded, { ...data, name: 'b', startAddress: 0x6020 }))).code).toBe(
      'pack.overlap',
    );
    const gbl = wrapRaw({ image: cortexImage(), startAddress: 0x6000, application: APPLICATION });
    expect(
      (await thrownBy(() => two({ name: 'a', bytes: gbl }, { ...data, name: 'b', startAddress: 0x60c4 })))
        .code,
    ).toBe('pack.overlap');
  });

  test('need names of their own', async () => {
    expect((await thrownBy(() => two({}, { startAddress: 0x8000 }))).code).toBe('pack.image-name');
  });

  test('are 1 to 16', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) =>
        imageInput({ name: `i${i}`, startAddress: 0x6000 + 0x100 * i, role: 'data' }),
      );
    expect((await buildPackage(buildInput({ images: many(16) }))).manifest.images).toHaveLength(16);
    for (const count of [0, 17]) {
      const error = await thrownBy(() => buildPackage(buildInput({ images: many(count) })));
      expect(error.code).toBe('pack.value-invalid');
    }
  });
});
