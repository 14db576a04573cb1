import { rm, stat } from 'node:fs/promises';
import { type Bytes, equalBytes, fromBase64, fromHex, toBase64, utf8 } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { MAX_KEY_FILE_BYTES } from '../crypto/key-file.ts';
import {
  encodePublicKeyPem,
  importPublicKey,
  importRawPublicKey,
  type PublicKey,
  type Signer,
} from '../crypto/public-key.ts';
import { readFileAndMode, writeWholeFile } from './files.ts';

/** PKCS#8 (RFC 5958) of an Ed25519 key (RFC 8410, section 7), version 1 without attributes: this, then the 32-byte seed. */
const PKCS8_PREFIX = fixed('302e020100300506032b657004220420');
const SEED_BYTES = 32;

/**
 * A signer from the text of a private key file: one PEM block, Ed25519, `PRIVATE KEY` (PKCS#8) or, with its passphrase,
 * `ENCRYPTED PRIVATE KEY`, as `openssl genpkey -algorithm ed25519` writes it. `name` says in messages which file it was.
 * Throws `trust.key-public`, `trust.signing-key-encrypted`, `trust.signing-key-algorithm`, `trust.signing-key-malformed`,
 * and what `decryptPkcs8` throws.
 */
export async function decodePrivateKeyPem(
  text: string,
  name = 'the key',
  passphrase?: Bytes,
): Promise<Signer> {
  return signerOf(await plainPkcs8(decodePem(text, name), name, passphrase), name);
}

/** A private key file, read. */
export interface PrivateKeyFile {
  signer: Signer;
  /** Somebody besides the owner may read it (never known on Windows). */
  openToOthers: boolean;
  /** Its content is worth nothing without its passphrase. */
  encrypted: boolean;
}

/** Reads a private key file. Throws what `readWholeFile` and `decodePrivateKeyPem` throw. */
export async function readPrivateKeyFile(path: string, passphrase?: Bytes): Promise<PrivateKeyFile> {
  const { bytes, mode } = await readFileAndMode(path, MAX_KEY_FILE_BYTES);
  const openToOthers = process.platform !== 'win32' && (mode & 0o077) !== 0;
  const name = shown(path);
  const block = decodePem(new TextDecoder('latin1').decode(bytes), name);
  bytes.fill(0);
  const signer = await signerOf(await plainPkcs8(block, name, passphrase), name);
  return { signer, openToOthers, encrypted: block.encrypted };
}

/** The key of a PKCS#8 structure, which is wiped. */
async function signerOf(pkcs8: Bytes, name: string): Promise<Signer> {
  const { subtle } = globalThis.crypto;
  const der = await exactPkcs8(pkcs8, name);
  const secret = await subtle.importKey('pkcs8', der, 'Ed25519', true, ['sign']);
  for (const bytes of [pkcs8, der]) bytes.fill(0);
  const { x } = await subtle.exportKey('jwk', secret);
  const point = x === undefined ? undefined : fromBase64(`${x.replaceAll('-', '+').replaceAll('_', '/')}=`);
  if (point === undefined) throw malformed(name, 'its public half can not be computed');
  const key = await importRawPublicKey(point);
  return {
    key,
    sign: async (message) => new Uint8Array(await subtle.sign('Ed25519', secret, message)),
  };
}

/** The structure that can be read without a passphrase. */
async function plainPkcs8(
  { der, encrypted }: PemBlock,
  name: string,
  passphrase: Bytes | undefined,
): Promise<Bytes> {
  if (!encrypted) return der;
  if (passphrase === undefined) {
    throw new DfuError('trust.signing-key-encrypted', `${name} is encrypted with a passphrase`, {
      facts: { file: name },
    });
  }
  const { decryptPkcs8 } = await import('./pkcs8-encryption.ts');
  return decryptPkcs8(der, passphrase, name);
}

/** A new key pair, both halves as OpenSSL reads and writes them. */
export interface KeyPair {
  key: PublicKey;
  /** PKCS#8. */
  privatePem: string;
  /** SPKI. */
  publicPem: string;
}

/** Makes an Ed25519 key pair from the operating system's randomness; the private half encrypted where there is a passphrase. */
export async function generateKeyPair(passphrase?: Bytes): Promise<KeyPair> {
  const { subtle } = globalThis.crypto;
  const pair = await subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('publicKey' in pair)) throw new TypeError('WebCrypto made one key where a pair belongs');
  const key = await importPublicKey(new Uint8Array(await subtle.exportKey('spki', pair.publicKey)));
  const privateDer = new Uint8Array(await subtle.exportKey('pkcs8', pair.privateKey));
  const privatePem = await encodePrivateKeyPem(privateDer, passphrase);
  privateDer.fill(0);
  return { key, privatePem, publicPem: encodePublicKeyPem(key) };
}

async function encodePrivateKeyPem(der: Bytes, passphrase: Bytes | undefined): Promise<string> {
  if (passphrase === undefined) return pem('PRIVATE KEY', der);
  const { encryptPkcs8 } = await import('./pkcs8-encryption.ts');
  return pem('ENCRYPTED PRIVATE KEY', await encryptPkcs8(der, passphrase));
}

