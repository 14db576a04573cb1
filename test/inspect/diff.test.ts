import { describe, expect, test } from 'vitest';
import { type Bytes, concat, u32le, utf8 } from '../../src/core/bytes.ts';
import { encodeContainer, openContainer } from '../../src/format/zip.ts';
import { encodeGbl, wrapRaw } from '../../src/images/gbl/codec.ts';
import { diffFiles } from '../../src/inspect/diff.ts';
import type { Difference } from '../../src/inspect/diff-document.ts';
import { renderDifference } from '../../src/inspect/diff-render.ts';
import { isDfuCode, thrownBy } from '../support/codes.ts';
import { expectValid } from '../support/schema.ts';
import { SAMPLE_IMAGE, type Sample, samplePackage, sha256Hex, testKey } from '../verify/fixture.ts';

const [keyA, keyB] = [await testKey(1), await testKey(2)];
const good = await samplePackage();
const CLAIM = '[not verified]';

const application = { type: 0x20, version: 1, capabilities: 0, productId: new Uint8Array(16) };
const wrapped = (image: Bytes, version = 1, startAddress = 0x6000): Bytes =>
  wrapRaw({ image, startAddress, application: { ...application, version } });
const asGbl = (bytes: Bytes) => ({
  bytes,
  entry: { format: 'gbl', startAddress: '0x00006000' } as const,
});
/** The bytes with some of them others. */
function changed(bytes: Bytes, ...offsets: number[]): Bytes {
  const copy = bytes.slice();
  for (const offset of offsets) copy[offset] = (copy[offset] ?? 0) ^ 0xff;
  return copy;
}

type Input = Sample | Bytes;
const bytesOf = async (input: Input): Promise<Bytes> =>
  input instanceof Uint8Array ? input : samplePackage(input);

/** What differs; the document is held against its schema, and the text against the rules for all output. */
async function diff(
  old: Input,
  now: Input,
  options: Parameters<typeof diffFiles>[2] = {},
): Promise<{ difference: Difference; text: string }> {
  const [a, b] = [await bytesOf(old), await bytesOf(now)];
  const difference = await diffFiles({ file: 'a', bytes: a }, { file: 'b', bytes: b }, options);
  expectValid('diff-v1', JSON.parse(JSON.stringify(difference)));
  const text = renderDifference(difference);
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  expect(text.split('\n')[2]).toContain('NOT VERIFIED');
  expect(difference.verified).toBe(false);
  return { difference, text };
}

