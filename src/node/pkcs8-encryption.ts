import { createCipheriv, createDecipheriv, pbkdf2, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Bytes } from '../core/bytes.ts';
import { concat } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { DER, DerReader, encodeDer, encodeDerInteger, encodeDerOid } from './der.ts';

// EncryptedPrivateKeyInfo (RFC 5958, section 3) by PBES2 (RFC 8018, section 6.2): a key is derived from the passphrase
// by PBKDF2 (RFC 8018, appendix A.2) or scrypt (RFC 7914, section 7), and AES in CBC mode encrypts with it.

/** What a file may ask for, far above what OpenSSL writes. All is checked before anything is derived. */
export const MAX_PBKDF2_ITERATIONS = 10_000_000;
export const MAX_SCRYPT_MEMORY_BYTES = 256 * 1024 * 1024;
/** N * r * p, to which scrypt's time is proportional: about 3 seconds. */
export const MAX_SCRYPT_WORK = 2 ** 23;

/** What OpenSSL still reads (it gives scrypt 32 MiB), and as much work as OWASP asks for: N = 2^14, r = 8, p = 5. */
const NEW_SCRYPT = { n: 2 ** 14, r: 8, p: 5 } as const;
const SALT_BYTES = 16;
const BLOCK_BYTES = 16;

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';
const AES_256_CBC = '2.16.840.1.101.3.4.1.42';
const CIPHERS = new Map([
  ['2.16.840.1.101.3.4.1.2', { name: 'aes-128-cbc', keyBytes: 16 }],
  [AES_256_CBC, { name: 'aes-256-cbc', keyBytes: 32 }],
]);
const HMAC_SHA1 = '1.2.840.113549.2.7';
const DIGESTS = new Map([
  [HMAC_SHA1, 'sha1'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.11', 'sha512'],
]);

/** What else is met in key files, by the names that OpenSSL gives them. */
const OTHERS = new Map([
  ['1.2.840.113549.1.5.3', 'pbeWithMD5AndDES-CBC'],
  ['1.2.840.113549.1.5.6', 'pbeWithMD5AndRC2-CBC'],
  ['1.2.840.113549.1.5.10', 'pbeWithSHA1AndDES-CBC'],
  ['1.2.840.113549.1.5.11', 'pbeWithSHA1AndRC2-CBC'],
  ['1.2.840.113549.1.12.1.1', 'pbeWithSHA1And128BitRC4'],
  ['1.2.840.113549.1.12.1.3', 'pbeWithSHA1And3-KeyTripleDES-CBC'],
  ['1.2.840.113549.1.12.1.4', 'pbeWithSHA1And2-KeyTripleDES-CBC'],
  ['1.2.840.113549.1.12.1.6', 'pbeWithSHA1And40BitRC2-CBC'],
  ['1.2.840.113549.2.8', 'hmacWithSHA224'],
  ['1.2.840.113549.2.10', 'hmacWithSHA384'],
  ['1.2.840.113549.3.7', 'des-ede3-cbc'],
  ['2.16.840.1.101.3.4.1.22', 'aes-192-cbc'],
]);

type Derivation =
  | { kind: 'pbkdf2'; salt: Bytes; iterations: number; digest: string }
  | { kind: 'scrypt'; salt: Bytes; n: number; r: number; p: number };

interface Encrypted {
  derivation: Derivation;
  cipher: { name: string; keyBytes: number };
  iv: Bytes;
  data: Bytes;
}

/**
 * The PKCS#8 structure inside an encrypted one. The caller wipes it. `name` says in messages which file it was.
 * Throws `trust.signing-key-malformed`, `trust.signing-key-encryption`, `trust.signing-key-cost`,
 * `trust.signing-key-passphrase`.
 */
export async function decryptPkcs8(der: Bytes, passphrase: Bytes, name: string): Promise<Bytes> {
  const { derivation, cipher, iv, data } = decode(der, name);
  const key = await derive(derivation, passphrase, cipher.keyBytes);
  let plain: Bytes;
  try {
    plain = crypt(createDecipheriv(cipher.name, key, iv), data);
  } catch {
    // OpenSSL says no more than that the padding is wrong.
    throw wrongPassphrase(name);
  } finally {
    key.fill(0);
  }
  // One wrong passphrase in 256 leaves padding that looks right.
  if (isPkcs8(plain)) return plain;
  plain.fill(0);
  throw wrongPassphrase(name);
}

/** A PKCS#8 structure encrypted with a passphrase: scrypt and AES-256-CBC, which OpenSSL 1.1 and later read. */
export async function encryptPkcs8(plain: Bytes, passphrase: Bytes): Promise<Bytes> {
  const salt = new Uint8Array(randomBytes(SALT_BYTES));
  const iv = new Uint8Array(randomBytes(BLOCK_BYTES));
  const { n, r, p } = NEW_SCRYPT;
  const key = await derive({ kind: 'scrypt', salt, n, r, p }, passphrase, 32);
  const data = crypt(createCipheriv('aes-256-cbc', key, iv), plain);
  key.fill(0);
  const derivation = encodeDer(
    DER.sequence,
    encodeDerOid(SCRYPT),
    encodeDer(DER.sequence, encodeDer(DER.octetString, salt), ...[n, r, p].map(encodeDerInteger)),
  );
  const cipher = encodeDer(DER.sequence, encodeDerOid(AES_256_CBC), encodeDer(DER.octetString, iv));
  const scheme = encodeDer(DER.sequence, encodeDerOid(PBES2), encodeDer(DER.sequence, derivation, cipher));
  return encodeDer(DER.sequence, scheme, encodeDer(DER.octetString, data));
}

function decode(der: Bytes, name: string): Encrypted {
  const malformed = (why: string) =>
    new DfuError('trust.signing-key-malformed', `${name} is no private key file: ${why}`, {
      facts: { file: name },
    });
  const file = new DerReader(der, malformed);
  const info = file.sequence();
  file.end();
  const scheme = info.sequence();
  const data = info.read(DER.octetString);
  info.end();
  expectOid(scheme.oid(), PBES2, name);
  const parameters = scheme.sequence();
  scheme.end();
  const derivation = parameters.sequence();
  const encryption = parameters.sequence();
  parameters.end();

  const cipherOid = encryption.oid();
  const cipher = CIPHERS.get(cipherOid);
  if (cipher === undefined) throw unsupported(cipherOid, name);
  const iv = encryption.read(DER.octetString);
  encryption.end();
  if (iv.length !== BLOCK_BYTES) throw malformed('its initialisation vector has a wrong size');
  if (data.length === 0 || data.length % BLOCK_BYTES !== 0) throw malformed('its content has a wrong size');

  const kind = derivation.oid();
  const inner = derivation.sequence();
  derivation.end();
  const { keyBytes, ...found } =
    kind === SCRYPT ? decodeScrypt(inner, name) : decodePbkdf2(kind, inner, name);
  if (keyBytes !== undefined && keyBytes !== cipher.keyBytes) {
    throw malformed('its key has another size than its cipher takes');
  }
  return { derivation: found, cipher, iv, data };
}

function decodeScrypt(parameters: DerReader, name: string): Derivation & { keyBytes?: number } {
  const salt = parameters.read(DER.octetString);
  const [n, r, p] = [parameters.integer(), parameters.integer(), parameters.integer()];
  const keyBytes = keyLength(parameters);
  parameters.end();
  const memoryBytes = 128 * r * (n + p);
  if (n < 2 || !Number.isInteger(Math.log2(n)) || r === 0 || p === 0) {
    throw tooCostly(name, `scrypt with N = ${n}, r = ${r}, p = ${p}, which is not possible`);
  }
  if (memoryBytes > MAX_SCRYPT_MEMORY_BYTES || n * r * p > MAX_SCRYPT_WORK) {
    throw tooCostly(name, `scrypt with N = ${n}, r = ${r}, p = ${p}`);
  }
  return { kind: 'scrypt', salt, n, r, p, ...keyBytes };
}

function decodePbkdf2(oid: string, parameters: DerReader, name: string): Derivation & { keyBytes?: number } {
  expectOid(oid, PBKDF2, name);
  const salt = parameters.read(DER.octetString);
  const iterations = parameters.integer();
  const keyBytes = keyLength(parameters);
  const prf = parameters.has(DER.sequence) ? decodePrf(parameters.sequence()) : HMAC_SHA1;
  parameters.end();
  const digest = DIGESTS.get(prf);
  if (digest === undefined) throw unsupported(prf, name);
  if (iterations < 1 || iterations > MAX_PBKDF2_ITERATIONS) {
    throw tooCostly(name, `PBKDF2 with ${iterations} iterations`);
  }
  return { kind: 'pbkdf2', salt, iterations, digest, ...keyBytes };
}

function keyLength(parameters: DerReader): { keyBytes?: number } {
  return parameters.has(DER.integer) ? { keyBytes: parameters.integer() } : {};
}

function decodePrf(algorithm: DerReader): string {
  const oid = algorithm.oid();
  if (algorithm.has(DER.null)) algorithm.read(DER.null);
  algorithm.end();
  return oid;
}

async function derive(derivation: Derivation, passphrase: Bytes, keyBytes: number): Promise<Buffer> {
  if (derivation.kind === 'pbkdf2') {
    const { salt, iterations, digest } = derivation;
    return promisify(pbkdf2)(passphrase, salt, iterations, keyBytes, digest);
  }
  const { salt, n, r, p } = derivation;
  return new Promise((resolve, reject) => {
    // OpenSSL counts a little more than N and p blocks.
    const options = { N: n, r, p, maxmem: 128 * r * (n + p + 8) + 1024 };
    scrypt(passphrase, salt, keyBytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function crypt(cipher: ReturnType<typeof createCipheriv>, data: Bytes): Bytes {
  const parts = [cipher.update(data)];
  try {
    parts.push(cipher.final());
    return concat(parts);
  } finally {
    for (const part of parts) part.fill(0);
  }
}

/** PrivateKeyInfo (RFC 5958, section 2): a sequence over the whole, a version of 0 or 1, and a sequence. */
function isPkcs8(bytes: Bytes): boolean {
  try {
    const whole = new DerReader(bytes, (why) => new RangeError(why));
    const info = whole.sequence();
    whole.end();
    return info.integer() <= 1 && info.sequence().oid() !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function expectOid(oid: string, expected: string, name: string): void {
  if (oid !== expected) throw unsupported(oid, name);
}

function unsupported(oid: string, name: string): DfuError {
  const scheme = OTHERS.get(oid) ?? oid;
  return new DfuError(
    'trust.signing-key-encryption',
    `${name} is encrypted with ${scheme}, which is not supported`,
    {
      facts: { file: name, scheme },
    },
  );
}

function tooCostly(name: string, cost: string): DfuError {
  return new DfuError('trust.signing-key-cost', `${name} asks for ${cost}`, { facts: { file: name, cost } });
}

function wrongPassphrase(name: string): DfuError {
  return new DfuError(
    'trust.signing-key-passphrase',
    `the passphrase does not open ${name} (or the file is damaged)`,
    { facts: { file: name } },
  );
}
