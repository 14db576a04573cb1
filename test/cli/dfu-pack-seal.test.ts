import { chmod, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, fromHex, toHex } from '../../src/core/bytes.ts';
import { encodeManifest } from '../../src/format/manifest.ts';
import { encodePackage } from '../../src/format/package.ts';
import { openContainer } from '../../src/format/zip.ts';
import { testSigner, verdictOf } from '../pack/fixture.ts';
import { ABOUT, AT, type Bench, bench, keyIdsOf, manifestOf } from './dfu-pack-fixture.ts';

/** A bench with an unsigned package, `p`. */
async function sealBench(now?: Date): Promise<Bench> {
  const b = await bench(now);
  await b.ok('app.bin', ...ABOUT, ...AT, '-o', 'p');
  return b;
}

describe('dfu-pack sign', () => {
  test('adds signatures, and leaves its input as it was', async () => {
    const b = await sealBench();
    const before = await b.read('p');
    const { stdout } = await b.ok('sign', 'p', '--key', 'a.pem', '-o', 'p1');
    const document = await b.json('sign', 'p1', '--key', 'b.pem', '--output', 'p2');
    expect(await b.read('p')).toEqual(before);
    const signed = await b.read('p2');
    expect(await verdictOf([signed], [await testSigner(1)])).toBe('trusted');
    expect(await verdictOf([signed], [await testSigner(2)])).toBe('trusted');
    expect(document).toMatchObject({ command: 'sign', output: 'p2', signedBy: keyIdsOf(signed) });
    for (const fact of ['acme-thermo', '1.2.3', 'counter     0', String(document.package.packageId)]) {
      expect(stdout).toContain(fact);
    }
  });

  test('takes several keys at once', async () => {
    const b = await sealBench();
    await b.ok('sign', 'p', '--key', 'a.pem', '--key', 'b.pem', '--in-place');
    expect(keyIdsOf(await b.read('p'))).toHaveLength(2);
  });

  test('in place replaces the file, through a link too, and keeps its mode', async () => {
    if (process.platform === 'win32') return expect(process.platform).toBe('win32');
    const b = await sealBench();
    await chmod(join(b.folder, 'p'), 0o604);
    await symlink('p', join(b.folder, 'link'));
    const files = (await readdir(b.folder)).sort();
    await b.ok('sign', 'link', '--key', 'a.pem', '--in-place');
    expect((await readdir(b.folder)).sort()).toEqual(files);
    expect(keyIdsOf(await b.read('p'))).toHaveLength(1);
    expect((await stat(join(b.folder, 'p'))).mode & 0o777).toBe(0o604);
  });

  test('never replaces anything else unless forced, and its input not even then', async () => {
    const b = await sealBench();
    await b.write('taken', 'precious');
    const argv = ['sign', 'p', '--key', 'a.pem'];
    await b.refused(2, 'output.exists', ...argv, '-o', 'taken');
    expect(Buffer.from(await b.read('taken')).toString()).toBe('precious');
    await b.ok(...argv, '-o', 'taken', '--force');
    await b.refused(2, 'usage.invalid', ...argv, '-o', 'p', '--force');
    await b.refused(2, 'usage.invalid', ...argv, '-o', 'a.pem', '--force');
  });

  test('needs a key, and to know where the package goes', async () => {
    const b = await sealBench();
    await b.refused(2, 'usage.invalid', 'sign', 'p', '-o', 'out');
    await b.refused(2, 'usage.invalid', 'sign', 'p', '--key', 'a.pem');
    await b.refused(2, 'usage.invalid', 'sign', 'p', '--key', 'a.pem', '-o', 'out', '--in-place');
  });

  test('with a key that has signed is refused', async () => {
    const b = await sealBench();
    await b.ok('sign', 'p', '--key', 'a.pem', '--in-place');
    await b.refused(2, 'pack.already-signed', 'sign', 'p', '--key', 'a.pem', '-o', 'out');
  });

  test('warns of a key that others can read', async () => {
    if (process.platform === 'win32') return expect(process.platform).toBe('win32');
    const b = await sealBench();
    await chmod(join(b.folder, 'a.pem'), 0o644);
    const { warnings } = await b.json('sign', 'p', '--key', 'a.pem', '-o', 'out');
    expect(warnings).toMatchObject([{ code: 'key-open-to-others' }]);
  });

  test('signs a package that has expired: that is judged where it is used', async () => {
    const b = await bench();
    await b.write('dfu.yaml', 'formatVersion: 1\nnotAfter: "1999-01-01T00:00:00Z"\n');
    await b.ok('app.bin', ...ABOUT, ...AT, '--recipe', 'dfu.yaml', '-o', 'p');
    await b.ok('sign', 'p', '--key', 'a.pem', '--in-place');
  });
});

