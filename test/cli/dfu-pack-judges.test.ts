import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openContainer } from '../../src/format/zip.ts';
import { cortexImage, testSigner, verdictOf } from '../pack/fixture.ts';
import { judge, PYTHON } from '../support/judge.ts';
import { ABOUT, AT, type Bench, bench, manifestOf } from './dfu-pack-fixture.ts';

/** Two images, one padded and one wrapped, signed by both keys. */
async function packed(): Promise<Bench> {
  const b = await bench();
  await b.write('table.bin', cortexImage({ size: 5003 }));
  await b.write(
    'dfu.yaml',
    `formatVersion: 1
images:
  - { role: application, file: app.bin, startAddress: 0x6000, format: gbl }
  - { role: data, file: table.bin, startAddress: 0x10000, alignment: 64 }
`,
  );
  await b.ok(...ABOUT, '--recipe', 'dfu.yaml', '--key', 'a.pem', '--key', 'b.pem', '-o', 'p.dfupkg');
  return b;
}

function agrees(program: string | readonly string[], args: readonly string[], cwd: string): Buffer {
  const { status, stdout, stderr } = judge(program, args, { cwd });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

describe('others judge a package alike', () => {
  test('unzip finds it whole, and takes out the images', async () => {
    const b = await packed();
    expect(agrees('unzip', ['-t', 'p.dfupkg'], b.folder).toString()).toContain('No errors detected');
    agrees('unzip', ['-q', 'p.dfupkg', '-d', 'out'], b.folder);
    for (const { name, format, bytes } of openContainer(await b.read('p.dfupkg')).images) {
      const file = `out/images/${name}.${format === 'raw' ? 'bin' : 'gbl'}`;
      expect(await b.read(file)).toEqual(bytes);
    }
  });

  test('Python’s zipfile, zlib and hashlib find the names, CRCs and digests of the manifest', async () => {
    const b = await packed();
    const script = `
import hashlib, json, sys, zipfile, zlib
package = zipfile.ZipFile(sys.argv[1])
assert package.testzip() is None
manifest = package.read('manifest.json')
said = json.loads(manifest)
names = ['manifest.json', 'signatures.json']
for image in said['images']:
    name = 'images/%s.%s' % (image['name'], {'raw': 'bin', 'gbl': 'gbl'}[image['format']])
    names.append(name)
    data = package.read(name)
    assert image['size'] == len(data)
    assert image['crc32'] == '0x%08x' % zlib.crc32(data)
    assert image['sha256'] == hashlib.sha256(data).hexdigest()
    assert package.getinfo(name).date_time == (1980, 1, 1, 0, 0, 0)
    assert package.getinfo(name).compress_type == zipfile.ZIP_STORED
assert package.namelist() == names, package.namelist()
print(hashlib.sha256(manifest).hexdigest(), len(said['images']))
`;
    const said = agrees(PYTHON, ['-c', script, join(b.folder, 'p.dfupkg')], b.folder).toString();
    const document = await b.json('tbs', 'p.dfupkg');
    expect(said.trim()).toBe(`${document.package.packageId} 2`);
  });

  test('sha256sum finds the digests of sources and images', async () => {
    const b = await packed();
    agrees('unzip', ['-q', 'p.dfupkg', '-d', 'out'], b.folder);
    const [program, ...args] = process.platform === 'darwin' ? ['shasum', '-a', '256'] : ['sha256sum'];
    const sum = (file: string) =>
      agrees(program!, [...args, file], b.folder)
        .toString()
        .split(' ')[0];
    const { images } = manifestOf(await b.read('p.dfupkg'));
    expect(images.map(({ sourceSha256 }) => sourceSha256)).toEqual([sum('app.bin'), sum('table.bin')]);
    expect(images.map(({ sha256 }) => sha256)).toEqual([
      sum('out/images/application.gbl'),
      sum('out/images/data.bin'),
    ]);
  });

  test('OpenSSL verifies each signature over the bytes of tbs', async () => {
    const b = await packed();
    await b.ok('tbs', 'p.dfupkg', '-o', 'message');
    const { signatures } = JSON.parse(
      agrees('unzip', ['-p', 'p.dfupkg', 'signatures.json'], b.folder).toString(),
    );
    const keys = [await testSigner(1), await testSigner(2)].map(({ key }) => key.keyId);
    expect(signatures).toHaveLength(2);
    for (const { keyId, signature } of signatures) {
      await b.write('signature', Buffer.from(signature, 'base64'));
      const pub = ['a.pub', 'b.pub'][keys.indexOf(keyId)]!;
      const verify = ['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', pub, '-sigfile', 'signature'];
      agrees('openssl', [...verify, '-in', 'message'], b.folder);
    }
  });
});

test('OpenSSL’s key, and its signature over the bytes of tbs, go in by attach', async () => {
  const b = await packed();
  agrees('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', 'theirs.pem'], b.folder);
  agrees('openssl', ['pkey', '-in', 'theirs.pem', '-pubout', '-out', 'theirs.pub'], b.folder);
  await b.ok('tbs', 'p.dfupkg', '-o', 'message');
  const sign = ['pkeyutl', '-sign', '-rawin', '-inkey', 'theirs.pem', '-in', 'message', '-out', 's'];
  agrees('openssl', sign, b.folder);
  const document = await b.json(
    ...['attach', 'p.dfupkg', '--public-key', 'theirs.pub', '--signature', 's', '-o', 'out'],
  );
  expect(document.signedBy).toHaveLength(3);
  // The very same package comes out when dfu-pack signs with that key.
  await b.ok('sign', 'p.dfupkg', '--key', 'theirs.pem', '-o', 'ours');
  expect(await b.read('out')).toEqual(await b.read('ours'));
  expect(await verdictOf([await b.read('out')], [await testSigner(1)])).toBe('trusted');
});

test('a signature by OpenSSL over other bytes does not go in', async () => {
  const b = await packed();
  await b.ok('app.bin', ...ABOUT, ...AT, '-o', 'other');
  await b.ok('tbs', 'other', '-o', 'message');
  agrees('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', 'theirs.pem'], b.folder);
  agrees('openssl', ['pkey', '-in', 'theirs.pem', '-pubout', '-out', 'theirs.pub'], b.folder);
  const sign = ['pkeyutl', '-sign', '-rawin', '-inkey', 'theirs.pem', '-in', 'message', '-out', 's'];
  agrees('openssl', sign, b.folder);
  const attach = ['attach', 'p.dfupkg', '--public-key', 'theirs.pub', '--signature', 's', '-o', 'out'];
  await b.refused(2, 'pack.signature-invalid', ...attach);
});