/** Lines of 64 characters (RFC 7468). */
function pem(label: string, der: Bytes): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/**
 * Writes a key pair, the private file readable by its owner alone. Neither file is ever replaced: a lost private key
 * can not be made again. Throws `output.exists`, `output.failed`; then neither file was made.
 */
export async function writeKeyPair(pair: KeyPair, privatePath: string, publicPath: string): Promise<void> {
  for (const path of [privatePath, publicPath]) await refuseExisting(path);
  await writeWholeFile(privatePath, [utf8(pair.privatePem)], { replace: false, mode: 0o600 });
  try {
    await writeWholeFile(publicPath, [utf8(pair.publicPem)], { replace: false });
  } catch (cause) {
    // Made a moment ago by us alone, and nobody has its public half.
    await rm(privatePath, { force: true });
    throw cause;
  }
}

/** Before a key is made at all; the writing itself is what can not replace anything. */
async function refuseExisting(path: string): Promise<void> {
  const there = await stat(path).then(
    () => true,
    () => false,
  );
  if (there) {
    const name = shown(path);
    throw new DfuError('output.exists', `${name} exists already`, {
      facts: { file: name },
      cure: 'Choose another name. Key files are never replaced.',
    });
  }
}

interface PemBlock {
  /** PKCS#8: PrivateKeyInfo, or EncryptedPrivateKeyInfo. */
  der: Bytes;
  encrypted: boolean;
}

/** The content of the one PEM block a private key file consists of. */
function decodePem(text: string, name: string): PemBlock {
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1];
  if (label === undefined) {
    throw malformed(
      name,
      text.startsWith('0')
        ? 'no PEM file; it may be DER, which `openssl pkey -inform DER` turns into PEM'
        : 'no PEM file',
    );
  }
  if (text.includes('Proc-Type: 4,ENCRYPTED')) {
    throw new DfuError(
      'trust.signing-key-encryption',
      `${name} is encrypted in the old way of PEM (RFC 1421)`,
      {
        facts: { file: name },
      },
    );
  }
  if (label.endsWith('PUBLIC KEY') || label === 'CERTIFICATE') {
    const what = label === 'CERTIFICATE' ? 'certificate' : 'public key';
    throw new DfuError('trust.key-public', `${name} holds a ${what}, and a private key is needed`, {
      facts: { file: name },
    });
  }
  const foreign = FOREIGN_LABELS.get(label);
  if (foreign !== undefined) throw otherAlgorithm(name, foreign);
  if (label !== 'PRIVATE KEY' && label !== 'ENCRYPTED PRIVATE KEY') {
    throw malformed(name, `its PEM block is "${shown(label.slice(0, 32))}"`);
  }
  const block =
    /^\s*-----BEGIN ((?:ENCRYPTED )?PRIVATE KEY)-----\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+)-----END \1-----\s*$/.exec(
      text,
    );
  const der = block?.[2] === undefined ? undefined : fromBase64(block[2].replace(/\s/g, ''));
  if (der === undefined) throw malformed(name, 'it must hold one PEM block and nothing else');
  return { der, encrypted: label === 'ENCRYPTED PRIVATE KEY' };
}

/** PEM labels of private keys that are no PKCS#8, and what they hold. */
const FOREIGN_LABELS = new Map([
  ['RSA PRIVATE KEY', 'RSA'],
  ['EC PRIVATE KEY', 'EC'],
  ['EC PARAMETERS', 'EC'],
  ['DSA PRIVATE KEY', 'DSA'],
  ['OPENSSH PRIVATE KEY', 'OpenSSH'],
]);

/** The key in the one form that WebCrypto and OpenSSL agree on; other forms of PKCS#8 are read by OpenSSL. */
async function exactPkcs8(der: Bytes, name: string): Promise<Bytes> {
  const exact =
    der.length === PKCS8_PREFIX.length + SEED_BYTES &&
    equalBytes(der.subarray(0, PKCS8_PREFIX.length), PKCS8_PREFIX);
  if (exact) return der;
  const { createPrivateKey } = await import('node:crypto');
  let key: ReturnType<typeof createPrivateKey>;
  try {
    // A view: a copy would be one more to wipe.
    const view = Buffer.from(der.buffer, der.byteOffset, der.length);
    key = createPrivateKey({ key: view, format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw malformed(name, 'its content is no private key that OpenSSL can read', cause);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw otherAlgorithm(name, key.asymmetricKeyType ?? 'unknown');
  return new Uint8Array(key.export({ format: 'der', type: 'pkcs8' }));
}

function otherAlgorithm(name: string, algorithm: string): DfuError {
  return new DfuError(
    'trust.signing-key-algorithm',
    `${name} holds a key of type ${algorithm}; only Ed25519 is supported`,
    { facts: { file: name, algorithm } },
  );
}

function malformed(name: string, why: string, cause?: unknown): DfuError {
  return new DfuError('trust.signing-key-malformed', `${name} is no private key file: ${why}`, {
    facts: { file: name },
    cause,
  });
}

function fixed(hex: string): Bytes {
  const bytes = fromHex(hex);
  if (bytes === undefined) throw new Error('not hex');
  return bytes;
}