describe('two packages', () => {
  test('that are the same have no difference', async () => {
    const { difference, text } = await diff({ keys: [keyA] }, { keys: [keyA] }, { pageBytes: 64 });
    expect(difference).toMatchObject({
      different: false,
      manifest: { fields: [] },
      signers: { added: [], removed: [], same: [keyA.public.keyId] },
      images: [{ name: 'application', change: 'same', content: { same: true, pages: { count: 0 } } }],
    });
    expect(text).toContain('byte for byte');
  });

  test('differ in fields of the manifest: changed, added, removed, and each is a claim', async () => {
    const { difference, text } = await diff(
      { manifest: { notAfter: '2030-01-01T00:00:00Z', annotations: { 'acme.example/line': '4' } } },
      {
        manifest: {
          version: '1.3.0',
          target: { product: 'acme-thermo', hardware: ['A', 'B'] },
          annotations: { 'acme.example/line': '5' },
        },
      },
    );
    expect(difference.different).toBe(true);
    expect(difference.manifest?.fields).toEqual([
      { path: 'version', change: 'changed', old: '1.2.0', new: '1.3.0' },
      { path: 'notAfter', change: 'removed', old: '2030-01-01T00:00:00Z' },
      { path: 'annotations["acme.example/line"]', change: 'changed', old: '4', new: '5' },
      { path: 'target.hardware', change: 'added', new: ['A', 'B'] },
    ]);
    for (const { path } of difference.manifest?.fields ?? []) {
      const line = text.split('\n').find((l) => l.startsWith(`  ${path}: `));
      expect([path, line?.endsWith(CLAIM)]).toEqual([path, true]);
    }
  });

  test('differ in their signers', async () => {
    const { difference, text } = await diff({ keys: [keyA] }, { keys: [keyB] });
    expect(difference.signers).toEqual({
      verified: false,
      added: [keyB.public.keyId],
      removed: [keyA.public.keyId],
      same: [],
    });
    expect(text).toMatch(new RegExp(`added +${keyB.public.keyId} +\\[not verified\\]`));
  });

  test('differ in an image: ranges by address, exact bytes, pages of the part', async () => {
    const image = new Uint8Array(20_000);
    const { difference, text } = await diff(
      { images: [{ bytes: image }], manifest: { target: { product: 'p', part: 'efr32bg22' } } },
      {
        images: [{ bytes: changed(image, 0, 5, 100, 0x2000) }],
        manifest: { target: { product: 'p', part: 'efr32bg22' } },
      },
    );
    expect(difference.pageSize).toEqual({ bytes: 8192, source: 'part', part: 'efr32bg22' });
    expect(difference.images[0]?.content).toEqual({
      comparedBy: 'address',
      same: false,
      bytes: { changed: 4, added: 0, removed: 0 },
      ranges: [
        { change: 'changed', start: '0x00006000', length: 6, bytes: 2 },
        { change: 'changed', start: '0x00006064', length: 1, bytes: 1 },
        { change: 'changed', start: '0x00008000', length: 1, bytes: 1 },
      ],
      gapBytes: 16,
      pages: { pageBytes: 8192, count: 2, runs: [{ start: '0x00006000', pages: 2, count: 2 }] },
    });
    expect(text).toContain('0x00006000: 6 bytes, 2 of them changed');
    expect(text).toContain('4 bytes changed, 0 added, 0 removed; in 2 pages of 8192 bytes');
  });

  test('the size of a page that was given beats that of the part', async () => {
    const target = { product: 'p', part: 'efr32bg22' };
    const { difference } = await diff(
      { manifest: { target } },
      { manifest: { target }, images: [{ bytes: changed(SAMPLE_IMAGE, 3) }] },
      { pageBytes: 64 },
    );
    expect(difference.pageSize).toEqual({ bytes: 64, source: 'option' });
    expect(difference.images[0]?.content?.pages?.pageBytes).toBe(64);
  });

  test('images are added, removed, moved, of another size, in another order', async () => {
    const longer = concat([SAMPLE_IMAGE, new Uint8Array(8)]);
    const at = (name: string, startAddress: string) => ({ name, startAddress, role: 'data' as const });
    const { difference, text } = await diff(
      {
        images: [
          { bytes: SAMPLE_IMAGE, entry: at('stays', '0x00001000') },
          { bytes: SAMPLE_IMAGE, entry: at('moves', '0x00002000') },
          { bytes: SAMPLE_IMAGE, entry: at('grows', '0x00003000') },
          { bytes: SAMPLE_IMAGE, entry: at('goes', '0x00004000') },
        ],
      },
      {
        images: [
          { bytes: SAMPLE_IMAGE, entry: at('moves', '0x00005000') },
          { bytes: SAMPLE_IMAGE, entry: at('stays', '0x00001000') },
          { bytes: longer, entry: at('grows', '0x00003000') },
          { bytes: SAMPLE_IMAGE, entry: at('comes', '0x00006000') },
        ],
      },
    );
    const of = (name: string) => difference.images.find((image) => image.name === name);
    expect(difference.manifest?.fields.map(({ path }) => path)).toEqual(['images (order)']);
    expect(of('stays')?.change).toBe('same');
    expect(of('moves')).toMatchObject({
      change: 'changed',
      moved: { old: '0x00002000', new: '0x00005000', sameBytes: true },
      content: { bytes: { changed: 0, added: 32, removed: 32 } },
    });
    expect(of('grows')).toMatchObject({
      resized: { old: 32, new: 40 },
      content: { ranges: [{ change: 'added', start: '0x00003020', length: 8, bytes: 8 }] },
    });
    expect([of('goes')?.change, of('comes')?.change]).toEqual(['removed', 'added']);
    expect(of('comes')).toMatchObject({ new: { size: 32, sha256: sha256Hex(SAMPLE_IMAGE) } });
    expect(text).toContain('image goes: removed, raw, 32 bytes at 0x00004000');
    expect(text).toContain('start address: 0x00002000 -> 0x00005000, with the same bytes');
  });

  test('digests that do not fit the manifest are noted, not trusted', async () => {
    const held = changed(SAMPLE_IMAGE, 1);
    const { difference, text } = await diff({}, { images: [{ bytes: SAMPLE_IMAGE, held }] });
    expect(difference.problems).toMatchObject([
      { side: 'new', image: 'application', code: 'package.image-crc32' },
    ]);
    expect(difference.images[0]).toMatchObject({
      change: 'changed',
      fields: [],
      old: { asClaimed: true },
      new: { asClaimed: false, sha256: sha256Hex(held) },
      content: { bytes: { changed: 1 } },
    });
    expect(text).toContain('Not sound: new: image application has CRC-32');
  });
});

