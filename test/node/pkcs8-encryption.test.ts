import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, toHex, utf8 } from '../../src/core/bytes.ts';
import { DER, encodeDer, encodeDerInteger, encodeDerOid } from '../../src/node/der.ts';
import { decodePrivateKeyPem, generateKeyPair, readPrivateKeyFile } from '../../src/node/keys.ts';
import {
  decryptPkcs8,
  MAX_PBKDF2_ITERATIONS,
  MAX_SCRYPT_MEMORY_BYTES,
  MAX_SCRYPT_WORK,
} from '../../src/node/pkcs8-encryption.ts';
import { testKeyPem, testSigner } from '../pack/fixture.ts';
import { thrownBy } from '../support/codes.ts';
import { judge } from '../support/judge.ts';
import { tempFolder } from '../support/temp.ts';

const PASSPHRASE = 'correct horse \xe9';
const passphrase = () => utf8(PASSPHRASE);

/** The path of test key 1, encrypted by OpenSSL. */
async function encryptedByOpenssl(...how: string[]): Promise<string> {
  const folder = await tempFolder();
  await writeFile(join(folder, 'plain.pem'), testKeyPem(1));
  await writeFile(join(folder, 'pass'), PASSPHRASE);
  const { status, stderr } = judge(
    'openssl',
    ['pkcs8', '-topk8', '-in', 'plain.pem', '-out', 'key.pem', '-passout', 'file:pass', ...how],
    { cwd: folder },
  );
  expect([status, stderr]).toEqual([0, '']);
  return join(folder, 'key.pem');
}

