import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isReducedScalar } from '../../src/crypto/edwards25519.ts';

/** RFC 8032, section 5.1. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const littleEndian = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

test.each([
  [0n, true],
  [L - 1n, true],
  [L, false],
  [L + 1n, false],
  [2n ** 256n - 1n, false],
])('%s is below L: %s', (value, expected) => {
  expect(isReducedScalar(littleEndian(value))).toBe(expected);
});

test('near L in any one byte, and anywhere', () => {
  const near = fc
    .tuple(fc.nat({ max: 31 }), fc.integer({ min: -255, max: 255 }))
    .map(([byte, by]) => BigInt.asUintN(256, L + (BigInt(by) << BigInt(8 * byte))));
  fc.assert(
    fc.property(fc.oneof(near, fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })), (value) => {
      expect(isReducedScalar(littleEndian(value))).toBe(value < L);
    }),
    { numRuns: 500 },
  );
});