test('what a manifest or a ZIP header alone says otherwise is noted, each by its code', async () => {
  const entry = { sha256: '0'.repeat(64), sourceSha256: '0'.repeat(64) };
  const lie = await diff({}, { images: [{ bytes: SAMPLE_IMAGE, entry }] });
  expect(lie.difference.problems).toMatchObject([{ side: 'new', code: 'package.image-sha256' }]);
  const { manifestBytes } = openContainer(good);
  const zip = concat(
    encodeContainer([
      { name: 'manifest.json', bytes: manifestBytes },
      { name: 'images/application.bin', bytes: SAMPLE_IMAGE, crc32: 1 },
    ]),
  );
  const header = await diff(zip, good);
  expect(header.difference.problems).toMatchObject([{ side: 'old', code: 'package.image-crc32' }]);
  expect(header.difference).toMatchObject({ different: true, images: [{ change: 'same' }] });
});

test('ranges of every kind stand by address', async () => {
  const at = (startAddress: string, bytes: Bytes): Sample => ({
    images: [{ bytes, entry: { startAddress } }],
  });
  const { difference } = await diff(
    at('0x00001000', SAMPLE_IMAGE),
    at('0x00001010', new Uint8Array(32).fill(7)),
  );
  expect(difference.images[0]?.content?.ranges.map(({ change, start }) => [change, start])).toEqual([
    ['removed', '0x00001000'],
    ['changed', '0x00001010'],
    ['added', '0x00001020'],
  ]);
  expect(difference.images[0]?.moved?.sameBytes).toBe(false);
});

test('the part of the new package tells the page size, before that of the old one', async () => {
  const part = (name: string): Sample => ({ manifest: { target: { product: 'p', part: name } } });
  const of = async (old: Sample, now: Sample) => (await diff(old, now)).difference.pageSize?.bytes;
  expect(await of(part('efr32bg22'), part('efr32bg13'))).toBe(2048);
  expect(await of(part('efr32bg22'), {})).toBe(8192);
  expect(await of({}, {})).toBeUndefined();
});

