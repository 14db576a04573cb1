import { type Bytes, equalBytes, toBase64, toHex, utf8 } from '../../../src/core/bytes.ts';
import { sha256 } from '../../../src/crypto/sha256.ts';
import { parsePlainJson } from '../../../src/format/plain-json.ts';
import { decodeTrustFile, encodeTrustFile, loadTrustFile } from '../../../src/format/trust-file-load.ts';
import { rewriteJson } from '../engine/json.ts';
import { ed25519Der, p256Der } from '../engine/keys.ts';
import { promised, type Target } from '../engine/target.ts';

/** A trust file that is read is the one form of what it says, its digest is of those bytes, and its thresholds can be reached. */
export const target: Target = {
  name: 'trust-file',
  maxBytes: 4096,
  slow: true,
  seeds: () => [full(), small()],
  rewrite: (bytes, random) => rewriteJson(bytes, random, 2),
  words: ['__proto__', 'constructor', '2028-02-30T00:00:00Z', '1e1', '4294967296', '\\u0061'],
  async run(bytes) {
    // Written freely, it is at least never misread: what is loaded comes out of its canonical form again.
    const plain = parsePlainJson(bytes);
    const loaded = plain === undefined ? undefined : await loadTrustFile(plain.value);
    if (loaded !== undefined) {
      const again = await decodeTrustFile(encodeTrustFile(loaded.document));
      promised(again.digest === loaded.digest, 'the canonical form says the same');
    }
    const file = await decodeTrustFile(bytes);
    promised(equalBytes(encodeTrustFile(file.document), bytes), 'encoding gives the same bytes');
    promised(file.digest === toHex(await sha256(bytes)), 'the digest is of these bytes');
    for (const { signers, threshold } of file.rules.values()) {
      const ids = new Set(signers.map((name) => file.keys.get(name)?.key.keyId));
      promised(!ids.has(undefined), 'every signer has a key');
      promised(threshold >= 1 && threshold <= ids.size, 'distinct keys can fill the threshold');
    }
    return true;
  },
};

function small(): Bytes {
  return written({
    formatVersion: 1,
    version: 1,
    notAfter: '2030-01-01T00:00:00Z',
    keys: { release: { publicKey: toBase64(ed25519Der(1)) } },
    rules: [{ product: 'lamp', signers: ['release'], threshold: 1 }],
  });
}

function full(): Bytes {
  const key = (seed: number) => ({ publicKey: toBase64(seed === 2 ? p256Der(seed) : ed25519Der(seed)) });
  return written({
    formatVersion: 1,
    version: 7,
    notAfter: '2030-01-01T00:00:00Z',
    keys: {
      builder: key(3),
      'release-a': key(1),
      'release-b': {
        ...key(2),
        notBefore: '2024-01-01T00:00:00Z',
        notAfter: '2029-01-01T00:00:00Z',
        revoked: true,
      },
      root: { ...key(4), revoked: false },
    },
    rules: [
      {
        product: 'lamp',
        signers: ['release-a', 'release-b'],
        threshold: 2,
        minimumVersion: '1.2.0-rc.1',
        minimumSecurityCounter: 3,
        requireHardware: true,
        require: ['version', 'target'],
      },
      { product: 'valve', signers: ['release-a'], threshold: 1 },
    ],
    trustRole: { signers: ['root'], threshold: 1 },
    attesters: ['builder'],
    deniedPackages: ['ab'.repeat(32)],
  });
}

function written(value: unknown): Bytes {
  return utf8(`${JSON.stringify(value, null, 2)}\n`);
}