describe('dfu-pack tbs and attach', () => {
  test('sign elsewhere: bytes out, signature in, whatever its form', async () => {
    const b = await sealBench();
    const signer = await testSigner(1);
    const { stdout } = await b.ok('tbs', 'p', '-o', 'message');
    expect(stdout).toContain('acme-thermo');
    const signature = await signer.sign(await b.read('message'));
    const base64 = Buffer.from(signature).toString('base64');
    const forms: Record<string, Uint8Array | string> = {
      raw: signature,
      hex: toHex(signature),
      'hex with a line end': `${toHex(signature)}\n`,
      'upper-case hex': toHex(signature).toUpperCase(),
      base64,
      'base64 in lines': `${base64.slice(0, 64)}\n${base64.slice(64)}\n`,
    };
    await b.ok('sign', 'p', '--key', 'a.pem', '-o', 'expected');
    for (const [form, content] of Object.entries(forms)) {
      await b.write('signature', content);
      await b.ok('attach', 'p', '--public-key', 'a.pub', '--signature', 'signature', '-o', 'o', '--force');
      expect(await b.read('o'), form).toEqual(await b.read('expected'));
    }
    await b.ok('attach', 'p', '--public-key', 'a.pub', '--signature', 'signature', '--in-place');
    expect(await b.read('p')).toEqual(await b.read('expected'));
  });

  test('tbs prints hex alone for the next program, or JSON', async () => {
    const b = await sealBench();
    await b.ok('tbs', 'p', '--output', 'message');
    const message = await b.read('message');
    const { stdout, stderr } = await b.ok('tbs', 'p', '--hex');
    expect(fromHex(stdout.trim())).toEqual(message);
    expect(stdout).toBe(`${toHex(message)}\n`);
    expect(stderr).toContain('acme-thermo');
    const document = await b.json('tbs', 'p');
    expect(document).toMatchObject({ command: 'tbs', message: toHex(message) });
    expect(await b.json('tbs', 'p', '-o', 'message', '--force')).toMatchObject({ output: 'message' });
  });

  test('tbs needs to know where the bytes go, and replaces nothing', async () => {
    const b = await sealBench();
    await b.refused(2, 'usage.invalid', 'tbs', 'p');
    await b.refused(2, 'output.exists', 'tbs', 'p', '-o', 'a.pem');
    await b.refused(2, 'usage.invalid', 'tbs', 'p', '-o', 'p', '--force');
  });

  test('the bytes are the same before and after somebody signed', async () => {
    const b = await sealBench();
    await b.ok('tbs', 'p', '-o', 'before');
    await b.ok('sign', 'p', '--key', 'a.pem', '--in-place');
    await b.ok('tbs', 'p', '-o', 'after');
    expect(await b.read('after')).toEqual(await b.read('before'));
  });

  test('attach refuses what is no signature of this key over this package', async () => {
    const b = await sealBench();
    const argv = ['attach', 'p', '--public-key', 'a.pub', '--signature', 's', '-o', 'out'];
    await b.ok('tbs', 'p', '-o', 'message');
    await b.write('s', await (await testSigner(2)).sign(await b.read('message')));
    await b.refused(2, 'pack.signature-invalid', ...argv);
    for (const content of ['', 'no signature', new Uint8Array(63), 'zz'.repeat(64), 'ab'.repeat(63)]) {
      await b.write('s', content);
      await b.refused(2, 'pack.signature-form', ...argv);
    }
    expect(await readdir(b.folder)).not.toContain('out');
  });

  test('attach wants a public key, and says so by name', async () => {
    const b = await sealBench();
    await b.write('s', new Uint8Array(64));
    const argv = ['attach', 'p', '--signature', 's', '-o', 'out', '--public-key'];
    expect(await b.refused(2, 'trust.key-private', ...argv, 'a.pem')).toContain('a.pem:');
    await b.write('empty', '');
    expect(await b.refused(2, 'trust.key-pem', ...argv, 'empty')).toContain('empty:');
    await b.refused(2, 'usage.invalid', 'attach', 'p', '--signature', 's', '-o', 'out');
    await b.refused(2, 'usage.invalid', 'attach', 'p', '--public-key', 'a.pub', '-o', 'out');
    await b.refused(2, 'usage.invalid', ...argv, 'a.pub', '--in-place');
  });
});