describe('GBL files', () => {
  test('in another wrapping have no change in flash, and that the wrapping differs is said', async () => {
    const { difference, text } = await diff(
      { images: [asGbl(wrapped(SAMPLE_IMAGE, 1))] },
      { images: [asGbl(wrapped(SAMPLE_IMAGE, 2))] },
    );
    expect(difference.images[0]).toMatchObject({
      change: 'changed',
      content: { comparedBy: 'address', same: true, ranges: [], otherTags: ['application'] },
    });
    expect(text).toContain('flash, by address: no difference');
    expect(text).toContain('GBL tags differ: application');
  });

  test('cut into other program tags have no change in flash', async () => {
    const piece = (from: number, to: number) => ({
      name: 'eraseprog' as const,
      payload: concat([u32le(0x6000 + from), SAMPLE_IMAGE.subarray(from, to)]),
    });
    const { difference } = await diff(
      wrapped(SAMPLE_IMAGE),
      encodeGbl([
        { name: 'application', payload: wrapped(SAMPLE_IMAGE).subarray(24, 52) },
        piece(16, 32),
        piece(0, 16),
      ]),
    );
    expect(difference.images[0]?.content).toMatchObject({ same: true, otherTags: ['prog'] });
  });

  test('and a raw image are compared by address', async () => {
    const { difference } = await diff({}, { images: [asGbl(wrapped(changed(SAMPLE_IMAGE, 4)))] });
    expect(difference.images[0]?.content).toMatchObject({
      comparedBy: 'address',
      ranges: [{ change: 'changed', start: '0x00006004', length: 1, bytes: 1 }],
    });
    expect(difference.images[0]?.moved).toBeUndefined();
  });

  test('whose pieces moved apart do not hold the same bytes somewhere else', async () => {
    const at = (...addresses: number[]) =>
      encodeGbl(
        addresses.map((address, i) => ({
          name: 'prog' as const,
          payload: concat([u32le(address), SAMPLE_IMAGE.subarray(16 * i, 16 * i + 16)]),
        })),
      );
    const moved = async (old: Bytes, now: Bytes) => (await diff(old, now)).difference.images[0]?.moved;
    expect(await moved(at(0x100, 0x200), at(0x1100, 0x1200))).toMatchObject({ sameBytes: true });
    expect(await moved(at(0x100, 0x200), at(0x1100, 0x1300))).toMatchObject({ sameBytes: false });
  });

  test("a bootloader's data is programmed data; what programs nothing is compared by its bytes", async () => {
    const boot = (version: number, data: Bytes) =>
      encodeGbl([{ name: 'bootloader', payload: concat([u32le(version), u32le(0x100), data]) }]);
    const { difference } = await diff(boot(1, SAMPLE_IMAGE), boot(2, changed(SAMPLE_IMAGE, 2)));
    expect(difference.images[0]?.content).toMatchObject({
      comparedBy: 'address',
      ranges: [{ start: '0x00000102', length: 1 }],
      otherTags: ['bootloader'],
    });
    const se = (blob: Bytes) =>
      encodeGbl([{ name: 'se-upgrade', payload: concat([u32le(blob.length), u32le(1), blob]) }]);
    const upgrades = await diff(se(SAMPLE_IMAGE), se(changed(SAMPLE_IMAGE, 2)));
    expect(upgrades.difference.images[0]?.content).toMatchObject({
      comparedBy: 'offset',
      reason: 'no-program-data',
      same: false,
    });
  });

  test('that are encrypted are compared by their bytes, and that is said; with a raw image not at all', async () => {
    const encrypted = (data: Bytes) =>
      encodeGbl(
        [
          { name: 'enc-init', payload: new Uint8Array(16) },
          { name: 'enc-gbl-data', payload: data },
        ],
        { encrypted: true },
      );
    const { difference, text } = await diff(encrypted(SAMPLE_IMAGE), encrypted(changed(SAMPLE_IMAGE, 0)), {
      pageBytes: 64,
    });
    const [image] = difference.images;
    expect(image?.content).toMatchObject({ comparedBy: 'offset', reason: 'encrypted' });
    expect(image?.content?.ranges[0]).toMatchObject({ start: '0x00000030', length: 1 });
    expect(image?.content?.pages).toBeUndefined();
    expect(text).toContain('by offset in the file (the data is encrypted)');

    const raw = await diff({ images: [asGbl(encrypted(SAMPLE_IMAGE))] }, SAMPLE_IMAGE);
    expect(raw.difference.images[0]).toMatchObject({
      holding: { held: 'no' },
      content: { comparedBy: 'nothing', same: false, ranges: [] },
    });
    expect(raw.text).toContain('could not be compared (the data is encrypted)');
  });

  test('that are not sound are compared by their bytes, and that is a problem', async () => {
    const broken = changed(wrapped(SAMPLE_IMAGE), 70);
    const { difference } = await diff(wrapped(SAMPLE_IMAGE), broken);
    expect(difference.images[0]?.content).toMatchObject({ comparedBy: 'offset', reason: 'not-sound' });
    expect(difference.problems).toMatchObject([{ side: 'new', code: 'image.gbl-crc' }]);
    expect(difference.problems[0]).not.toHaveProperty('image');
  });
});

