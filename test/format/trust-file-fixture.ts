import { toBase64 } from '../../src/core/bytes.ts';
import { publicKeyDer } from '../../src/crypto/public-key.ts';
import type { TrustFileDocument } from '../../src/format/trust-file.ts';
import { generateKeyPair } from '../../src/node/keys.ts';

/** Keys made once a test run. */
export const KEYS = await Promise.all(Array.from({ length: 6 }, () => generateKeyPair()));

/** The base64 that a trust file holds of a key. */
export const base64Of = (index: number): string =>
  toBase64(publicKeyDer(KEYS[index % KEYS.length]?.key as never));

/** A trust file with all there is: two release keys, one attester, two trust-role keys. */
export function fullDocument(change: object = {}): TrustFileDocument {
  return {
    formatVersion: 1,
    version: 7,
    notAfter: '2030-01-01T00:00:00Z',
    keys: {
      'release-b': {
        publicKey: base64Of(1),
        notBefore: '2024-01-01T00:00:00Z',
        notAfter: '2029-01-01T00:00:00Z',
      },
      'release-a': { publicKey: base64Of(0) },
      builder: { publicKey: base64Of(2) },
      'root-1': { publicKey: base64Of(3) },
      'root-2': { publicKey: base64Of(4), revoked: false },
    },
    rules: [
      {
        product: 'thermo',
        signers: ['release-a', 'release-b'],
        threshold: 2,
        minimumVersion: '1.2.0-rc.1',
        minimumSecurityCounter: 3,
        requireHardware: true,
        require: ['version', 'target'],
      },
      { product: 'valve', signers: ['release-a'], threshold: 1 },
    ],
    trustRole: { signers: ['root-1', 'root-2'], threshold: 1 },
    attesters: ['builder'],
    deniedPackages: ['ab'.repeat(32)],
    ...change,
  } as TrustFileDocument;
}
