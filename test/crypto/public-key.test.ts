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
import { keyOfP256Point, newP256KeyPair, P256_SPKI } from '../support/p256.ts';

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

  test('that is refused says in its facts what it was', async () => {
    const factsOf = async (der: Bytes) => (await thrownBy(() => importPublicKey(der))).facts;
    const spki = (name: keyof typeof others) =>
      new Uint8Array(others[name].publicKey.export({ format: 'der', type: 'spki' }));
    expect(await factsOf(spki('rsa'))).toEqual({ algorithm: 'RSA' });
    expect(await factsOf(spki('ed448'))).toEqual({ algorithm: 'Ed448' });
    expect(await factsOf(spki('P-384'))).toEqual({ algorithm: 'ECDSA P-384' });
    expect(await factsOf(new Uint8Array(7))).toEqual({ length: 7 });
    expect(await factsOf(hexBytes(`${P256_SPKI}04`))).toEqual({ length: 27 });
    // An algorithm's name anywhere but where it is the key's own names nothing.
    expect(await factsOf(hexBytes(`0000302a300506032b6571032100${RFC_POINT}`))).toEqual({ length: 46 });
  });

  test('is the one of the bytes at the call', async () => {
    const der = hexBytes(`302a300506032b6570032100${RFC_POINT}`);
    const importing = importPublicKey(der);
    der.fill(0);
    const key = await importing;
    expect(key.keyId).toBe((await keyOfPoint(RFC_POINT)).keyId);
  });

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

