import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ENGINES, SIGNATURE_BYTES, verifyEd25519 } from '../../src/crypto/ed25519.ts';
import { encodePublicKeyPem, type PublicKey } from '../../src/crypto/public-key.ts';
import { hexBytes, keyOfPoint, newKeyPair } from '../support/ed25519.ts';
import { judge } from '../support/judge.ts';
import { tempFolder } from '../support/temp.ts';

interface Case {
  name: string;
  key: string;
  message?: string;
  signature?: string;
  expected: 'key-weak' | 'key-none' | 'refused' | 'good';
}

function cases<T>(file: string): T[] {
  return JSON.parse(readFileSync(new URL(`../vectors/ed25519/${file}`, import.meta.url), 'utf8')).cases;
}

afterEach(() => vi.restoreAllMocks());

describe.each(Object.entries(ENGINES))('the engine %s', (_, verify) => {
  test('accepts the signatures of RFC 8032, and none of them over another message or with a bit changed', async () => {
    const vectors = cases<{ name: string; key: string; message: string; signature: string }>('rfc8032.json');
    expect(vectors).toHaveLength(5);
    for (const v of vectors) {
      const key = await keyOfPoint(v.key);
      const message = hexBytes(v.message);
      const signature = hexBytes(v.signature);
      expect(await verify(key, message, signature), v.name).toBe(true);
      expect(await verify(key, Uint8Array.of(...message, 0), signature), v.name).toBe(false);
      for (const bit of [0, 7, 255, 256, 300, 511]) {
        const changed = signature.slice();
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(await verify(key, message, changed), `${v.name}, bit ${bit}`).toBe(false);
      }
    }
  });

  test('answers every edge case as the rule demands', async () => {
    const signatures = cases<Case>('edge-cases.json').filter((c) => c.signature !== undefined);
    expect(signatures.length).toBeGreaterThan(25);
    for (const c of signatures) {
      const answer = await verify(await keyOfPoint(c.key), hexBytes(c.message!), hexBytes(c.signature!));
      expect(answer, c.name).toBe(c.expected === 'good');
    }
  });

  test('answers false, and never throws, whatever the signature is', async () => {
    const { key } = await newKeyPair();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ maxLength: 40 }), async (s, m) => {
        expect(await verify(key, Uint8Array.from(m), Uint8Array.from(s))).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('answers a lot of signatures of fresh keys with yes, and under each other’s key with no', async () => {
    const pairs = await Promise.all(Array.from({ length: 8 }, newKeyPair));
    for (const [i, pair] of pairs.entries()) {
      const message = Uint8Array.from({ length: 10 * i }, (_, n) => n);
      const signature = pair.sign(message);
      const answers = await Promise.all(pairs.map(({ key }) => verify(key, message, signature)));
      expect(answers).toEqual(pairs.map((p) => p === pair));
    }
  });
});

describe('verifyEd25519', () => {
  test('uses WebCrypto, and noble where WebCrypto says that it has no Ed25519', async () => {
    const { key, sign } = await newKeyPair();
    const message = hexBytes('0102');
    const verify = vi.spyOn(crypto.subtle, 'verify');
    expect(await verifyEd25519(key, message, sign(message))).toBe(true);
    expect(verify).toHaveBeenCalledTimes(1);

    const other = await newKeyPair();
    vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new DOMException('none', 'NotSupportedError'));
    expect(await verifyEd25519(other.key, message, other.sign(message))).toBe(true);
    expect(await verifyEd25519(other.key, message, sign(message))).toBe(false);
    expect(verify).toHaveBeenCalledTimes(1);
  });

  test('checks the encodings of R and S itself, however lenient WebCrypto is', async () => {
    vi.spyOn(crypto.subtle, 'verify').mockResolvedValue(true);
    const badly = /^(S \+ L|S with its|6[35] bytes|no bytes|R is no point|R is the identity (with|as))/;
    const malformed = cases<Case>('edge-cases.json').filter((c) => badly.test(c.name));
    expect(malformed).toHaveLength(9);
    for (const c of malformed) {
      const key = await keyOfPoint(c.key);
      expect(await ENGINES.webcrypto(key, hexBytes(c.message!), hexBytes(c.signature!)), c.name).toBe(false);
    }
  });

  test('takes no other failure of WebCrypto for an answer', async () => {
    const { key, sign } = await newKeyPair();
    const message = hexBytes('0102');
    vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new DOMException('broken', 'OperationError'));
    await expect(verifyEd25519(key, message, sign(message))).rejects.toThrow('broken');
  });

  test('judges the bytes as they were at the call', async () => {
    const { key, sign } = await newKeyPair();
    const message = hexBytes('0102');
    const signature = sign(message);
    const buffer = new Uint8Array(SIGNATURE_BYTES);
    const answer = verifyEd25519(key, message, buffer);
    buffer.set(signature);
    expect(await answer).toBe(false);
  });

  test('takes only keys that were imported', async () => {
    const { key, sign } = await newKeyPair();
    const message = hexBytes('00');
    const copy: PublicKey = { ...key };
    await expect(verifyEd25519(copy, message, sign(message))).rejects.toThrow(TypeError);
  });

  test('is not led astray by who writes into the bytes of a key', async () => {
    const mine = await newKeyPair();
    const theirs = await newKeyPair();
    mine.key.raw.set(theirs.key.raw);
    const message = hexBytes('00');
    expect(await verifyEd25519(mine.key, message, mine.sign(message))).toBe(true);
    expect(await verifyEd25519(mine.key, message, theirs.sign(message))).toBe(false);
  });

  test('agrees with OpenSSL', async () => {
    const folder = await tempFolder();
    const { key, sign } = await newKeyPair();
    const message = hexBytes('6d657373616765');
    const good = sign(message);
    const bad = good.slice();
    bad[40]! ^= 1;
    writeFileSync(join(folder, 'key.pem'), encodePublicKeyPem(key));
    writeFileSync(join(folder, 'message'), message);
    for (const signature of [good, bad]) {
      writeFileSync(join(folder, 'signature'), signature);
      const args = 'pkeyutl -verify -rawin -pubin -inkey key.pem -in message -sigfile signature'.split(' ');
      const { status } = judge('openssl', args, { cwd: folder });
      expect(await verifyEd25519(key, message, signature)).toBe(status === 0);
      expect(status === 0).toBe(signature === good);
    }
  });
});
