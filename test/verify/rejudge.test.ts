import { expect, test } from 'vitest';
import { toBase64 } from '../../src/core/bytes.ts';
import { publicKeyDer } from '../../src/crypto/public-key.ts';
import { loadTrustFile } from '../../src/format/trust-file-load.ts';
import { RejudgedPackage } from '../../src/verify/rejudge.ts';
import { thrownBy } from '../support/codes.ts';
import { samplePackage, testKey } from './fixture.ts';

const key = await testKey(1);
const root = await testKey(2);
const at = (time: string): number => Date.parse(`2030-01-01T${time}Z`);

test('a package that expires between two devices is good for the first and refused for the second', async () => {
  const bytes = await samplePackage({ keys: [key], manifest: { notAfter: '2030-01-01T10:00:00Z' } });
  const pkg = new RejudgedPackage(bytes, { kind: 'keys', keys: [key.public] }, {});
  const first = await pkg.judge(at('09:59:58'));
  expect(first.verified).toBeDefined();
  // One copy of the images for all of them, judged at different times.
  const second = await pkg.judge(at('09:59:59.999'));
  expect(second.verified).toBe(first.verified);
  expect(second.report.judgedAt).toBe('2030-01-01T09:59:59Z');
  // And one judgement for those of one second.
  expect((await pkg.judge(at('09:59:59'))).report).toBe(second.report);
  const late = await pkg.judge(at('10:00:00'));
  expect(late).toMatchObject({ report: { verdict: 'refused', code: 'policy.expired' } });
  expect(late.verified).toBeUndefined();
  // The clock of the station was set back.
  expect((await pkg.judge(at('09:00:00'))).verified).toBe(first.verified);
});

test('so is one whose key expires, or whose trust file does', async () => {
  const document = {
    formatVersion: 1,
    version: 1,
    notAfter: '2030-01-01T12:00:00Z',
    keys: {
      alice: { publicKey: toBase64(publicKeyDer(key.public)), notAfter: '2030-01-01T11:00:00Z' },
      root: { publicKey: toBase64(publicKeyDer(root.public)) },
    },
    rules: [{ product: 'acme-thermo', threshold: 1, signers: ['alice'] }],
    trustRole: { threshold: 1, signers: ['root'] },
  };
  const file = await loadTrustFile(document);
  const pkg = new RejudgedPackage(await samplePackage({ keys: [key] }), { kind: 'file', file }, {});
  expect((await pkg.judge(at('10:59:59'))).verified).toBeDefined();
  expect((await pkg.judge(at('11:00:00'))).report.code).toBe('trust.key-expired');
  expect((await thrownBy(() => pkg.judge(at('12:00:00')))).code).toBe('trust.file-expired');
});
