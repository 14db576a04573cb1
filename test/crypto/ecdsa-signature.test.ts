import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, toHex } from '../../src/core/bytes.ts';
import {
  ecdsaSignatureFromDer,
  ecdsaSignatureToDer,
  isLowSSignature,
  normaliseLowS,
} from '../../src/crypto/ecdsa-signature.ts';
import { hexBytes } from '../support/ed25519.ts';
import { derOfSignature, hex256, P256_N as N } from '../support/p256.ts';

const { der: published }: { der: { id: number; signature: string; published: string }[] } = JSON.parse(
  readFileSync(new URL('../vectors/ecdsa-p256/wycheproof.json', import.meta.url), 'utf8'),
);
const half = N >> 1n;
const ofNumbers = (r: bigint, s: bigint) => hexBytes(hex256(r) + hex256(s));
/** Small and large numbers as likely as those of full length: their DER is shorter. */
const number = fc
  .tuple(fc.integer({ min: 0, max: 256 }), fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }))
  .map(([bits, value]) => value >> BigInt(bits));

describe('DER of r and s', () => {
  test('gives the 64 bytes back, whatever the numbers', () => {
    fc.assert(
      fc.property(number, number, (r, s) => {
        const raw = ofNumbers(r, s);
        const der = ecdsaSignatureToDer(raw);
        expect(der).toEqual(derOfSignature(raw));
        expect(ecdsaSignatureFromDer(der)).toEqual(raw);
      }),
    );
  });

  test.each([0x7fn, 0x80n, 0x81n])('gets a zero byte in front from 0x80 on: 0x%s...', (first) => {
    const raw = ofNumbers(first << 248n, first);
    expect(ecdsaSignatureToDer(raw)).toEqual(derOfSignature(raw));
    expect(ecdsaSignatureFromDer(derOfSignature(raw))).toEqual(raw);
  });

  test('has one form: whatever is read, is what DER writes', () => {
    const der = fc.tuple(number, number).map(([r, s]) => derOfSignature(ofNumbers(r, s)));
    fc.assert(
      fc.property(der, fc.nat(), fc.integer({ min: 1, max: 255 }), (good, at, change) => {
        const changed = good.slice();
        changed[at % changed.length]! ^= change;
        for (const bytes of [changed, good.slice(0, at % good.length), concat([good, changed.slice(0, 1)])]) {
          const read = ecdsaSignatureFromDer(bytes);
          if (read !== undefined) expect(derOfSignature(read)).toEqual(bytes);
        }
      }),
    );
  });

  test.each(published)('is read or refused as published: Wycheproof $id', ({ signature, published }) => {
    expect(ecdsaSignatureFromDer(hexBytes(signature)) !== undefined).toBe(published === 'valid');
  });

  test.each([
    ['a negative number', '3006020180020101'],
    ['a number with a zero too many', '300702020001020101'],
    ['a number of no bytes', '30050200020101'],
    ['a number of 257 bits', `3026022101${'00'.repeat(32)}020101`],
    ['a number of 264 bits that begins with zero', `3027022200ff${'00'.repeat(32)}020101`],
    ['three numbers', '3009020101020101020101'],
    ['one number', '3003020101'],
    ['other tags inside', '3006030101030101'],
    ['a SET', '3106020101020101'],
    ['a byte behind it', '300602010102010100'],
    ['a byte behind the numbers', '300702010102010100'],
    ['a number that ends outside', '3006020101020201'],
    ['a length in long form inside', '300702810101020101'],
  ])('is refused: %s', (_, hex) => {
    expect(ecdsaSignatureFromDer(hexBytes(hex))).toBeUndefined();
  });
});

describe('the low s', () => {
  test('is the lower of s and n - s, and the only one that is taken', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: N - 1n }), fc.bigInt({ min: 1n, max: N - 1n }), (r, s) => {
        const low = normaliseLowS(ofNumbers(r, s));
        expect(toHex(low)).toBe(hex256(r) + hex256(s < N - s ? s : N - s));
        expect(normaliseLowS(low)).toEqual(low);
        expect(isLowSSignature(low)).toBe(true);
        expect(isLowSSignature(ofNumbers(r, s))).toBe(s <= half);
      }),
    );
  });

  test('comes with an r from 1 to n - 1', () => {
    for (const [r, isGood] of [
      [0n, false],
      [1n, true],
      [N - 1n, true],
      [N, false],
      [2n ** 256n - 1n, false],
    ] as const) {
      expect(isLowSSignature(ofNumbers(r, 1n))).toBe(isGood);
    }
  });

  test('ends at (n - 1) / 2', () => {
    expect(isLowSSignature(ofNumbers(1n, half))).toBe(true);
    expect(isLowSSignature(ofNumbers(1n, half + 1n))).toBe(false);
    expect(normaliseLowS(ofNumbers(1n, half + 1n))).toEqual(ofNumbers(1n, half));
  });

  test('is made of nothing that is no signature', () => {
    for (const bytes of [
      ofNumbers(1n, 0n),
      ofNumbers(1n, N),
      ofNumbers(1n, 2n ** 256n - 1n),
      new Uint8Array(63),
    ]) {
      expect(normaliseLowS(bytes)).toEqual(bytes);
      expect(isLowSSignature(bytes)).toBe(false);
    }
  });
});