describe('a P-256 key', () => {
  const X = '7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978';
  const Y = '07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1';
  const EC = '06072a8648ce3d0201';
  const NAMED = `3013${EC}06082a8648ce3d030107`;

  test('has the SHA-256 of its SPKI DER as its id, and gives its encoding and its PEM back', async () => {
    const key = await keyOfP256Point(`04${X}${Y}`);
    const der = publicKeyDer(key);
    expect(toHex(der)).toBe(`${P256_SPKI}04${X}${Y}`);
    expect(der).toHaveLength(91);
    expect(key).toMatchObject({ algorithm: 'ecdsa-p256', keyId: toHex(await sha256(der)) });
    expect(toHex(key.raw)).toBe(`04${X}${Y}`);
    const pem = encodePublicKeyPem(key);
    expect(judge('openssl', ['pkey', '-pubin', '-pubout'], { input: utf8(pem) }).stdout.toString()).toBe(pem);
    for (const text of [pem, pem.trimEnd(), pem.replaceAll('\n', '\r\n')]) {
      expect((await decodePublicKeyPem(text)).keyId).toBe(key.keyId);
    }
    const oneLine = pem.replace(/([A-Za-z0-9+/]{64})\n/, '$1');
    expect((await thrownBy(() => decodePublicKeyPem(oneLine))).code).toBe('trust.key-pem');
  });

  test('is taken from OpenSSL, whatever the point', async () => {
    for (const { key } of await Promise.all(Array.from({ length: 8 }, newP256KeyPair))) {
      expect((await decodePublicKeyPem(encodePublicKeyPem(key))).keyId).toBe(key.keyId);
    }
  });

  test.each([
    ['a compressed point, Y even', `3039${NAMED}03220002${X}`, 'trust.key-encoding', 'compressed'],
    ['a compressed point, Y odd', `3039${NAMED}03220003${X}`, 'trust.key-encoding', 'compressed'],
    ['a hybrid point, Y even', `3059${NAMED}03420006${X}${Y}`, 'trust.key-encoding', 'hybrid'],
    ['a hybrid point, Y odd', `3059${NAMED}03420007${X}${Y}`, 'trust.key-encoding', 'hybrid'],
    ['the point at infinity', `3019${NAMED}03020000`, 'trust.key-point', 'infinity'],
    ['zeros', `${P256_SPKI}04${'00'.repeat(64)}`, 'trust.key-point', 'P-256'],
    ['X twice', `${P256_SPKI}04${X}${X}`, 'trust.key-point', 'P-256'],
    ['X and Y changed about', `${P256_SPKI}04${Y}${X}`, 'trust.key-point', 'P-256'],
    ['coordinates over p', `${P256_SPKI}04${'ff'.repeat(64)}`, 'trust.key-point', 'P-256'],
    ['unused bits', `3059${NAMED}03420104${X}${Y}`, 'trust.key-encoding', '91'],
    ['a byte too many', `${P256_SPKI}04${X}${Y}00`, 'trust.key-encoding', '91'],
    ['a byte too few', `${P256_SPKI}04${X}${Y}`.slice(0, -2), 'trust.key-encoding', '91'],
    ['a length in long form', `308159${NAMED}03420004${X}${Y}`, 'trust.key-encoding', '91'],
    ['explicit parameters', `3082014b30820103${EC}3081f7020101`, 'trust.key-encoding', 'explicit'],
    ['no parameters', `304f3009${EC}03420004${X}${Y}`, 'trust.key-unsupported', 'curve'],
    ['secp256k1', `30563010${EC}06052b8104000a03420004${X}${Y}`, 'trust.key-unsupported', 'secp256k1'],
    ['P-384', `30763010${EC}06052b8104002203620004`, 'trust.key-unsupported', 'P-384'],
  ])('is refused by name: %s', async (_, hex, code, word) => {
    const error = await thrownBy(() => importPublicKey(hexBytes(hex)));
    expect(error.code).toBe(code);
    expect(error.message).toContain(word);
  });

  test('of OpenSSL with explicit parameters, or compressed, is refused and never converted', async () => {
    const pem = encodePublicKeyPem(await keyOfP256Point(`04${X}${Y}`));
    for (const [options, word] of [
      [['-param_enc', 'explicit'], 'explicit'],
      [['-conv_form', 'compressed'], 'compressed'],
      [['-conv_form', 'hybrid'], 'hybrid'],
    ] as const) {
      const other = judge('openssl', ['ec', '-pubin', '-pubout', ...options], { input: utf8(pem) });
      const error = await thrownBy(() => decodePublicKeyPem(other.stdout.toString()));
      expect([error.code, error.message]).toEqual(['trust.key-encoding', expect.stringContaining(word)]);
    }
  });

  test('ends in a key or in a refusal, and agrees with WebCrypto on what is a point', async () => {
    const good = publicKeyDer(await keyOfP256Point(`04${X}${Y}`));
    await fc.assert(
      fc.asyncProperty(fc.nat(90), fc.nat(255), async (at, value) => {
        const der = good.slice();
        der[at] = value;
        const key = await importPublicKey(der).catch((error) => void thrownBy(() => Promise.reject(error)));
        if (key !== undefined) expect(publicKeyDer(key)).toEqual(der);
        if (at < 27) return;
        const engine = crypto.subtle.importKey('spki', der, { name: 'ECDSA', namedCurve: 'P-256' }, false, [
          'verify',
        ]);
        const isPoint = await engine.then(
          () => true,
          () => false,
        );
        expect(key !== undefined).toBe(isPoint);
      }),
      { numRuns: 200 },
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

  test.each([
    ['nothing', () => '', 'there is no PEM block in the key file'],
    ['text', () => 'ssh-ed25519 AAAA', 'there is no PEM block in the key file'],
    ['two keys', (pem: string) => pem + pem, 'the key file holds 2 PEM blocks instead of one'],
    [
      'a certificate',
      (pem: string) => pem.replaceAll('PUBLIC KEY', 'CERTIFICATE'),
      'the PEM block is a CERTIFICATE, not a PUBLIC KEY',
    ],
    [
      'a block that only begins',
      (pem: string) => pem.slice(0, 40),
      'the key file is not exactly one PEM block PUBLIC KEY',
    ],
    [
      'a block without a label that ends',
      () => `-----BEGIN ${'x'.repeat(70)}-----`,
      'the key file is not exactly one PEM block PUBLIC KEY',
    ],
    [
      'a comment around it',
      (pem: string) => `# ours\n${pem}`,
      'the key file is not exactly one PEM block PUBLIC KEY',
    ],
  ])('that is not one block: the message says what was found instead, %s', async (_, make, message) => {
    const pem = encodePublicKeyPem((await newKeyPair()).key);
    expect((await thrownBy(() => decodePublicKeyPem(make(pem)))).message).toBe(message);
  });

  test('of an encrypted or old-style private key is called a private key', async () => {
    for (const label of ['ENCRYPTED PRIVATE KEY', 'EC PRIVATE KEY', 'OPENSSH PRIVATE KEY']) {
      const text = `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;
      expect((await thrownBy(() => decodePublicKeyPem(text))).code).toBe('trust.key-private');
    }
  });
});
