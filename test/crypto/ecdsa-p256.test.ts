import { createPublicKey, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex, utf8 } from '../../src/core/bytes.ts';
import { verifyEcdsaP256 } from '../../src/crypto/ecdsa-p256.ts';
import { ecdsaSignatureFromDer, normaliseLowS } from '../../src/crypto/ecdsa-signature.ts';
import { verifyEd25519 } from '../../src/crypto/ed25519.ts';
import { encodePublicKeyPem, type PublicKey } from '../../src/crypto/public-key.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import { verifySignature } from '../../src/crypto/signature.ts';
import { PAYLOAD_TYPES, pae } from '../../src/format/dsse.ts';
import { hexBytes, newKeyPair } from '../support/ed25519.ts';
import { judge } from '../support/judge.ts';
import { derOfSignature, hex256, keyOfP256Point, P256_N as N, newP256KeyPair } from '../support/p256.ts';
import { tempFolder } from '../support/temp.ts';

interface Case {
  id: number;
  key: string;
  message: string;
  signature: string;
  published: 'valid' | 'invalid';
}
const { raw }: { raw: Case[] } = JSON.parse(
  readFileSync(new URL('../vectors/ecdsa-p256/wycheproof.json', import.meta.url), 'utf8'),
);

const RFC_6979_POINT =
  '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299';
const sOf = (signature: Uint8Array) => BigInt(`0x${toHex(signature.subarray(32))}`);
const withS = (signature: Uint8Array, s: bigint) => hexBytes(toHex(signature.subarray(0, 32)) + hex256(s));

