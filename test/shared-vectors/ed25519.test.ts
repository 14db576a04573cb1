import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, fromHex } from '../../src/core/bytes.ts';
import { ENGINES } from '../../src/crypto/ed25519.ts';
import { importPublicKey, type PublicKey } from '../../src/crypto/public-key.ts';
import { isDfuCode } from '../support/codes.ts';

const SPKI_PREFIX = '302a300506032b6570032100';

function vectors<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../../../shared/vectors/ed25519/${name}`, import.meta.url), 'utf8'),
  );
}

const bytes = (hex: string): Bytes => {
  const value = fromHex(hex);
  if (value === undefined) throw new Error(`no hex: ${hex}`);
  return value;
};

const keyOf = (rawHex: string): Promise<PublicKey> =>
  importPublicKey(concat([bytes(SPKI_PREFIX), bytes(rawHex)]));

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
