import { expect, test } from 'vitest';
import { main as verify } from '../../src/cli/dfu-verify.ts';
import { toBase64 } from '../../src/core/bytes.ts';
import { publicKeyDer } from '../../src/crypto/public-key.ts';
import { testSigner } from '../pack/fixture.ts';
import { testIo } from '../support/io.ts';
import { ABOUT, AT, bench } from './dfu-pack-fixture.ts';

test('dfu-verify demands an attestation by an attester, about the package at hand', async () => {
  const b = await bench();
  const publicKey = async (seed: number) => toBase64(publicKeyDer((await testSigner(seed)).key));
  const trust = {
    formatVersion: 1,
    version: 1,
    notAfter: '2099-01-01T00:00:00Z',
    keys: { release: { publicKey: await publicKey(1) }, builder: { publicKey: await publicKey(2) } },
    rules: [{ product: 'acme-thermo', signers: ['release'], threshold: 1, require: ['attestation'] }],
    attesters: ['builder'],
  };
  await b.write('trust.json', JSON.stringify(trust));
  await b.ok('app.bin', ...ABOUT, ...AT, '--key', 'a.pem', '-o', 'p');
  await b.ok('app.bin', ...ABOUT, ...AT, '--name', 'other', '--key', 'a.pem', '-o', 'other');
  const attest = (pkg: string, key: string, output: string) =>
    b.ok('attest', pkg, '--builder-id', 'urn:example:builder', '--key', key, '-o', output);
  await attest('p', 'b.pem', 'good');
  await attest('p', 'a.pem', 'by-release');
  await attest('other', 'b.pem', 'of-other');
  const judged = async (...argv: string[]) => {
    const io = testIo(b.folder);
    const exit = await verify(['p', '--trust', 'trust.json', '--json', ...argv], io);
    return [exit, JSON.parse(io.stdout()).packages[0].report.code];
  };
  expect(await judged('--attestation', 'good')).toEqual([0, undefined]);
  const asText = testIo(b.folder);
  await verify(['p', '--trust', 'trust.json', '--attestation', 'good'], asText);
  expect(asText.stdout()).toContain('  attested; the builder, as it says: urn:example:builder\n');
  expect(await judged()).toEqual([5, 'trust.attestation-missing']);
  expect(await judged('--attestation', 'by-release')).toEqual([5, 'trust.attestation-untrusted']);
  expect(await judged('--attestation', 'of-other')).toEqual([5, 'trust.attestation-other-package']);
  expect(await judged('--attestation', 'trust.json')).toEqual([5, 'trust.attestation-malformed']);
});
