import { equalBytes } from '../../../src/core/bytes.ts';
import { decodeSignatures, encodeSignatures } from '../../../src/format/signatures.ts';
import { rewriteJson } from '../engine/json.ts';
import { partsOfPackages } from '../engine/seeds.ts';
import { promised, type Target } from '../engine/target.ts';

/** Signatures that are read are in their one form, of distinct keys, and none is empty. */
export const target: Target = {
  name: 'signatures',
  maxBytes: 4096,
  seeds: () =>
    partsOfPackages(({ signaturesBytes }) => (signaturesBytes === undefined ? [] : [signaturesBytes])),
  rewrite: (bytes, random) => rewriteJson(bytes, random, 0),
  words: ['__proto__', '0'.repeat(64), 'f'.repeat(64), 'AA==', 'AB=='],
  run(bytes) {
    const signatures = decodeSignatures(bytes);
    promised(equalBytes(encodeSignatures(signatures), bytes), 'encoding gives the same bytes');
    const keyIds = signatures.map(({ keyId }) => keyId);
    promised(keyIds.length > 0 && new Set(keyIds).size === keyIds.length, 'the keys are distinct');
    return true;
  },
};
