import { type Bytes, concat } from '../core/bytes.ts';
import { numberBytes, numberOf, P256_NUMBER_BYTES, P256_ORDER } from './p256.ts';

const SIGNATURE_BYTES = 2 * P256_NUMBER_BYTES;
/** (n - 1) / 2, since n is odd. */
const LARGEST_LOW_S = P256_ORDER >> 1n;

/**
 * Whether 64 bytes, r then s, both big-endian, can be a signature in the one form there is: 1 <= r < n and
 * 1 <= s <= (n - 1) / 2. With s, n - s is good over the same message too; only the lower one is a signature.
 */
export function isLowSSignature(signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const r = numberOf(signature.subarray(0, P256_NUMBER_BYTES));
  const s = numberOf(signature.subarray(P256_NUMBER_BYTES));
  return r >= 1n && r < P256_ORDER && s >= 1n && s <= LARGEST_LOW_S;
}

/**
 * A signature as a token or OpenSSL makes it, 64 bytes r and s, with the lower of s and n - s. For those who sign: a
 * verifier never does this. What is no signature comes back as it is, to be refused where it is verified.
 */
export function normaliseLowS(signature: Bytes): Bytes {
  if (signature.length !== SIGNATURE_BYTES) return signature;
  const s = numberOf(signature.subarray(P256_NUMBER_BYTES));
  if (s <= LARGEST_LOW_S || s >= P256_ORDER) return signature;
  return concat([signature.subarray(0, P256_NUMBER_BYTES), numberBytes(P256_ORDER - s)]);
}

/**
 * The 64 bytes r and s of a signature in DER: SEQUENCE of two INTEGERs (RFC 3279, section 2.2.3), as OpenSSL and most
 * key services answer. `undefined` where it is not exactly that DER, or where a number is negative or has more than
 * 256 bits.
 */
export function ecdsaSignatureFromDer(der: Bytes): Bytes | undefined {
  // Two numbers of 33 bytes make 70: a length in long form is never the shortest.
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2 || der.length > 2 + 70) return undefined;
  const r = readInteger(der, 2);
  const s = r === undefined ? undefined : readInteger(der, r.end);
  if (r === undefined || s === undefined || s.end !== der.length) return undefined;
  return concat([r.value, s.value]);
}

/** The DER of the 64 bytes r and s: what `ecdsaSignatureFromDer` reads. */
export function ecdsaSignatureToDer(signature: Bytes): Bytes {
  const numbers = concat([
    derInteger(signature.subarray(0, P256_NUMBER_BYTES)),
    derInteger(signature.subarray(P256_NUMBER_BYTES)),
  ]);
  return concat([Uint8Array.of(SEQUENCE, numbers.length), numbers]);
}

/** As short as it goes, with a zero byte before what would be a sign. */
function derInteger(number: Bytes): Bytes {
  const first = number.findIndex((byte) => byte !== 0);
  const digits = number.subarray(first < 0 ? number.length - 1 : first);
  const content = (digits[0] ?? 0) >= 0x80 ? concat([Uint8Array.of(0), digits]) : digits;
  return concat([Uint8Array.of(INTEGER, content.length), content]);
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** The INTEGER at an offset, padded to 32 bytes, and where it ends. */
function readInteger(der: Bytes, start: number): { value: Bytes; end: number } | undefined {
  const length = der[start + 1] ?? 0;
  const content = der.subarray(start + 2, start + 2 + length);
  const [first = 0, second = 0] = content;
  const isPadded = length > 1 && first === 0;
  if (der[start] !== INTEGER || length === 0 || content.length !== length) return undefined;
  // Negative, or with a zero byte that no sign needs.
  if (first >= 0x80 || (isPadded && second < 0x80)) return undefined;
  const digits = isPadded ? content.subarray(1) : content;
  if (digits.length > P256_NUMBER_BYTES) return undefined;
  const value = new Uint8Array(P256_NUMBER_BYTES);
  value.set(digits, P256_NUMBER_BYTES - digits.length);
  return { value, end: start + 2 + length };
}
