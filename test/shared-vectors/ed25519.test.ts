import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ENGINES } from '../../src/crypto/ed25519.ts';
import { isDfuCode } from '../support/codes.ts';
import { hexBytes as bytes, keyOfPoint as keyOf } from '../support/ed25519.ts';

function vectors<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../../../shared/vectors/ed25519/${name}`, import.meta.url), 'utf8'),
  );
}

interface Wycheproof {
  numberOfTests: number;
  testGroups: {
    publicKey: { pk: string };
    tests: { tcId: number; comment: string; msg: string; sig: string; result: 'valid' | 'invalid' }[];
  }[];
}

describe.each(Object.entries(ENGINES))('the engine %s', (_, verify) => {
  test('answers all Wycheproof cases as published', async () => {
    const { numberOfTests, testGroups } = vectors<Wycheproof>('wycheproof-ed25519.json');
    const wrong: string[] = [];
    let count = 0;
    for (const group of testGroups) {
      const key = await keyOf(group.publicKey.pk);
      for (const { tcId, comment, msg, sig, result } of group.tests) {
        const good = await verify(key, bytes(msg), bytes(sig));
        if (good !== (result === 'valid')) wrong.push(`${tcId} ${comment}`);
        count++;
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBe(numberOfTests);
    expect(count).toBe(151);
  });

  test('refuses all cases of speccheck: the key, or else the signature', async () => {
    const cases = vectors<{ message: string; pub_key: string; signature: string }[]>('speccheck-cases.json');
    expect(cases).toHaveLength(12);
    const accepted: number[] = [];
    for (const [i, c] of cases.entries()) {
      const key = await keyOf(c.pub_key).catch((error: unknown) => {
        if (isDfuCode(error, 'trust.key-weak', 'trust.key-point')) return undefined;
        throw error;
      });
      if (key !== undefined && (await verify(key, bytes(c.message), bytes(c.signature)))) accepted.push(i);
    }
    expect(accepted).toEqual([]);
  });
});
