import type { Bytes } from '../core/bytes.ts';
import { verifyEd25519 } from './ed25519.ts';
import type { PublicKey } from './public-key.ts';

export { SIGNATURE_BYTES } from './ed25519.ts';

/** Whether a signature over a message is good under a key, by the rules of the key's algorithm. Throws what the algorithm's own function throws. */
export async function verifySignature(key: PublicKey, message: Bytes, signature: Bytes): Promise<boolean> {
  return verifyEd25519(key, message, signature);
}
