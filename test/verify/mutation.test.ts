import { describe, expect, test } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { wrapRaw } from '../../src/images/gbl/codec.ts';
import type { Trust } from '../../src/verify/trust.ts';
import { verifyPackage } from '../../src/verify/verify.ts';
import { AT, SAMPLE_IMAGE, samplePackage, testKey } from './fixture.ts';

const key = await testKey(1);
const trust: Trust = { kind: 'keys', keys: [key.public] };
const gbl = wrapRaw({
  image: SAMPLE_IMAGE,
  startAddress: 0x4000,
  application: { type: 0x20, version: 1, capabilities: 0, productId: new Uint8Array(16) },
});
/** A raw image is in every-byte.test.ts, to the last value. */
const PACKAGES: [string, Bytes][] = [
  [
    'gbl',
    await samplePackage({
      keys: [key],
      images: [{ bytes: gbl, entry: { format: 'gbl', startAddress: '0x00004000' } }],
    }),
  ],
];

async function verdictOf(bytes: Bytes): Promise<string> {
  const { report, verified } = await verifyPackage(bytes, trust, { at: AT });
  expect(verified === undefined).toBe(report.verdict !== 'trusted');
  return report.verdict;
}

const REFUSALS = ['malformed', 'corrupt', 'unsigned', 'untrusted', 'refused'];

describe.each(PACKAGES)('a small signed %s package', (_, original) => {
  test('is trusted as it is', async () => {
    expect(await verdictOf(original)).toBe('trusted');
  });

  test('is never accepted with a bit flipped, wherever', async () => {
    for (let bit = 0; bit < 8 * original.length; bit++) {
      const bytes = original.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const verdict = await verdictOf(bytes);
      if (!REFUSALS.includes(verdict)) expect([bit >> 3, bit & 7, verdict]).toEqual(['', '', 'a refusal']);
    }
  });

  test('is never accepted with its end cut off, wherever', async () => {
    for (let length = 0; length < original.length; length++) {
      const verdict = await verdictOf(original.slice(0, length));
      if (verdict !== 'malformed') expect([length, verdict]).toEqual([length, 'malformed']);
    }
  });

  test('is never accepted with a byte taken out or put in, wherever', async () => {
    for (let at = 0; at <= original.length; at++) {
      const [before, after] = [original.slice(0, at), original.slice(at)];
      const longer = await verdictOf(concat([before, Uint8Array.of(0x20), after]));
      const shorter =
        at === original.length ? 'malformed' : await verdictOf(concat([before, after.slice(1)]));
      for (const verdict of [longer, shorter]) {
        if (!REFUSALS.includes(verdict)) expect([at, verdict]).toEqual([at, 'a refusal']);
      }
    }
  });
});
