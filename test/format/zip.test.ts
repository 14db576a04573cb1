import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, toHex, utf8 } from '../../src/core/bytes.ts';
import { crc32 } from '../../src/core/crc32.ts';
import { type ContainerEntry, encodeContainer, openContainer } from '../../src/format/zip.ts';
import { valueOrRefusal } from '../support/codes.ts';
import { judge, PYTHON } from '../support/judge.ts';
import { container, sampleEntries } from '../support/package.ts';
import { tempFolder } from '../support/temp.ts';

const MANIFEST = { name: 'manifest.json', bytes: utf8('{}\n') };
const SIGNATURES = { name: 'signatures.json', bytes: utf8('{}') };
const image = (name: string, bytes: Bytes = Uint8Array.of(1)): ContainerEntry => ({ name, bytes });

/** The entries of a container again, as names and contents. */
function entriesOf(bytes: Bytes): ContainerEntry[] {
  const { manifestBytes, signaturesBytes, images } = openContainer(bytes);
  return [
    { name: 'manifest.json', bytes: manifestBytes },
    ...(signaturesBytes === undefined ? [] : [{ name: 'signatures.json', bytes: signaturesBytes }]),
    ...images.map((i) => ({
      name: `images/${i.name}.${i.format === 'raw' ? 'bin' : 'gbl'}`,
      bytes: i.bytes,
      crc32: i.zipCrc32,
    })),
  ];
}

describe('a container', () => {
  test('gives back what it was made of, as views of its bytes', () => {
    const bytes = container(sampleEntries());
    const opened = openContainer(bytes);
    expect(opened.manifestBytes).toEqual(sampleEntries()[0]?.bytes);
    expect(opened.signaturesBytes).toEqual(sampleEntries()[1]?.bytes);
    expect(opened.images.map(({ name, format }) => [name, format])).toEqual([
      ['boot', 'gbl'],
      ['app-1', 'raw'],
    ]);
    for (const [i, { bytes: content, zipCrc32, offset }] of opened.images.entries()) {
      expect(content).toEqual(sampleEntries()[2 + i]?.bytes);
      expect(content.buffer).toBe(bytes.buffer);
      expect(bytes.subarray(offset, offset + content.length)).toEqual(content);
      expect(zipCrc32).toBe(crc32(content));
    }
  });

  test('of an unsigned package has no signatures', () => {
    expect(openContainer(container([MANIFEST, image('images/a.bin')])).signaturesBytes).toBeUndefined();
  });

  test('is made of the very contents, without copies', () => {
    const content = new Uint8Array(1000);
    expect(encodeContainer([MANIFEST, image('images/a.bin', content)])).toContain(content);
  });

  test('takes a CRC that is known, and leaves that of images to the reader', () => {
    const bytes = container([MANIFEST, { ...image('images/a.bin'), crc32: 7 }]);
    expect(openContainer(bytes).images[0]?.zipCrc32).toBe(7);
  });

  test('may stand in the middle of other memory', () => {
    const bytes = container(sampleEntries());
    const padded = concat([new Uint8Array(13), bytes, new Uint8Array(13)]);
    expect(entriesOf(padded.subarray(13, 13 + bytes.length)).map((e) => e.name)).toEqual(
      sampleEntries().map((e) => e.name),
    );
  });

  test('is, to the byte, what the format says', () => {
    const bytes = container([MANIFEST, image('images/a.bin', Uint8Array.of(0xab))]);
    const header = (crc: string, size: string, nameLength: string) =>
      `1400 0000 0000 0000 2100 ${crc} ${size} ${size} ${nameLength} 0000`;
    const first = header('06b0a1dd', '03000000', '0d00');
    const second = header('ed950693', '01000000', '0c00');
    const names = [toHex(utf8('manifest.json')), toHex(utf8('images/a.bin'))];
    const parts = [
      `504b0304 ${first} ${names[0]} 7b7d0a`,
      `504b0304 ${second} ${names[1]} ab`,
      `504b0102 1400 ${first} 0000 0000 0000 00000000 00000000 ${names[0]}`,
      `504b0102 1400 ${second} 0000 0000 0000 00000000 2e000000 ${names[1]}`,
      '504b0506 0000 0000 0200 0200 75000000 59000000 0000',
    ];
    expect(toHex(bytes)).toBe(parts.join('').replaceAll(' ', ''));
  });
});

