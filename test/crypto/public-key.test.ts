import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, toHex, utf8 } from '../../src/core/bytes.ts';
import {
  decodePublicKeyPem,
  encodePublicKeyPem,
  importPublicKey,
  importRawPublicKey,
  publicKeyDer,
} from '../../src/crypto/public-key.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import { thrownBy } from '../support/codes.ts';
import { hexBytes, keyOfPoint, newKeyPair } from '../support/ed25519.ts';
import { judge } from '../support/judge.ts';

const RFC_POINT = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';

const ed25519 = generateKeyPairSync('ed25519');
const others = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
  ed448: generateKeyPairSync('ed448'),
  x25519: generateKeyPairSync('x25519'),
};

describe('a public key', () => {
  test('has the SHA-256 of its SPKI DER as its id, and gives its encoding back', async () => {
    const key = await keyOfPoint(RFC_POINT);
    const der = publicKeyDer(key);
    expect(toHex(der)).toBe(`302a300506032b6570032100${RFC_POINT}`);
    expect(key.keyId).toBe(toHex(await sha256(der)));
    expect(judge('sha256sum', [], { input: der }).stdout.toString().slice(0, 64)).toBe(key.keyId);
    expect(toHex(key.raw)).toBe(RFC_POINT);
    expect(key.algorithm).toBe('ed25519');
    expect((await importRawPublicKey(hexBytes(RFC_POINT))).keyId).toBe(key.keyId);
    expect((await thrownBy(() => importRawPublicKey(new Uint8Array(31)))).code).toBe('trust.key-encoding');
  });

  test('is refused where signatures under it could be forged, or where it is no point', async () => {
    const file = new URL('../vectors/ed25519/edge-cases.json', import.meta.url);
    const keys: { name: string; key: string; expected: string }[] = JSON.parse(
      readFileSync(file, 'utf8'),
    ).cases.filter((c: { expected: string }) => c.expected.startsWith('key-'));
    expect(keys.length).toBeGreaterThan(50);
    for (const { name, key, expected } of keys) {
      const error = await thrownBy(() => keyOfPoint(key));
      expect(error.code, name).toBe(expected === 'key-weak' ? 'trust.key-weak' : 'trust.key-point');
    }
  });

  test('has one encoding: nothing longer, shorter or otherwise encoded is converted', async () => {
    const der = publicKeyDer(await keyOfPoint(RFC_POINT));
    const wrong: Bytes[] = [
      new Uint8Array(),
      der.subarray(0, 43),
      Uint8Array.of(...der, 0),
      hexBytes(RFC_POINT),
      hexBytes(`302c300706032b65700500032100${RFC_POINT}`),
      hexBytes(`30812a300506032b6570032100${RFC_POINT}`),
    ];
    for (let i = 0; i < 12; i++) {
      const changed = der.slice();
      changed[i]! ^= 0x40;
      wrong.push(changed);
    }
    for (const bytes of wrong) {
      const { code } = await thrownBy(() => importPublicKey(bytes));
      expect(['trust.key-encoding', 'trust.key-unsupported']).toContain(code);
    }
  });

  test.each(Object.entries(others))('of another kind is refused by name: %s', async (_, { publicKey }) => {
    const der = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
    expect((await thrownBy(() => importPublicKey(der))).code).toBe('trust.key-unsupported');
    const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string;
    expect((await thrownBy(() => decodePublicKeyPem(pem))).code).toBe('trust.key-unsupported');
  });

  test.each(Object.entries({ ...others, ed25519 }))(
    'is not what a private key is taken for: %s',
    async (_, { privateKey }) => {
      const der = new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }));
      expect((await thrownBy(() => importPublicKey(der))).code).toBe('trust.key-private');
      const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
      const error = await thrownBy(() => decodePublicKeyPem(pem));
      expect(error.code).toBe('trust.key-private');
      expect(error.message).not.toContain(pem.slice(30, 60));
    },
  );

  test('ends in a key or in a refusal, whatever the bytes', async () => {
    const anyDer = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((raw) => hexBytes(`302a300506032b6570032100${toHex(raw)}`));
    const bytes = fc.oneof(
      anyDer,
      fc.uint8Array({ maxLength: 200 }).map((b) => Uint8Array.from(b)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (der) => {
        const key = await importPublicKey(der).catch((error) => void thrownBy(() => Promise.reject(error)));
        if (key !== undefined) expect(publicKeyDer(key)).toEqual(der);
      }),
    );
  });
});

describe('PEM', () => {
  test('is written as OpenSSL writes it, and read back', async () => {
    const { key } = await newKeyPair();
    const pem = encodePublicKeyPem(key);
    expect(pem).toHaveLength(113);
    expect(createPublicKey(pem).export({ format: 'pem', type: 'spki' })).toBe(pem);
    const again = judge('openssl', ['pkey', '-pubin', '-pubout'], { input: utf8(pem) });
    expect(again.stdout.toString()).toBe(pem);
    expect((await decodePublicKeyPem(pem)).keyId).toBe(key.keyId);
  });

  test('may have the line ends of Windows, and none at its end', async () => {
    const { key } = await newKeyPair();
    const pem = encodePublicKeyPem(key);
    for (const text of [pem.replaceAll('\n', '\r\n'), pem.trimEnd()]) {
      expect((await decodePublicKeyPem(text)).keyId).toBe(key.keyId);
    }
  });

  test('is one block PUBLIC KEY, with nothing around it', async () => {
    const { key } = await newKeyPair();
    const pem = encodePublicKeyPem(key);
    const [begin, base64, end] = pem.split('\n') as [string, string, string];
    const wrong = [
      '',
      base64,
      `${pem}${pem}`,
      ` ${pem}`,
      `${pem}\n`,
      `\ufeff${pem}`,
      `# our key\n${pem}`,
      `${pem}# our key\n`,
      pem.replaceAll('PUBLIC KEY', 'CERTIFICATE'),
      pem.replaceAll('PUBLIC KEY', 'RSA PUBLIC KEY'),
      `${begin}\n${base64.slice(0, 30)}\n${base64.slice(30)}\n${end}\n`,
      `${begin}\n\n${base64}\n${end}\n`,
      `${begin}\n${base64}\n\n${end}\n`,
      `${begin}\n${base64.slice(0, -2)}=\n${end}\n`,
      `${begin}\nComment: x\n${base64}\n${end}\n`,
    ];
    for (const text of wrong) {
      expect((await thrownBy(() => decodePublicKeyPem(text))).code, text).toBe('trust.key-pem');
    }
  });

  test('of an encrypted or old-style private key is called a private key', async () => {
    for (const label of ['ENCRYPTED PRIVATE KEY', 'EC PRIVATE KEY', 'OPENSSH PRIVATE KEY']) {
      const text = `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;
      expect((await thrownBy(() => decodePublicKeyPem(text))).code).toBe('trust.key-private');
    }
  });
});