describe('a package and an image', () => {
  const odd = SAMPLE_IMAGE.subarray(0, 30) as Bytes;
  const padded = concat([odd, Uint8Array.of(0xff, 0xff)]);
  const paddedEntry = { sourceSize: 30, sourceSha256: sha256Hex(odd) };
  const other = changed(SAMPLE_IMAGE, 31);

  test.each([
    ['exactly', {}, SAMPLE_IMAGE, 'exact', false],
    ['before padding', { images: [{ bytes: padded, entry: paddedEntry }] }, odd, 'before-padding', false],
    ['before wrapping', { images: [asGbl(wrapped(SAMPLE_IMAGE))] }, SAMPLE_IMAGE, 'before-wrapping', false],
    [
      'in another wrapping',
      { images: [asGbl(wrapped(SAMPLE_IMAGE))] },
      wrapped(SAMPLE_IMAGE, 2),
      'same-data',
      true,
    ],
    ['with another byte', {}, other, 'no', true],
    ['cut by more than padding', {}, SAMPLE_IMAGE.slice(0, 20), 'no', true],
    ['cut by bytes that are no padding', {}, SAMPLE_IMAGE.slice(0, 30), 'no', true],
  ] as [string, Sample, Bytes, string, boolean][])('%s', async (_, sample, bare, held, different) => {
    for (const swapped of [false, true]) {
      const { difference } = swapped ? await diff(bare, sample) : await diff(sample, bare);
      expect([difference.different, difference.images[0]?.holding?.held]).toEqual([different, held]);
      expect(difference.manifest).toBeUndefined();
    }
  });

  test('the ranges that differ are those of the address the package says', async () => {
    const { difference, text } = await diff({}, other);
    expect(difference.images[0]?.content?.ranges).toEqual([
      { change: 'changed', start: '0x0000601f', length: 1, bytes: 1 },
    ]);
    expect(difference.images[0]?.holding?.sourceSha256).toBe('other');
    expect(text).toContain('image application: does NOT hold this image');
  });

  test('what the manifest says of the source does not make the package hold it', async () => {
    const images = [
      { bytes: padded, entry: { sourceSize: 30, sourceSha256: sha256Hex(other.slice(0, 30)) } },
    ];
    const { difference, text } = await diff({ images }, changed(odd, 5));
    expect(difference.images[0]?.holding).toEqual({ held: 'no', sourceSha256: 'other' });
    const claimed = [{ bytes: padded, entry: { sourceSize: 30, sourceSha256: sha256Hex(changed(odd, 5)) } }];
    const lie = await diff({ images: claimed }, changed(odd, 5));
    expect(lie.difference).toMatchObject({
      different: true,
      images: [{ holding: { held: 'no', sourceSha256: 'same' } }],
    });
    expect(text).toContain(CLAIM);
  });

  test('what is more than padding is no padding, whatever its bytes', async () => {
    const erased = concat([SAMPLE_IMAGE, new Uint8Array(4).fill(0xff)]);
    const { difference } = await diff({ images: [{ bytes: erased }] }, SAMPLE_IMAGE);
    expect(difference.images[0]?.holding?.held).toBe('no');
  });

  test('an image that would reach past the last address is compared by offset', async () => {
    const images = [{ bytes: SAMPLE_IMAGE, entry: { startAddress: '0xffffffe0' } }];
    const { difference } = await diff({ images }, concat([SAMPLE_IMAGE, new Uint8Array(4)]));
    expect(difference.images[0]?.content).toMatchObject({
      comparedBy: 'offset',
      reason: 'no-address',
      ranges: [{ change: 'added', start: '0x00000020', length: 4 }],
    });
  });

  test('with several images one is named', async () => {
    const two: Sample = { images: [{ bytes: SAMPLE_IMAGE }, { bytes: other }] };
    const unnamed = await thrownBy(() => diff(two, other));
    expect([unnamed.code, unnamed.message]).toEqual([
      'usage.invalid',
      'the package holds several images: application, image1',
    ]);
    expect((await diff(two, other, { image: 'image1' })).difference.images[0]).toMatchObject({
      name: 'image1',
      holding: { held: 'exact' },
    });
    for (const image of ['image2', 'constructor']) {
      expect((await thrownBy(() => diff(two, other, { image }))).code).toBe('usage.invalid');
    }
    expect((await thrownBy(() => diff(two, two, { image: 'image1' }))).code).toBe('usage.invalid');
  });
});

