import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { loadTrustFile } from '../../src/format/trust-file-load.ts';
import { thrownBy } from '../support/codes.ts';
import { base64Of, fullDocument } from './trust-file-fixture.ts';

test("a trust file with two keys of one secret, each other's negative, is refused", async () => {
  const ed25519 = Buffer.from(base64Of(0), 'base64');
  ed25519[43] = (ed25519[43] ?? 0) ^ 0x80;
  // The negative of a point of P-256 has the same X, and P - Y.
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const p256 = publicKey.export({ type: 'spki', format: 'der' });
  const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
  const y = (p - BigInt(`0x${p256.subarray(59).toString('hex')}`)).toString(16).padStart(64, '0');
  const negative = Buffer.concat([p256.subarray(0, 59), Buffer.from(y, 'hex')]);

  const withKeys = (a: string, b: Uint8Array) => {
    const document = fullDocument();
    document.keys['release-a'] = { publicKey: a };
    document.keys['release-b'] = { publicKey: Buffer.from(b).toString('base64') };
    return document;
  };
  await loadTrustFile(withKeys(base64Of(0), p256));
  for (const file of [withKeys(base64Of(0), ed25519), withKeys(negative.toString('base64'), p256)]) {
    const error = await thrownBy(() => loadTrustFile(file));
    expect(error.code).toBe('trust.file-key-twice');
    expect(error.message).toContain('are two keys of one secret: it would count twice');
  }
});