describe('outside judges', () => {
  test('unzip, zipfile and zlib read the same contents and find no fault', async () => {
    const folder = await tempFolder();
    const entries = [
      MANIFEST,
      SIGNATURES,
      image('images/small.gbl', Uint8Array.of(0)),
      image(
        'images/large.bin',
        Uint8Array.from({ length: 70_000 }, (_, i) => (i * i) >> 3),
      ),
    ];
    writeFileSync(join(folder, 'p.zip'), container(entries));
    const unzip = judge('unzip', ['-t', 'p.zip'], { cwd: folder });
    expect(unzip.stdout.toString()).toContain('No errors detected');
    expect(unzip.status).toBe(0);
    for (const { name, bytes } of entries) {
      const content = judge('unzip', ['-p', 'p.zip', name], { cwd: folder });
      expect(new Uint8Array(content.stdout)).toEqual(bytes);
    }
    const script = [
      'import json, sys, zipfile, zlib',
      'z = zipfile.ZipFile("p.zip")',
      'assert z.testzip() is None',
      'print(json.dumps([[i.filename, i.file_size, i.CRC, zlib.crc32(z.read(i)), i.date_time, i.compress_type] for i in z.infolist()]))',
    ].join('\n');
    const python = judge(PYTHON, ['-c', script], { cwd: folder });
    expect(python.stderr).toBe('');
    expect(JSON.parse(python.stdout.toString())).toEqual(
      entries.map(({ name, bytes }) => [
        name,
        bytes.length,
        crc32(bytes),
        crc32(bytes),
        [1980, 1, 1, 0, 0, 0],
        0,
      ]),
    );
  });
});

const entryName = fc.tuple(fc.stringMatching(/^x[a-z0-9_-]{0,20}$/), fc.constantFrom('bin', 'gbl'));
const content = fc.uint8Array({ minLength: 1, maxLength: 100 }).map((b) => Uint8Array.from(b));
const anyEntries = fc
  .record({
    manifest: content,
    signatures: fc.option(content, { nil: undefined }),
    images: fc.uniqueArray(fc.tuple(entryName, content), {
      minLength: 1,
      maxLength: 16,
      selector: ([[name]]) => name,
    }),
  })
  .map(({ manifest, signatures, images }): ContainerEntry[] => [
    { name: 'manifest.json', bytes: manifest },
    ...(signatures === undefined ? [] : [{ name: 'signatures.json', bytes: signatures }]),
    ...images.map(([[name, extension], bytes]) => ({ name: `images/${name}.${extension}`, bytes })),
  ]);

describe('for all containers', () => {
  test('opening undoes encoding', () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const found = entriesOf(container(entries));
        expect(found.map(({ name, bytes }) => ({ name, bytes }))).toEqual(entries);
      }),
    );
  });

  test('what opens is byte for byte what its entries give; all else is refused', () => {
    const piece = fc.uint8Array({ maxLength: 6 });
    const mutated = fc
      .tuple(anyEntries, fc.nat(), fc.nat(6), piece)
      .map(([entries, at, remove, insert]): Bytes => {
        const bytes = container(entries);
        const offset = at % bytes.length;
        return concat([bytes.subarray(0, offset), insert, bytes.subarray(offset + remove)]);
      });
    const random = fc.uint8Array({ maxLength: 200 }).map((b) => concat([utf8('PK\x03\x04\x14'), b]));
    fc.assert(
      fc.property(fc.oneof({ arbitrary: mutated, weight: 5 }, { arbitrary: random, weight: 1 }), (bytes) => {
        const opened = valueOrRefusal(() => entriesOf(bytes));
        if (opened !== undefined) expect(container(opened)).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });
});