describe('a package that is not sound', () => {
  const COMMANDS = [
    ['sign', 'p', '--key', 'a.pem', '-o', 'out'],
    ['tbs', 'p', '-o', 'out'],
    ['attach', 'p', '--public-key', 'a.pub', '--signature', 's', '-o', 'out'],
  ];

  async function refusedBy(b: Bench, code: string): Promise<void> {
    await b.write('s', new Uint8Array(64));
    for (const argv of COMMANDS) {
      await b.refused(3, code, ...argv);
      expect(await readdir(b.folder)).not.toContain('out');
    }
  }

  test('is refused with what is wrong: an image changed', async () => {
    const b = await sealBench();
    const bytes = await b.read('p');
    const { images } = openContainer(bytes);
    bytes[images[0]!.offset + 30]! ^= 1;
    await b.write('p', bytes);
    await refusedBy(b, 'package.image-crc32');
  });

  test('is refused with what is wrong: cut off, or none at all', async () => {
    const b = await sealBench();
    const bytes = await b.read('p');
    await b.write('p', bytes.slice(0, -1));
    await refusedBy(b, 'package.truncated');
    await b.write('p', 'firmware');
    await refusedBy(b, 'package.not-a-package');
  });

  test('is not signed when only its structure is wrong', async () => {
    const b = await sealBench();
    const bytes: Bytes = await b.read('p');
    const manifest = manifestOf(bytes);
    const [image] = openContainer(bytes).images;
    // Says gbl, with all digests right, and is none.
    const entry = { ...manifest.images[0]!, format: 'gbl' as const };
    const lying = encodePackage({
      manifest: encodeManifest({ ...manifest, images: [entry] }),
      images: [{ name: entry.name, format: 'gbl', bytes: image!.bytes }],
    });
    await b.write('p', concat(lying));
    for (const argv of COMMANDS.slice(0, 2)) {
      await b.refused(3, 'package.image-structure', ...argv);
      expect(await readdir(b.folder)).not.toContain('out');
    }
  });
});

describe('dfu-pack keygen', () => {
  test.each([
    ['by an argument', ['release']],
    ['by -o', ['-o', 'release']],
    ['by --output', ['--output', 'release']],
  ])('makes a pair that signs and verifies (%s)', async (_, argv) => {
    const b = await sealBench();
    const { stdout } = await b.ok('keygen', ...argv);
    expect(stdout).toContain('release.key.pem');
    const document = await b.json('sign', 'p', '--key', 'release.key.pem', '-o', 'signed');
    expect(document.warnings).toEqual([]);
    expect(stdout).toContain(document.signedBy[0]);
    await b.ok('tbs', 'p', '-o', 'message');
    expect(await readFile(join(b.folder, 'release.pub.pem'), 'utf8')).toMatch(/^-----BEGIN PUBLIC KEY-----/);
  });

  test('tells as JSON what it made, never the private key', async () => {
    const b = await bench();
    const document = await b.json('keygen', 'sub-key');
    expect(document).toMatchObject({
      command: 'keygen',
      privateKey: 'sub-key.key.pem',
      publicKey: 'sub-key.pub.pem',
    });
    expect(JSON.stringify(document)).not.toContain('MC4CAQAwBQYDK2Vw');
  });

  test('never replaces a key', async () => {
    const b = await bench();
    await b.ok('keygen', 'k');
    const [key, pub] = [await b.read('k.key.pem'), await b.read('k.pub.pem')];
    await b.refused(2, 'output.exists', 'keygen', 'k');
    await b.refused(2, 'usage.invalid', 'keygen', 'k', '--force');
    expect([await b.read('k.key.pem'), await b.read('k.pub.pem')]).toEqual([key, pub]);
  });

  test.each([[[]], [['a', '-o', 'b']], [['']], [['folder/']]])('wants one name: %j', async (argv) => {
    const b = await bench();
    await b.refused(2, 'usage.invalid', 'keygen', ...argv);
  });
});
