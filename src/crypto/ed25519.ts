import { verifyAsync } from '@noble/ed25519';
import type { Bytes } from '../core/bytes.ts';
import { isCanonicalPoint, isReducedScalar, isTorsionFreePoint } from './edwards25519.ts';
import { type PublicKey, pointOf } from './public-key.ts';
import { type Subtle, subtleCrypto } from './sha256.ts';

export const SIGNATURE_BYTES = 64;

/**
 * Whether the signature over the message is good: 64 bytes R and S, S < L, R decodes canonically, and S*B = R + k*A
 * holds without cofactor (RFC 8032, section 5.1.7; docs/package-format.md, section 4). Anything else is `false`.
 * Throws TypeError on a key that was not imported or is of another algorithm, `trust.webcrypto-missing` where there is no WebCrypto at all.
 */
export async function verifyEd25519(key: PublicKey, message: Bytes, signature: Bytes): Promise<boolean> {
  if (key.algorithm !== 'ed25519') throw new TypeError('not an Ed25519 key');
  // Copies: nobody changes them while a promise is under way.
  const signed = message.slice();
  const sig = signature.slice();
  const engine = (await webCryptoKey(key)) === undefined ? 'noble' : 'webcrypto';
  return ENGINES[engine](key, signed, sig);
}

/** The ways to compute the equation. They give the same answer to every input; the tests run all vectors over each. */
export const ENGINES = { webcrypto: verifyByWebCrypto, noble: verifyByNoble } as const;

async function verifyByWebCrypto(key: PublicKey, message: Bytes, signature: Bytes): Promise<boolean> {
  if (!isWellFormed(signature)) return false;
  const cryptoKey = await webCryptoKey(key);
  if (cryptoKey === undefined) throw new TypeError('this WebCrypto has no Ed25519');
  return subtleCrypto().verify('Ed25519', cryptoKey, signature, message);
}

/** For browsers whose WebCrypto lacks Ed25519. */
async function verifyByNoble(key: PublicKey, message: Bytes, signature: Bytes): Promise<boolean> {
  if (!isWellFormed(signature)) return false;
  if (!(await verifyAsync(signature, message, pointOf(key), { zip215: false }))) return false;
  // noble multiplies the equation by the cofactor. A is free of torsion; where R is too, that changes nothing.
  return isTorsionFreePoint(signature.subarray(0, 32));
}

function isWellFormed(signature: Bytes): boolean {
  return (
    signature.length === SIGNATURE_BYTES &&
    isReducedScalar(signature.subarray(32)) &&
    isCanonicalPoint(signature.subarray(0, 32))
  );
}

type WebCryptoKey = Awaited<ReturnType<Subtle['importKey']>>;
const webCryptoKeys = new WeakMap<PublicKey, Promise<WebCryptoKey | undefined>>();

/** The key as WebCrypto wants it; `undefined` where WebCrypto says that it has no Ed25519. */
function webCryptoKey(key: PublicKey): Promise<WebCryptoKey | undefined> {
  const known = webCryptoKeys.get(key);
  if (known !== undefined) return known;
  const imported = subtleCrypto()
    .importKey('raw', pointOf(key), 'Ed25519', false, ['verify'])
    .catch((error: unknown) => {
      if (error instanceof Error && error.name === 'NotSupportedError') return undefined;
      throw error;
    });
  webCryptoKeys.set(key, imported);
  return imported;
}
