import { equalBytes } from '../../../src/core/bytes.ts';
import { PAYLOAD_TYPES } from '../../../src/format/dsse.ts';
import { decodeSignatures, encodeSignatures } from '../../../src/format/signatures.ts';
import { decodeTrustSignatures } from '../../../src/format/trust-signatures.ts';
import { valueOrRefusal } from '../../support/codes.ts';
import { rewriteJson } from '../engine/json.ts';
import { partsOfPackages } from '../engine/seeds.ts';
import { promised, type Target } from '../engine/target.ts';

const SIGNATURES = [1, 2].map((n) => ({ keyId: `${n}`.repeat(64), signature: new Uint8Array(64).fill(n) }));

/** The signatures of a trust file are in their one form, and never those of a package. */
export const target: Target = {
  name: 'trust-signatures',
  maxBytes: 4096,
  seeds: () => [
    encodeSignatures(SIGNATURES, PAYLOAD_TYPES.trust),
    ...partsOfPackages(({ signaturesBytes }) => (signaturesBytes === undefined ? [] : [signaturesBytes])),
  ],
  rewrite: (bytes, random) => rewriteJson(bytes, random, 0),
  words: [PAYLOAD_TYPES.trust, PAYLOAD_TYPES.manifest, '__proto__'],
  run(bytes) {
    const signatures = decodeTrustSignatures(bytes);
    promised(
      equalBytes(encodeSignatures(signatures, PAYLOAD_TYPES.trust), bytes),
      'encoding gives the same bytes',
    );
    promised(
      valueOrRefusal(() => decodeSignatures(bytes)) === undefined,
      'they are no signatures of a package',
    );
    return true;
  },
};
