import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { main } from '../../src/cli/dfu-verify.ts';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { encodeManifest } from '../../src/format/manifest.ts';
import { packageId } from '../../src/format/signatures.ts';
import { wrapRaw } from '../../src/images/gbl/codec.ts';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { tempFolder } from '../support/temp.ts';
import {
  AT,
  SAMPLE_IMAGE,
  type Sample,
  sampleManifest,
  samplePackage,
  sha256Hex,
  testKey,
} from '../verify/fixture.ts';

const key = await testKey(1);
const application = { type: 0x20, version: 0x10200, capabilities: 0, productId: new Uint8Array(16) };

/** A folder with a key and the package p. */
async function bench(sample: Sample = {}) {
  const folder = await tempFolder();
  await writeFile(join(folder, 'key.pem'), key.pem);
  await writeFile(join(folder, 'p'), await samplePackage({ keys: [key], ...sample }));
  const run = async (...argv: string[]) => {
    const io = testIo(folder, { now: new Date(AT) });
    const exit = await main(['extract', 'p', ...argv], io);
    return { exit, stdout: io.stdout(), stderr: io.stderr() };
  };
  const out = join(folder, 'out');
  const read = (name: string): Bytes => new Uint8Array(readFileSync(join(out, name)));
  return { folder, out, read, run };
}

async function extract(sample: Sample, ...options: string[]) {
  const made = await bench(sample);
  const run = (...more: string[]) => made.run('--key', 'key.pem', '-o', 'out', ...options, ...more);
  return { ...made, run, ...(await run()) };
}

const FOR = { target: { product: 'acme-thermo', hardware: ['A', 'B'] } };
const PACKAGE_ID = await packageId(encodeManifest(sampleManifest({ manifest: FOR })));

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

  test('a report that can not be written does not hide what was written', async () => {
    const { exit, read, stdout, stderr } = await extract({ images: padded }, '--report', 'no/r.json');
    expect(exit).toBe(2);
    expect(stdout).toMatch(/^TRUSTED: p\n/);
    expect(stdout).toContain('Wrote ');
    expect(stderr).toMatch(/\[output\.failed\]\n$/);
    expect(read('application.bin')).toEqual(padded[0]?.bytes);
    const refused = await extract({ keys: [] }, '--report', 'no/r.json', '--json');
    expect(refused.exit).toBe(4);
    expect(JSON.parse(refused.stdout).verdict).toBe('unsigned');
    expect(refused.stderr).toContain('[output.failed]');
  });

  test('names that a source had never become file names', async () => {
    const { out } = await extract(
      { images: [{ bytes: SAMPLE_IMAGE, entry: { sourceName: '..' } }] },
      '--source',
    );
    expect(readdirSync(out)).toEqual(['application.bin']);
  });

  test('a folder that can not be made is an error', async () => {
    const { folder, run } = await bench();
    for (const output of ['key.pem', '']) {
      expect((await run('--key', 'key.pem', '-o', output)).exit).toBe(2);
    }
    expect(readdirSync(folder).sort()).toEqual(['key.pem', 'p']);
  });

  test('--output is -o', async () => {
    const { out, run } = await bench();
    expect((await run('--key', 'key.pem', '--output', 'out')).exit).toBe(0);
    expect(readdirSync(out)).toEqual(['application.bin']);
  });

  describe.each([
    ['--product', 'acme-thermo', 'acme-pump', 'policy.product'],
    ['--hardware', 'B', 'C', 'policy.hardware'],
    ['--installed-version', '1.2.0', '1.2.1', 'policy.downgrade'],
    ['--installed-counter', '3', '4', 'policy.security-counter'],
    ['--package-id', PACKAGE_ID, 'a'.repeat(64), 'policy.package-id'],
  ])('judges by %s', (option, fitting, other, code) => {
    test(`${fitting} is accepted, ${other} refused with ${code}`, async () => {
      const { out, run } = await bench({ manifest: FOR });
      const refused = await run('--key', 'key.pem', '-o', 'out', option, other);
      expect(refused.exit).toBe(5);
      expect(refused.stdout).toContain(`[${code}]`);
      expect(existsSync(out)).toBe(false);
      expect((await run('--key', 'key.pem', '-o', 'out', option, fitting)).exit).toBe(0);
      expect(existsSync(out)).toBe(true);
    });
  });

  test('judges by --require', async () => {
    const { out, run } = await bench();
    const argv = ['--key', 'key.pem', '-o', 'out', '--require', 'target'];
    const refused = await run(...argv);
    expect(refused.exit).toBe(5);
    expect(refused.stdout).toContain('[policy.check-required]');
    expect(existsSync(out)).toBe(false);
    expect((await run(...argv, '--product', 'acme-thermo')).exit).toBe(0);
  });

  test('--allow-downgrade excuses the version, and nothing else', async () => {
    const { out, run } = await bench();
    const argv = ['--key', 'key.pem', '-o', 'out', '--installed-version', '2.0.0', '--allow-downgrade'];
    const refused = await run(...argv, '--installed-counter', '4');
    expect(refused.exit).toBe(5);
    expect(refused.stdout).toContain('[policy.security-counter]');
    expect(existsSync(out)).toBe(false);
    expect((await run(...argv, '--installed-counter', '3')).exit).toBe(0);
  });

  test('--allow-unsigned takes a package without signature, and no signed one', async () => {
    const argv = ['--allow-unsigned', '-o', 'out'];
    const unsigned = await bench({ keys: [] });
    const accepted = await unsigned.run(...argv);
    expect(accepted.exit).toBe(0);
    expect(accepted.stdout).toContain('Warning: ');
    expect(existsSync(unsigned.out)).toBe(true);
    const signed = await bench();
    const refused = await signed.run(...argv);
    expect(refused.exit).toBe(4);
    expect(refused.stdout).toContain('[trust.signatures-not-judged]');
    expect(existsSync(signed.out)).toBe(false);
  });
});
