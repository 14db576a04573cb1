import type { Bytes } from '../core/bytes.ts';
import { ecdsaSignatureFromDer, ecdsaSignatureToDer, normaliseLowS } from '../crypto/ecdsa-signature.ts';
import type { KeyAlgorithm } from '../crypto/public-key.ts';

/**
 * A signature of ours as DSSE's other implementations expect it: Ed25519 as it is, ECDSA in DER (RFC 3279, section 2.2.3).
 * DSSE leaves the form of a signature to the algorithm; DER is what all of them read.
 */
export function toDsseSignature(algorithm: KeyAlgorithm, signature: Bytes): Bytes {
  return algorithm === 'ed25519' ? signature : ecdsaSignatureToDer(signature);
}

/**
 * What a signature in an envelope may be in the form that `verifySignature` takes. Of ECDSA that is r and s or DER, with
 * either s: others do not choose the lower one, and an envelope is not known by its signatures, as a package is not.
 */
export function fromDsseSignature(algorithm: KeyAlgorithm, sig: Bytes): Bytes[] {
  if (algorithm === 'ed25519') return [sig];
  const der = ecdsaSignatureFromDer(sig);
  return [sig, ...(der === undefined ? [] : [der])].map(normaliseLowS);
}