test('two raw images are compared by offset, for nobody says where they go', async () => {
  const { difference } = await diff(SAMPLE_IMAGE, changed(SAMPLE_IMAGE, 9), { pageBytes: 64 });
  expect(difference.images).toMatchObject([
    {
      content: {
        comparedBy: 'offset',
        reason: 'no-address',
        ranges: [{ start: '0x00000009' }],
        pages: { count: 1 },
      },
    },
  ]);
  expect(difference.images[0]).not.toHaveProperty('name');
});

describe('what can not be compared is an error that names the file', () => {
  test.each([
    ['a package that was cut', good.slice(0, -3), 'package.truncated'],
    ['an empty file', new Uint8Array(0), 'image.empty'],
    [
      'an ELF file',
      concat([Uint8Array.of(0x7f, 0x45, 0x4c, 0x46), new Uint8Array(60)]),
      'image.unsupported-format',
    ],
    ['a ZIP file', concat([utf8('PK\u0003\u0004'), new Uint8Array(60)]), 'image.unsupported-format'],
  ] as const)('%s', async (_, bytes, code) => {
    const bad = { file: 'bad\u001b[31m', bytes };
    const file = { file: 'good', bytes: good };
    for (const [act, side] of [
      [() => diffFiles(bad, file), 'old'],
      [() => diffFiles(file, bad), 'new'],
    ] as const) {
      const error = await thrownBy(act);
      expect(isDfuCode(error, code)).toBe(true);
      expect(error.message.startsWith('bad\\x1b[31m: ')).toBe(true);
      expect(error.facts.side).toBe(side);
    }
  });

  test.each([0, 63, 100, 2 ** 25, 64.5, Number.NaN])('pages of %d bytes', async (pageBytes) => {
    expect((await thrownBy(() => diff({}, {}, { pageBytes }))).code).toBe('usage.invalid');
  });
});

test('long lists are cut with a count in the text, unless all is asked for; the document has all', async () => {
  const image = new Uint8Array(4000);
  const offsets = Array.from({ length: 30 }, (_, i) => i * 100);
  const { difference, text } = await diff(image, changed(image, ...offsets));
  expect(difference.images[0]?.content?.ranges).toHaveLength(30);
  expect(text).toContain('and 18 more: list them with --all');
  const all = renderDifference(difference, { all: true });
  expect(all).not.toContain('more');
  expect(all.split('\n').filter((line) => /^ {4}0x/.test(line))).toHaveLength(30);
});
