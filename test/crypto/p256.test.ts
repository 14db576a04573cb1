import { describe, expect, test } from 'vitest';
import { isP256Point, numberBytes, numberOf } from '../../src/crypto/p256.ts';
import { hexBytes } from '../support/ed25519.ts';
import { hex256 } from '../support/p256.ts';

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const isPoint = (x: bigint, y: bigint) => isP256Point(hexBytes(hex256(x) + hex256(y)));

describe('a point of P-256', () => {
  // The base point (SP 800-186, section 3.2.1.3), and points with an X of 0 and a Y of 5: small enough to have p added.
  const G = [
    0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  ] as const;
  const ROOT_OF_B = 0x66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4n;
  const X_AT_5 = 0xd7325d7646cd60d80a92738ceb345f844cffaf35841022cab176f692de8de1d7n;

  test('is on the curve', () => {
    for (const [x, y] of [G, [0n, ROOT_OF_B], [X_AT_5, 5n]] as const) {
      expect(isPoint(x, y)).toBe(true);
      expect(isPoint(x, P - y)).toBe(true);
      expect(isPoint(x, y + 1n)).toBe(false);
      expect(isPoint(x + 1n, y)).toBe(false);
    }
  });

  test('has one encoding: coordinates are below p', () => {
    expect(isPoint(P, ROOT_OF_B)).toBe(false);
    expect(isPoint(X_AT_5, P + 5n)).toBe(false);
  });

  test('is 64 bytes', () => {
    const bytes = hexBytes(hex256(G[0]) + hex256(G[1]));
    expect(isP256Point(bytes)).toBe(true);
    for (const wrong of [new Uint8Array(), bytes.subarray(0, 63), Uint8Array.of(...bytes, 0)]) {
      expect(isP256Point(wrong)).toBe(false);
    }
  });

  test('numbers are big-endian', () => {
    expect(numberOf(hexBytes('0102ff'))).toBe(0x0102ffn);
    expect(numberBytes(0x0102ffn)).toEqual(hexBytes(`${'00'.repeat(29)}0102ff`));
  });
});
