import type { Bytes } from '../core/bytes.ts';
import { verifyEcdsaP256 } from './ecdsa-p256.ts';
import { verifyEd25519 } from './ed25519.ts';
import type { KeyAlgorithm, PublicKey } from './public-key.ts';

/** The length of a signature, of either algorithm. */
export { SIGNATURE_BYTES } from './ed25519.ts';

type Verify = (key: PublicKey, message: Bytes, signature: Bytes) => Promise<boolean>;

const VERIFIERS: Readonly<Record<KeyAlgorithm, Verify>> = {
  ed25519: verifyEd25519,
  'ecdsa-p256': verifyEcdsaP256,
};

/**
 * Whether a signature over a message is good under a key, by the rules of the key's algorithm. Throws what
 * the algorithm's own function throws.
 */
export async function verifySignature(key: PublicKey, message: Bytes, signature: Bytes): Promise<boolean> {
  return VERIFIERS[key.algorithm](key, message, signature);
}
