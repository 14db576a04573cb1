import { describe, expect, test } from 'vitest';
import { type Bytes, concat, utf8 } from '../../src/core/bytes.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import * as limits from '../../src/format/limits.ts';
import { type ContainerEntry, openContainer } from '../../src/format/zip.ts';
import { CENTRAL_BYTES, END_BYTES, LOCAL_BYTES } from '../../src/format/zip-records.ts';
import { thrownBy, valueOrRefusal } from '../support/codes.ts';
import { container, sampleEntries } from '../support/package.ts';

const MANIFEST = { name: 'manifest.json', bytes: utf8('{}\n') };
const SIGNATURES = { name: 'signatures.json', bytes: utf8('{}') };
const image = (name: string, bytes: Bytes = Uint8Array.of(1)): ContainerEntry => ({ name, bytes });

/** What `openContainer` says: the code, and the offset in its facts. */
async function refusal(bytes: Bytes): Promise<[ErrorCode, unknown]> {
  const { code, facts } = await thrownBy(() => openContainer(bytes));
  return [code, facts.offset];
}

describe('what is no container', () => {
  const good = container(sampleEntries());
  const [first, second, third, fourth] = sampleEntries() as [
    ContainerEntry,
    ContainerEntry,
    ContainerEntry,
    ContainerEntry,
  ];
  const localBytes = (e: ContainerEntry) => LOCAL_BYTES + e.name.length + e.bytes.length;
  const secondAt = localBytes(first);
  const directoryAt = sampleEntries().reduce((sum, e) => sum + localBytes(e), 0);
  const endAt = good.length - END_BYTES;

  const patched = (offset: number, ...values: number[]): Bytes => {
    const bytes = good.slice();
    bytes.set(values, offset);
    return bytes;
  };
  const spliced = (offset: number, remove: number, ...insert: number[]): Bytes =>
    concat([good.subarray(0, offset), Uint8Array.from(insert), good.subarray(offset + remove)]);

  test.each<[string, Bytes, ErrorCode, number]>([
    ['an empty file', new Uint8Array(), 'package.not-a-package', 0],
    ['text', utf8('hello, this is no package'), 'package.not-a-package', 0],
    ['a ZIP file without entries', good.slice(endAt), 'package.not-a-package', 0],
    ['bytes before the first entry', spliced(0, 0, 0x4d, 0x5a), 'package.not-a-package', 0],
    ['another ZIP file', container([image('word/document.xml')]), 'package.not-a-package', LOCAL_BYTES],
    ['images first', container([third, first]), 'package.not-a-package', LOCAL_BYTES],
    ['bytes after the end', spliced(good.length, 0, 0), 'package.trailing-bytes', good.length],
    ['a second end record', concat([good, good.subarray(endAt)]), 'package.trailing-bytes', good.length],
    ['two packages in a row', concat([good, good]), 'package.trailing-bytes', good.length],
    ['a gap between entries', spliced(secondAt, 0, 0, 0, 0, 0), 'package.unexpected-bytes', secondAt],
    ['a gap before the directory', spliced(directoryAt, 0, 0), 'package.unexpected-bytes', directoryAt],
    ['a gap before the end record', spliced(endAt, 0, 0, 0, 0, 0), 'package.unexpected-bytes', endAt],
    ['a version of a newer ZIP', patched(4, 45), 'package.header-field', 4],
    ['encryption', patched(6, 1), 'package.header-field', 6],
    ['a data descriptor', patched(secondAt + 6, 8), 'package.header-field', secondAt + 6],
    ['UTF-8 names', patched(7, 8), 'package.header-field', 6],
    ['deflate', patched(8, 8), 'package.entry-compressed', 8],
    ['a time', patched(10, 1), 'package.header-field', 10],
    ['a date', patched(13, 0x5a), 'package.header-field', 12],
    [
      'another CRC of the manifest',
      patched(14, good[14]! ^ 1),
      'package.entry-crc',
      LOCAL_BYTES + first.name.length,
    ],
    ['a bit of the manifest changed', patched(LOCAL_BYTES + 13, 0x5b), 'package.entry-crc', LOCAL_BYTES + 13],
    [
      'a bit of the signatures changed',
      patched(secondAt + LOCAL_BYTES + second.name.length, 0x5b),
      'package.entry-crc',
      secondAt + LOCAL_BYTES + second.name.length,
    ],
    ['a compressed size of its own', patched(18, 4), 'package.entry-size', 22],
    ['a size of its own', patched(22, 2), 'package.entry-size', 22],
    [
      'a size of zero',
      container([MANIFEST, image('images/a.bin', new Uint8Array())]),
      'package.entry-size',
      46 + 22,
    ],
    [
      'a size beyond the file',
      patched(directoryAt - localBytes(fourth) + 18, 0, 0, 1, 0, 0, 0, 1),
      'package.truncated',
      good.length,
    ],
    ['a size of zip64', patched(18, 255, 255, 255, 255, 255, 255, 255, 255), 'package.entry-size', 22],
    ['a name without bytes', patched(26, 0), 'package.entry-name', LOCAL_BYTES],
    [
      'a name of 60,000 bytes',
      patched(secondAt + 26, 0x60, 0xea),
      'package.entry-name',
      secondAt + LOCAL_BYTES,
    ],
    ['an extra field', patched(28, 4), 'package.header-field', 28],
    ['version made by Unix', patched(directoryAt + 5, 3), 'package.header-field', directoryAt + 4],
    ['flags in the directory alone', patched(directoryAt + 8, 1), 'package.header-field', directoryAt + 8],
    [
      'deflate in the directory alone',
      patched(directoryAt + 10, 8),
      'package.entry-compressed',
      directoryAt + 10,
    ],
    [
      'another CRC in the directory',
      patched(directoryAt + 16, 0),
      'package.directory-mismatch',
      directoryAt + 16,
    ],
    [
      'another size in the directory',
      patched(directoryAt + 24, 4),
      'package.directory-mismatch',
      directoryAt + 24,
    ],
    [
      'a longer name in the directory',
      patched(directoryAt + 28, 14),
      'package.directory-mismatch',
      directoryAt + 28,
    ],
    [
      'an extra field in the directory',
      patched(directoryAt + 30, 1),
      'package.header-field',
      directoryAt + 30,
    ],
    ['a comment of an entry', patched(directoryAt + 32, 1), 'package.header-field', directoryAt + 32],
    ['another disk', patched(directoryAt + 34, 1), 'package.header-field', directoryAt + 34],
    ['internal attributes', patched(directoryAt + 36, 1), 'package.header-field', directoryAt + 36],
    [
      'a symlink by attributes',
      patched(directoryAt + 40, 0xff, 0xa1),
      'package.header-field',
      directoryAt + 38,
    ],
    [
      'another place of an entry',
      patched(directoryAt + 42, 1),
      'package.directory-mismatch',
      directoryAt + 42,
    ],
    [
      'another name in the directory',
      patched(directoryAt + CENTRAL_BYTES, 0x4d),
      'package.directory-mismatch',
      directoryAt + CENTRAL_BYTES,
    ],
    [
      'an entry that the directory does not list',
      spliced(directoryAt, CENTRAL_BYTES + first.name.length),
      'package.directory-mismatch',
      directoryAt + 16,
    ],
    ['no directory', spliced(directoryAt, endAt - directoryAt), 'package.directory-mismatch', directoryAt],
    [
      'an entry that only the directory lists',
      concat([good.subarray(0, endAt), good.subarray(directoryAt, directoryAt + 59), good.subarray(endAt)]),
      'package.directory-mismatch',
      endAt,
    ],
    ['a disk in the end record', patched(endAt + 4, 1), 'package.header-field', endAt + 4],
    ['a directory on another disk', patched(endAt + 6, 1), 'package.header-field', endAt + 6],
    ['another count on this disk', patched(endAt + 8, 3), 'package.directory-mismatch', endAt + 8],
    ['another count', patched(endAt + 10, 3), 'package.directory-mismatch', endAt + 10],
    ['another size of the directory', patched(endAt + 12, 0), 'package.directory-mismatch', endAt + 12],
    ['another place of the directory', patched(endAt + 16, 0), 'package.directory-mismatch', endAt + 16],
    ['a comment', concat([patched(endAt + 20, 2), utf8('hi')]), 'package.header-field', endAt + 20],
  ])('%s', async (_, bytes, code, offset) => {
    expect(await refusal(bytes)).toEqual([code, offset]);
  });

  test('every file that was cut off', async () => {
    for (let length = 0; length < good.length; length++) {
      const [code] = await refusal(good.slice(0, length));
      expect(
        ['package.truncated', 'package.not-a-package', 'package.no-images'],
        `${length} bytes`,
      ).toContain(code);
    }
    expect(await refusal(good.slice(0, -1))).toEqual(['package.truncated', good.length - 1]);
  });

  test('every file with any bit of a header changed', () => {
    const contents = sampleEntries()
      .slice(2)
      .map((e) => e.bytes);
    const { images } = openContainer(good);
    const inImage = (i: number) =>
      images.some(({ offset }, n) => i >= offset && i < offset + (contents[n]?.length ?? 0));
    let refused = 0;
    for (let i = 0; i < good.length; i++) {
      if (inImage(i)) continue;
      for (let bit = 0; bit < 8; bit++) {
        const bytes = patched(i, good[i]! ^ (1 << bit));
        expect(
          valueOrRefusal(() => openContainer(bytes)),
          `offset ${i}, bit ${bit}`,
        ).toBeUndefined();
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(2000);
  });
});

describe('names and their order', () => {
  const second = 46;
  test.each<[string, ContainerEntry[], ErrorCode]>([
    ['a path upwards', [MANIFEST, image('images/../../etc/x.bin')], 'package.entry-name'],
    ['a path upwards as a name', [MANIFEST, image('images/...bin')], 'package.entry-name'],
    ['an absolute path', [MANIFEST, image('/images/a.bin')], 'package.entry-name'],
    ['a drive', [MANIFEST, image('C:/images/a.bin')], 'package.entry-name'],
    ['a backslash', [MANIFEST, image('images\\a.bin')], 'package.entry-name'],
    ['a folder', [MANIFEST, image('images/')], 'package.entry-name'],
    ['a folder below', [MANIFEST, image('images/a/b.bin')], 'package.entry-name'],
    ['another folder', [MANIFEST, image('image/a.bin')], 'package.entry-name'],
    ['no extension', [MANIFEST, image('images/a')], 'package.entry-name'],
    ['capitals', [MANIFEST, image('images/App.bin')], 'package.entry-name'],
    ['a capital extension', [MANIFEST, image('images/app.BIN')], 'package.entry-name'],
    ['a line feed', [MANIFEST, image('images/a\n.bin')], 'package.entry-name'],
    ['a zero byte', [MANIFEST, image('images/a\0.bin')], 'package.entry-name'],
    ['letters beyond ASCII', [MANIFEST, image('images/ä.bin')], 'package.entry-name'],
    ['a device of Windows', [MANIFEST, image('images/con.bin')], 'package.entry-name'],
    ['a name of 64', [MANIFEST, image(`images/${'a'.repeat(64)}.bin`)], 'package.entry-name'],
    ['a readme', [MANIFEST, image('README')], 'package.entry-name'],
    ['Manifest.json', [MANIFEST, image('Manifest.json'), image('images/a.bin')], 'package.entry-name'],
    ['a second manifest', [MANIFEST, MANIFEST, image('images/a.bin')], 'package.entry-duplicate'],
    [
      'a second list of signatures',
      [MANIFEST, SIGNATURES, SIGNATURES, image('images/a.bin')],
      'package.entry-duplicate',
    ],
    ['an image twice', [MANIFEST, image('images/a.bin'), image('images/a.bin')], 'package.entry-duplicate'],
    [
      'an image in two formats',
      [MANIFEST, image('images/a.bin'), image('images/a.gbl')],
      'package.entry-duplicate',
    ],
    ['signatures after images', [MANIFEST, image('images/a.bin'), SIGNATURES], 'package.entry-order'],
    ['no image', [MANIFEST, SIGNATURES], 'package.no-images'],
    ['a manifest alone', [MANIFEST], 'package.no-images'],
    [
      '17 images',
      [MANIFEST, ...Array.from({ length: 17 }, (_, i) => image(`images/a${i}.bin`))],
      'package.too-many-entries',
    ],
    ['a format of a later version', [MANIFEST, image('images/a.zephyr')], 'format.unsupported-image-format'],
  ])('%s is refused', async (_, entries, code) => {
    const error = await thrownBy(() => openContainer(container(entries)));
    expect(error.code).toBe(code);
    expect(error.facts.offset).toBeGreaterThanOrEqual(second);
    expect(error.message).toMatch(/^[\x20-\x7e]*$/);
  });

  test('16 images with the longest names are fine', () => {
    const names = Array.from({ length: 16 }, (_, i) => `${'a'.repeat(61)}-${i.toString(16)}`);
    const entries = [MANIFEST, SIGNATURES, ...names.map((n) => image(`images/${n}.gbl`))];
    expect(entries).toHaveLength(limits.MAX_ENTRIES);
    expect(openContainer(container(entries)).images.map((i) => i.name)).toEqual(names);
  });
});

describe('sizes', () => {
  test.each<[string, (n: number) => ContainerEntry[], number, number]>([
    [
      'manifest.json',
      (n) => [{ ...MANIFEST, bytes: new Uint8Array(n) }, image('images/a.bin')],
      limits.MAX_MANIFEST_BYTES,
      22,
    ],
    [
      'signatures.json',
      (n) => [MANIFEST, { ...SIGNATURES, bytes: new Uint8Array(n) }, image('images/a.bin')],
      limits.MAX_SIGNATURES_BYTES,
      46 + 22,
    ],
  ])('%s may be as large as its limit, and no byte more', async (_, entries, limit, offset) => {
    expect(openContainer(container(entries(limit))).images).toHaveLength(1);
    expect(await refusal(container(entries(limit + 1)))).toEqual(['package.entry-size', offset]);
  });

  test('an image may be as large as its limit, and no byte more', async () => {
    const claiming = (size: number): Bytes => {
      const bytes = container([MANIFEST, image('images/a.bin')]);
      const view = new DataView(bytes.buffer);
      for (const offset of [18, 22]) view.setUint32(46 + offset, size, true);
      return bytes;
    };
    expect((await refusal(claiming(limits.MAX_IMAGE_BYTES)))[0]).toBe('package.truncated');
    expect(await refusal(claiming(limits.MAX_IMAGE_BYTES + 1))).toEqual(['package.entry-size', 46 + 22]);
  });

  test('a package may be as large as its limit, and no byte more', async () => {
    const codeOf = async (size: number) => (await thrownBy(() => openContainer(new Uint8Array(size)))).code;
    expect(await codeOf(limits.MAX_PACKAGE_BYTES)).toBe('package.not-a-package');
    expect(await codeOf(limits.MAX_PACKAGE_BYTES + 1)).toBe('package.too-large');
  });

  test('are those of the specification', () => {
    expect(limits).toMatchObject({
      MAX_PACKAGE_BYTES: 256 * 2 ** 20,
      MAX_ENTRIES: 18,
      MAX_MANIFEST_BYTES: 256 * 1024,
      MAX_SIGNATURES_BYTES: 16 * 1024,
      MAX_KEY_FILE_BYTES: 16 * 1024,
      MAX_JSON_DEPTH: 8,
      MAX_JSON_ARRAY_ITEMS: 1024,
      MIN_IMAGE_BYTES: 1,
      MAX_IMAGE_BYTES: 128 * 2 ** 20,
      MAX_IMAGES: 16,
      MAX_SIGNATURES: 8,
    });
  });
});
