import type { Bytes } from '../core/bytes.ts';

// The curve P-256 (prime256v1, secp256r1): SP 800-186, section 3.2.1.3; SEC 2, section 2.4.2.
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** The number of points: every scalar is below it. */
export const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
/** The length of a coordinate and of a scalar. */
export const P256_NUMBER_BYTES = 32;

/**
 * Whether 64 bytes, X and Y in big-endian, are a point of P-256. The point at infinity has no such form. The curve's
 * cofactor is 1, so every point of it is in the group of prime order.
 */
export function isP256Point(xy: Uint8Array): boolean {
  if (xy.length !== 2 * P256_NUMBER_BYTES) return false;
  const x = numberOf(xy.subarray(0, P256_NUMBER_BYTES));
  const y = numberOf(xy.subarray(P256_NUMBER_BYTES));
  return x < P && y < P && (y * y - (x * x * x - 3n * x + B)) % P === 0n;
}

/** A big-endian number. */
export function numberOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** A number below 2^256 as 32 bytes, big-endian. */
export function numberBytes(value: bigint): Bytes {
  const bytes = new Uint8Array(P256_NUMBER_BYTES);
  let rest = value;
  for (let i = P256_NUMBER_BYTES - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}
