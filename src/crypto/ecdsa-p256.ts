import type { Bytes } from '../core/bytes.ts';
import { isLowSSignature } from './ecdsa-signature.ts';
import { type PublicKey, pointOf } from './public-key.ts';
import { type Subtle, subtleCrypto } from './sha256.ts';

/**
 * Whether the signature over the message is good: 64 bytes r and s, 1 <= r < n, 1 <= s <= (n - 1) / 2, and ECDSA over
 * P-256 with SHA-256 of the message holds (FIPS 186-5, section 6.4.2; docs/package-format.md, section 4). Anything else,
 * a high s and DER among it, is `false`.
 * Throws TypeError on a key that was not imported or is of another algorithm, `trust.webcrypto-missing`.
 */
export async function verifyEcdsaP256(key: PublicKey, message: Bytes, signature: Bytes): Promise<boolean> {
  if (key.algorithm !== 'ecdsa-p256') throw new TypeError('not a P-256 key');
  // Copies: nobody changes them while a promise is under way.
  const signed = message.slice();
  const sig = signature.slice();
  if (!isLowSSignature(sig)) return false;
  return subtleCrypto().verify({ name: 'ECDSA', hash: 'SHA-256' }, await webCryptoKey(key), sig, signed);
}

type WebCryptoKey = Awaited<ReturnType<Subtle['importKey']>>;
const webCryptoKeys = new WeakMap<PublicKey, Promise<WebCryptoKey>>();

function webCryptoKey(key: PublicKey): Promise<WebCryptoKey> {
  const known = webCryptoKeys.get(key);
  if (known !== undefined) return known;
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  const imported = subtleCrypto().importKey('raw', pointOf(key), curve, false, ['verify']);
  webCryptoKeys.set(key, imported);
  return imported;
}