describe('a P-256 signature', () => {
  test.each(raw)('is answered as published, save that only the low s is taken: Wycheproof $id', async (c) => {
    const key = await keyOfP256Point(c.key);
    const [message, signature] = [hexBytes(c.message), hexBytes(c.signature)];
    const isLow = signature.length === 64 && sOf(signature) <= N >> 1n;
    expect(await verifyEcdsaP256(key, message, signature)).toBe(c.published === 'valid' && isLow);
    expect(await verifyEcdsaP256(key, message, normaliseLowS(signature))).toBe(c.published === 'valid');
  });

  test('is the one of RFC 6979 over "sample" and "test", with the low s', async () => {
    const key = await keyOfP256Point(RFC_6979_POINT);
    for (const [text, r, s] of [
      [
        'sample',
        'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
        'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
      ],
      [
        'test',
        'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367',
        '019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
      ],
    ] as const) {
      expect(await verifyEcdsaP256(key, utf8(text), normaliseLowS(hexBytes(r + s))), text).toBe(true);
    }
  });

  test('is the one of the format’s description, whose high s is refused', async () => {
    const description = readFileSync(new URL('../../docs/package-format.md', import.meta.url), 'utf8');
    const number = (name: string) =>
      new RegExp(`^ {4}${name} +([0-9a-f]{64})$`, 'm').exec(description)?.[1] ?? `no ${name}`;
    const key = await keyOfP256Point(RFC_6979_POINT);
    expect(description).toContain(key.keyId);
    const message = pae(
      PAYLOAD_TYPES.manifest,
      Uint8Array.from({ length: 32 }, (_, i) => i),
    );
    expect(toHex(await sha256(message))).toBe(number('SHA-256 of the message'));
    const [r, s, high] = [number('r'), number('s'), number('the high s, refused')];
    expect(await verifyEcdsaP256(key, message, hexBytes(r + s))).toBe(true);
    expect(await verifyEcdsaP256(key, message, hexBytes(r + high))).toBe(false);
    expect(toHex(normaliseLowS(hexBytes(r + high)))).toBe(r + s);
  });

  test('is refused with the other s, out of range, in DER, over another message, with a bit changed', async () => {
    const { key, sign } = await newP256KeyPair();
    const message = utf8('a message');
    const good = sign(message);
    const s = sOf(good);
    expect(await verifyEcdsaP256(key, message, good)).toBe(true);
    expect(await verifyEcdsaP256(key, utf8('a messagf'), good)).toBe(false);
    const wrong = [
      withS(good, N - s),
      withS(good, 0n),
      withS(good, N),
      withS(good, (s + N) % 2n ** 256n),
      hexBytes('00'.repeat(32) + hex256(s)),
      hexBytes(hex256(N) + hex256(s)),
      hexBytes('ff'.repeat(32) + hex256(s)),
      derOfSignature(good),
      good.subarray(0, 63),
      Uint8Array.of(...good, 0),
      new Uint8Array(),
    ];
    for (const bit of [0, 7, 255, 256, 300, 511]) {
      const changed = good.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      wrong.push(changed);
    }
    for (const signature of wrong) {
      expect(await verifyEcdsaP256(key, message, signature), toHex(signature)).toBe(false);
    }
  });

  test('is answered with false, never an exception, whatever its bytes are', async () => {
    const { key } = await newP256KeyPair();
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (bytes) => {
        expect(await verifyEcdsaP256(key, new Uint8Array(3), Uint8Array.from(bytes))).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('is good under its own key alone, and stays so when the caller changes the bytes meanwhile', async () => {
    const pairs = await Promise.all(Array.from({ length: 4 }, newP256KeyPair));
    for (const pair of pairs) {
      const message = utf8('one of several');
      const signature = pair.sign(message);
      const answers = Promise.all(pairs.map(({ key }) => verifyEcdsaP256(key, message, signature)));
      message.fill(0);
      signature.fill(0);
      expect(await answers).toEqual(pairs.map((p) => p === pair));
    }
  });

  test('is judged alike by OpenSSL, both ways', async () => {
    const folder = await tempFolder();
    const openssl = (...args: string[]) => judge('openssl', args, { cwd: folder });
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'key.pem');
    const der = openssl('pkey', '-in', 'key.pem', '-pubout', '-outform', 'DER').stdout;
    const key = await keyOfP256Point(toHex(der.subarray(26)));
    const message = utf8('signed by OpenSSL');
    writeFileSync(join(folder, 'message'), message);
    writeFileSync(join(folder, 'pub.pem'), encodePublicKeyPem(key));
    const signature = ecdsaSignatureFromDer(
      new Uint8Array(openssl('dgst', '-sha256', '-sign', 'key.pem', 'message').stdout),
    );
    const low = normaliseLowS(signature!);
    expect(await verifyEcdsaP256(key, message, low)).toBe(true);
    writeFileSync(join(folder, 'low.der'), derOfSignature(low));
    const verdict = openssl('dgst', '-sha256', '-verify', 'pub.pem', '-signature', 'low.der', 'message');
    expect(verdict.stdout.toString()).toContain('Verified OK');
  });

  test('with the high s is good to OpenSSL: refusing it is our rule, not an accident', async () => {
    const { key, sign } = await newP256KeyPair();
    const message = utf8('either s');
    const low = sign(message);
    const other = withS(low, N - sOf(low));
    const pem = { key: createPublicKey(encodePublicKeyPem(key)), dsaEncoding: 'ieee-p1363' } as const;
    expect(verify('sha256', message, pem, other)).toBe(true);
    expect(await verifyEcdsaP256(key, message, other)).toBe(false);
  });
});

describe('verifySignature', () => {
  test('goes by the key: the other algorithm is never tried', async () => {
    const [ed, p256] = [await newKeyPair(), await newP256KeyPair()];
    const message = utf8('one message');
    expect(await verifySignature(ed.key, message, ed.sign(message))).toBe(true);
    expect(await verifySignature(p256.key, message, p256.sign(message))).toBe(true);
    expect(await verifySignature(ed.key, message, p256.sign(message))).toBe(false);
    expect(await verifySignature(p256.key, message, ed.sign(message))).toBe(false);
  });

  test('takes no key that was not imported, and neither algorithm takes a key of the other', async () => {
    const [ed, p256] = [await newKeyPair(), await newP256KeyPair()];
    const message = utf8('x');
    const made: PublicKey = { ...p256.key };
    await expect(verifySignature(made, message, p256.sign(message))).rejects.toThrow(TypeError);
    await expect(verifyEcdsaP256(ed.key, message, ed.sign(message))).rejects.toThrow(TypeError);
    await expect(verifyEd25519(p256.key, message, p256.sign(message))).rejects.toThrow(TypeError);
  });
});
