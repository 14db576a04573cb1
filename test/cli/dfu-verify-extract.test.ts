import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { main } from '../../src/cli/dfu-verify.ts';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { wrapRaw } from '../../src/images/gbl/codec.ts';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { tempFolder } from '../support/temp.ts';
import { AT, SAMPLE_IMAGE, type Sample, samplePackage, sha256Hex, testKey } from '../verify/fixture.ts';

const key = await testKey(1);
const application = { type: 0x20, version: 0x10200, capabilities: 0, productId: new Uint8Array(16) };

async function extract(sample: Sample, ...options: string[]) {
  const folder = await tempFolder();
  await writeFile(join(folder, 'key.pem'), key.pem);
  await writeFile(join(folder, 'p'), await samplePackage({ keys: [key], ...sample }));
  const run = async (...more: string[]) => {
    const io = testIo(folder, { now: new Date(AT) });
    const exit = await main(['extract', 'p', '--key', 'key.pem', '-o', 'out', ...options, ...more], io);
    return { exit, stdout: io.stdout(), stderr: io.stderr() };
  };
  const out = join(folder, 'out');
  const read = (name: string): Bytes => new Uint8Array(readFileSync(join(out, name)));
  return { folder, out, read, run, ...(await run()) };
}

const padded: Sample['images'] = [
  {
    bytes: concat([SAMPLE_IMAGE.slice(0, 30), Uint8Array.of(0xff, 0xff)]),
    entry: { sourceSize: 30, sourceSha256: sha256Hex(SAMPLE_IMAGE.slice(0, 30)) },
  },
];
const gbl = wrapRaw({ image: SAMPLE_IMAGE, startAddress: 0x4000, application });
const asGbl = { format: 'gbl' as const, startAddress: '0x00004000' };

describe('extract', () => {
  test('writes the images of an accepted package as they stand in it', async () => {
    const { exit, read, out, stdout } = await extract({
      images: [...padded, { bytes: gbl, entry: { ...asGbl, role: 'data' } }],
    });
    expect(exit).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['application.bin', 'image1.gbl']);
    expect(read('application.bin')).toEqual(padded[0]?.bytes);
    expect(read('image1.gbl')).toEqual(gbl);
    expect(stdout).toMatch(/^TRUSTED: p\n/);
    expect(stdout).toContain('application.bin, 32 bytes');
  });

  test.each([
    ['unsigned', { keys: [] }, 4],
    ['corrupt', { images: [{ bytes: SAMPLE_IMAGE, held: new Uint8Array(32) }] }, 3],
    ['expired', { manifest: { notAfter: '2000-01-01T00:00:00Z' } }, 5],
  ] satisfies [string, Sample, number][])('writes nothing of an %s package', async (_, sample, code) => {
    const { exit, out } = await extract(sample);
    expect(exit).toBe(code);
    expect(existsSync(out)).toBe(false);
  });

  test('--source cuts the padding off', async () => {
    const { exit, read } = await extract({ images: padded }, '--source');
    expect(exit).toBe(0);
    expect(read('application.bin')).toEqual(SAMPLE_IMAGE.slice(0, 30));
  });

  test('--source unwraps a raw image from the GBL that was made of it', async () => {
    const source = { sourceSize: 32, sourceSha256: sha256Hex(SAMPLE_IMAGE) };
    const { exit, read, out } = await extract(
      { images: [{ bytes: gbl, entry: { ...asGbl, ...source } }] },
      '--source',
    );
    expect(exit).toBe(0);
    expect(readdirSync(out)).toEqual(['application.bin']);
    expect(read('application.bin')).toEqual(SAMPLE_IMAGE);
  });

  test('--source gives a GBL that went in unchanged back as it was', async () => {
    const short = wrapRaw({ image: SAMPLE_IMAGE.slice(0, 30), startAddress: 0x4000, application });
    const bytes = concat([short, Uint8Array.of(0xff, 0xff)]);
    const entry = { ...asGbl, sourceSize: short.length, sourceSha256: sha256Hex(short) };
    const { exit, read } = await extract({ images: [{ bytes, entry }] }, '--source');
    expect(exit).toBe(0);
    expect(read('application.gbl')).toEqual(short);
  });

  test('--source writes nothing where the source is not in the package', async () => {
    const entry = { ...asGbl, sourceSize: 32, sourceSha256: sha256Hex(new Uint8Array(32)) };
    const { exit, out, stderr } = await extract({ images: [...padded, { bytes: gbl, entry }] }, '--source');
    expect(exit).toBe(3);
    expect(stderr).toContain('[package.image-source]');
    expect(existsSync(out)).toBe(false);
  });

  test('replaces nothing unless told to', async () => {
    const first = await extract({ images: [...padded, { bytes: gbl, entry: asGbl }] });
    expect(first.exit).toBe(0);
    await writeFile(join(first.out, 'application.bin'), 'mine');
    const second = await first.run();
    expect(second.exit).toBe(2);
    expect(second.stderr).toContain('[output.exists]');
    expect(readFileSync(join(first.out, 'application.bin'), 'utf8')).toBe('mine');
    await rename(join(first.out, 'image1.gbl'), join(first.out, 'kept'));
    await rename(join(first.out, 'application.bin'), join(first.out, 'image1.gbl'));
    expect((await first.run()).exit).toBe(2);
    expect(readdirSync(first.out).sort()).toEqual(['image1.gbl', 'kept']);
    expect((await first.run('--force')).exit).toBe(0);
    expect(first.read('application.bin')).toEqual(padded[0]?.bytes);
  });

  test('--json and --report tell what was written, in the one document', async () => {
    const { exit, stdout, folder } = await extract(
      { images: padded },
      '--json',
      '--report',
      'r.json',
      '--source',
    );
    expect(exit).toBe(0);
    const document = JSON.parse(stdout);
    expectValid('verify-report-v1', document);
    expect(JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8'))).toEqual(document);
    expect(document.packages[0].extracted).toEqual([
      {
        image: 'application',
        file: join('out', 'application.bin'),
        size: 30,
        sha256: sha256Hex(SAMPLE_IMAGE.slice(0, 30)),
        content: 'source',
      },
    ]);
  });

  test('names that a source had never become file names', async () => {
    const { out } = await extract(
      { images: [{ bytes: SAMPLE_IMAGE, entry: { sourceName: '..' } }] },
      '--source',
    );
    expect(readdirSync(out)).toEqual(['application.bin']);
  });

  test('a folder that can not be made is an error', async () => {
    const { run } = await extract({});
    expect((await run('-o', 'key.pem')).exit).toBe(2);
    expect((await run('-o', '')).exit).toBe(2);
  });
});
