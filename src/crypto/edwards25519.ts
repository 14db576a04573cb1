import { Point } from '@noble/ed25519';

/**
 * What 32 bytes are on edwards25519 (RFC 8032, section 5.1.3):
 * `good`: the canonical encoding of a point of the prime-order subgroup that is not the identity;
 * `weak`: the canonical encoding of another point of the curve; `none`: anything else.
 */
export type PointKind = 'good' | 'weak' | 'none';

export function pointKind(bytes: Uint8Array): PointKind {
  const point = decodePoint(bytes);
  if (point === undefined) return 'none';
  return !point.is0() && point.isTorsionFree() ? 'good' : 'weak';
}

/** Whether the bytes are the canonical encoding of a point: y below p, on the curve, and no sign where x is 0. */
export function isCanonicalPoint(bytes: Uint8Array): boolean {
  return decodePoint(bytes) !== undefined;
}

/** Whether the bytes are the canonical encoding of a point without a part of small order; the identity is one. */
export function isTorsionFreePoint(bytes: Uint8Array): boolean {
  return decodePoint(bytes)?.isTorsionFree() === true;
}

/** Whether 32 bytes, little-endian, are below L, the order of the subgroup: 2^252 + 27742317777372353535851937790883648493. */
export function isReducedScalar(bytes: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const byte = bytes[i] as number;
    const limit = ORDER[i] as number;
    if (byte !== limit) return byte < limit;
  }
  return false;
}

// biome-ignore format: sixteen bytes a line, as in RFC 8032
const ORDER = Uint8Array.of(
  0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
);

/** noble throws on bytes that are no point: here, and only here, that is an answer. */
function decodePoint(bytes: Uint8Array): Point | undefined {
  if (bytes.length !== 32) return undefined;
  try {
    return Point.fromBytes(bytes, false);
  } catch {
    return undefined;
  }
}