describe('an encrypted private key', () => {
  test.each([
    ['as genpkey and pkcs8 write it', []],
    ['with scrypt', ['-scrypt']],
    ['with AES-128', ['-v2', 'aes-128-cbc']],
    ['with HMAC-SHA-1, which is not written down', ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA1']],
    ['with HMAC-SHA-512', ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA512', '-iter', '600000']],
  ])('of OpenSSL, %s, signs like the plain one', async (_, how) => {
    const path = await encryptedByOpenssl(...how);
    const { signer, encrypted } = await readPrivateKeyFile(path, passphrase());
    const plain = await testSigner(1);
    expect([encrypted, signer.key.keyId]).toEqual([true, plain.key.keyId]);
    expect(await signer.sign(utf8('m'))).toEqual(await plain.sign(utf8('m')));
  });

  test.each([
    ['AES-192', ['-v2', 'aes-192-cbc'], 'aes-192-cbc'],
    ['triple DES', ['-v2', 'des3'], 'des-ede3-cbc'],
    ['HMAC-SHA-384', ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA384'], 'hmacWithSHA384'],
    ['PKCS#12', ['-v1', 'PBE-SHA1-3DES'], 'pbeWithSHA1And3-KeyTripleDES-CBC'],
  ])('with %s is refused by name', async (_, how, scheme) => {
    const path = await encryptedByOpenssl(...how);
    const error = await thrownBy(() => readPrivateKeyFile(path, passphrase()));
    expect(error.code).toBe('trust.signing-key-encryption');
    expect(error.message).toContain(scheme);
  });

  test('in the old way of PEM is refused', async () => {
    const old =
      '-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-CBC,00\n\nAAAA\n-----END PRIVATE KEY-----\n';
    const error = await thrownBy(() => decodePrivateKeyPem(old, 'k', passphrase()));
    expect(error.code).toBe('trust.signing-key-encryption');
  });

  test('of another algorithm is refused by name', async () => {
    const path = join(await tempFolder(), 'k.pem');
    const made = ['genpkey', '-algorithm', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-aes-256-cbc'];
    judge('openssl', [...made, '-pass', 'pass:x', '-out', path]);
    const error = await thrownBy(() => readPrivateKeyFile(path, utf8('x')));
    expect(error.code).toBe('trust.signing-key-algorithm');
  });

  test('is opened by its own passphrase alone, and nothing is told of either', async () => {
    const pem = await readFile(await encryptedByOpenssl(), 'utf8');
    // More than 256, since one in so many leaves padding that looks right.
    for (let i = 0; i < 600; i++) {
      const error = await thrownBy(() => decodePrivateKeyPem(pem, 'k.pem', utf8(`wrong ${i}`)));
      expect(error.code).toBe('trust.signing-key-passphrase');
      expect(JSON.stringify([error.message, error.facts, error.cause])).not.toContain('wrong');
    }
    for (const near of [`${PASSPHRASE}\n`, ` ${PASSPHRASE}`, PASSPHRASE.slice(1)]) {
      const error = await thrownBy(() => decodePrivateKeyPem(pem, 'k.pem', utf8(near)));
      expect(error.code).toBe('trust.signing-key-passphrase');
    }
  });

  test('without a passphrase is refused', async () => {
    const { privatePem } = await generateKeyPair(utf8('x'));
    expect((await thrownBy(() => decodePrivateKeyPem(privatePem))).code).toBe('trust.signing-key-encrypted');
  });
});

describe('a key pair with a passphrase', () => {
  test('is one that OpenSSL reads with it, and not without', async () => {
    const folder = await tempFolder();
    const { key, privatePem, publicPem } = await generateKeyPair(passphrase());
    await writeFile(join(folder, 'k'), privatePem);
    await writeFile(join(folder, 'pass'), PASSPHRASE);
    const read = (pass: string) =>
      judge('openssl', ['pkey', '-in', 'k', '-passin', pass, '-pubout'], { cwd: folder });
    expect(read('file:pass').stdout.toString()).toBe(publicPem);
    expect(read('pass:wrong').status).not.toBe(0);
    expect((await decodePrivateKeyPem(privatePem, 'k', passphrase())).key.keyId).toBe(key.keyId);
    // scrypt with N = 2^14, r = 8, p = 5.
    const structure = judge('openssl', ['asn1parse', '-in', 'k'], { cwd: folder }).stdout.toString();
    expect(structure).toMatch(/:scrypt[\s\S]*INTEGER +:4000[\s\S]*:08[\s\S]*:05[\s\S]*:aes-256-cbc/);
  });

  test('is encrypted anew each time', async () => {
    const [a, b] = [await generateKeyPair(utf8('x')), await generateKeyPair(utf8('x'))];
    const salts = [a, b].map(({ privatePem }) => privatePem.split('\n')[1]);
    expect(salts[0]).not.toBe(salts[1]);
  });
});

const sequence = (...content: Uint8Array[]) => encodeDer(DER.sequence, ...content);
const octets = (size: number) => encodeDer(DER.octetString, new Uint8Array(size));
const AES_256 = sequence(encodeDerOid('2.16.840.1.101.3.4.1.42'), octets(16));

function encryptedBy(derivation: Bytes, data = octets(48), cipher = AES_256): Bytes {
  return sequence(sequence(encodeDerOid('1.2.840.113549.1.5.13'), sequence(derivation, cipher)), data);
}
const pbkdf2 = (...parameters: Bytes[]) =>
  sequence(encodeDerOid('1.2.840.113549.1.5.12'), sequence(octets(8), ...parameters));
const scrypt = (n: number, r: number, p: number) =>
  sequence(
    encodeDerOid('1.3.6.1.4.1.11591.4.11'),
    sequence(octets(8), ...[n, r, p].map((value) => encodeDerInteger(value))),
  );

describe('what a file asks for is bounded before anything is derived', () => {
  test.each([
    ['PBKDF2 iterations', pbkdf2(encodeDerInteger(MAX_PBKDF2_ITERATIONS + 1))],
    ['no PBKDF2 iterations', pbkdf2(encodeDerInteger(0))],
    ['scrypt memory', scrypt(MAX_SCRYPT_MEMORY_BYTES / 128 / 8, 8, 1)],
    ['scrypt memory by r', scrypt(2, 2 ** 22, 1)],
    ['scrypt memory by p', scrypt(2, 1, 2 ** 30)],
    ['scrypt work', scrypt(2 ** 14, 8, MAX_SCRYPT_WORK / 2 ** 17 + 1)],
    ['a scrypt N that is no power of two', scrypt(3, 8, 1)],
    ['a scrypt N of 1', scrypt(1, 8, 1)],
    ['a scrypt r of 0', scrypt(16, 0, 1)],
    ['numbers far out', scrypt(2 ** 46, 2 ** 46, 2 ** 46)],
  ])('%s', async (_, derivation) => {
    const started = performance.now();
    const error = await thrownBy(() => decryptPkcs8(encryptedBy(derivation), utf8('x'), 'k'));
    expect(error.code).toBe('trust.signing-key-cost');
    expect(performance.now() - started).toBeLessThan(500);
  });

  test('and what is allowed can be derived', async () => {
    const error = await thrownBy(() => decryptPkcs8(encryptedBy(scrypt(2 ** 17, 8, 1)), utf8('x'), 'k'));
    expect(error.code).toBe('trust.signing-key-passphrase');
  });
});

test.each([
  [
    'a key size that its cipher does not take',
    encryptedBy(pbkdf2(encodeDerInteger(1), encodeDerInteger(16))),
  ],
  [
    'a short initialisation vector',
    encryptedBy(scrypt(16, 1, 1), octets(48), sequence(encodeDerOid('2.16.840.1.101.3.4.1.42'), octets(8))),
  ],
  ['content that is no whole number of blocks', encryptedBy(scrypt(16, 1, 1), octets(47))],
  ['no content', encryptedBy(scrypt(16, 1, 1), octets(0))],
  ['something behind it', Uint8Array.of(...encryptedBy(scrypt(16, 1, 1)), 0)],
  [
    'something behind the numbers of scrypt',
    encryptedBy(
      sequence(
        encodeDerOid('1.3.6.1.4.1.11591.4.11'),
        sequence(octets(8), ...[16, 1, 1].map((value) => encodeDerInteger(value)), octets(8)),
      ),
    ),
  ],
  ['a number below zero', encryptedBy(pbkdf2(encodeDer(DER.integer, Uint8Array.of(0x80))))],
])('%s is malformed', async (_, der) => {
  const error = await thrownBy(() => decryptPkcs8(der, utf8('x'), 'k'));
  expect(error.code).toBe('trust.signing-key-malformed');
});

test('an encrypted key of any content is a refusal with one of our codes', async () => {
  const good = encryptedBy(scrypt(2, 1, 1));
  const byte = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(
      fc.array(byte, { minLength: 1, maxLength: 3 }),
      fc.nat(good.length),
      async (changes, end) => {
        const der = good.slice(0, end === 0 ? good.length : end);
        for (const [at, value] of changes) if (at < der.length) der[at] = value;
        const error = await thrownBy(() => decryptPkcs8(der, utf8('x'), 'k'));
        expect(error.code).toMatch(/^trust\.signing-key-(malformed|encryption|cost|passphrase)$/);
      },
    ),
    { numRuns: 1000 },
  );
});

test('object identifiers and numbers are written as OpenSSL reads them', async () => {
  const path = join(await tempFolder(), 'der');
  await writeFile(
    path,
    sequence(encodeDerOid('2.16.840.1.101.3.4.1.42'), encodeDerInteger(0x8000), octets(300)),
  );
  const said = judge('openssl', ['asn1parse', '-inform', 'DER', '-in', path]).stdout.toString();
  expect(said).toMatch(/:aes-256-cbc[\s\S]*INTEGER +:8000[\s\S]*l= 300/);
  expect(toHex(encodeDerInteger(0))).toBe('020100');
});
