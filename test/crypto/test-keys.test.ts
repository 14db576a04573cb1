import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../src/core/bytes.ts';
import { type KeyAlgorithm, publicKeyDer } from '../../src/crypto/public-key.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import { assertNoTestKey, isTestKey } from '../../src/crypto/test-keys.ts';
import { thrownBy } from '../support/codes.ts';
import { keyOfPoint, newKeyPair } from '../support/ed25519.ts';
import { keyOfP256Point, newP256KeyPair } from '../support/p256.ts';

interface TestKey {
  origin: string;
  algorithm: KeyAlgorithm;
  key: string;
}
const read = (file: string) =>
  JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8'));
const { keys }: { keys: TestKey[] } = read('test-keys.json');
const imported = ({ algorithm, key }: TestKey) =>
  algorithm === 'ed25519' ? keyOfPoint(key) : keyOfP256Point(key);

describe('a public test key', () => {
  test.each(keys)('is a key like others, and known by its id: $origin', async (testKey) => {
    const key = await imported(testKey);
    expect(key.algorithm).toBe(testKey.algorithm);
    expect(isTestKey(key)).toBe(true);
    const error = await thrownBy(() => assertNoTestKey(key));
    const keyId = toHex(await sha256(publicKeyDer(key)));
    expect(error).toMatchObject({
      code: 'trust.test-key',
      exit: 4,
      facts: { keyId, origin: testKey.origin },
    });
    expect(error.message).toContain(testKey.origin);
    expect(error.message).toContain(keyId);
  });

  test('is let through where its own id is allowed, not where another one is', async () => {
    const [one, other] = [await imported(keys[0]!), await imported(keys[1]!)];
    assertNoTestKey(one, new Set([one.keyId]));
    expect((await thrownBy(() => assertNoTestKey(other, new Set([one.keyId])))).code).toBe('trust.test-key');
  });

  test('is every key of RFC 8032, section 7.1', async () => {
    for (const { key } of read('ed25519/rfc8032.json').cases)
      expect(isTestKey(await keyOfPoint(key))).toBe(true);
  });

  test('is no key that somebody makes', async () => {
    for (const { key } of [await newKeyPair(), await newP256KeyPair()]) {
      expect(isTestKey(key)).toBe(false);
      assertNoTestKey(key);
    }
  });
});
