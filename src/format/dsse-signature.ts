import { type Bytes, concat } from '../core/bytes.ts';
import { ecdsaSignatureFromDer, normaliseLowS } from '../crypto/ecdsa-signature.ts';
import type { KeyAlgorithm } from '../crypto/public-key.ts';

/** r and s of P-256, each this long. */
const NUMBER_BYTES = 32;

/**
 * A signature of ours as DSSE's other implementations expect it: Ed25519 as it is, ECDSA in DER (RFC 3279, section 2.2.3).
 * DSSE leaves the form of a signature to the algorithm; DER is what all of them read.
 */
export function toDsseSignature(algorithm: KeyAlgorithm, signature: Bytes): Bytes {
  if (algorithm === 'ed25519') return signature;
  const numbers = concat([
    integer(signature.subarray(0, NUMBER_BYTES)),
    integer(signature.subarray(NUMBER_BYTES)),
  ]);
  return concat([Uint8Array.of(0x30, numbers.length), numbers]);
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

/** DER: as short as it goes, with a zero byte before what would be a sign. */
function integer(number: Bytes): Bytes {
  const first = number.findIndex((byte) => byte !== 0);
  const digits = number.subarray(first < 0 ? number.length - 1 : first);
  const content = (digits[0] ?? 0) >= 0x80 ? concat([Uint8Array.of(0), digits]) : digits;
  return concat([Uint8Array.of(0x02, content.length), content]);
}
