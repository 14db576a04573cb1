import { type Bytes, fromBase64, toBase64, toHex } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { pointKind } from './edwards25519.ts';
import { isP256Point } from './p256.ts';
import { sha256 } from './sha256.ts';
import { decodeSpki, encodeSpki, type KeyAlgorithm, privateKeyError } from './spki.ts';

export type { KeyAlgorithm } from './spki.ts';

/** A public key that was checked when it was imported; see docs/package-format.md, section 4. Made by `importPublicKey` alone. */
export interface PublicKey {
  /** SHA-256 of the SPKI DER, lower-case hex. */
  readonly keyId: string;
  readonly algorithm: KeyAlgorithm;
  /** The point. Ed25519: 32 bytes; P-256: 65, which are 0x04, X and Y. */
  readonly raw: Bytes;
}

/** Something that signs: a key file, an external program, a token. */
export interface Signer {
  readonly key: PublicKey;
  /** 64 bytes. */
  sign(message: Bytes): Promise<Bytes>;
}

/** The point of each imported key, out of the reach of who holds the key. */
const points = new WeakMap<PublicKey, Bytes>();

/**
 * A key from its one encoding, SPKI DER. Ed25519: 44 bytes, whose point decodes canonically, lies in the prime-order
 * subgroup and is not the identity. ECDSA P-256: 91 bytes, with the curve's name and an uncompressed point of the curve.
 * Throws `trust.key-private`, `trust.key-unsupported`, `trust.key-encoding`, `trust.key-point`, `trust.key-weak`.
 */
export async function importPublicKey(spkiDer: Bytes): Promise<PublicKey> {
  const der = spkiDer.slice();
  const { algorithm, point } = decodeSpki(der);
  CHECK_POINT[algorithm](point);
  const key: PublicKey = Object.freeze({ keyId: toHex(await sha256(der)), algorithm, raw: point.slice() });
  points.set(key, point);
  return key;
}

const CHECK_POINT: Readonly<Record<KeyAlgorithm, (point: Bytes) => void>> = {
  ed25519: (point) => {
    const kind = pointKind(point);
    if (kind === 'none') {
      throw new DfuError('trust.key-point', 'its 32 bytes are no point of the curve edwards25519');
    }
    if (kind === 'weak') {
      throw new DfuError('trust.key-weak', 'its point lies outside the prime-order subgroup');
    }
  },
  // WebCrypto refuses it as well, each engine with words of its own.
  'ecdsa-p256': (point) => {
    if (isP256Point(point.subarray(1))) return;
    throw new DfuError('trust.key-point', 'its X and Y are no point of the curve P-256');
  },
};

/** An Ed25519 key from the 32 bytes of its point. Throws what `importPublicKey` throws. */
export async function importRawPublicKey(point: Bytes): Promise<PublicKey> {
  return importPublicKey(encodeSpki('ed25519', point));
}

/** The key's SPKI DER: the bytes that `importPublicKey` was given. */
export function publicKeyDer(key: PublicKey): Bytes {
  return encodeSpki(key.algorithm, pointOf(key));
}

/** The point of a key, as it was when it was checked. Throws TypeError on an object that `importPublicKey` did not make. */
export function pointOf(key: PublicKey): Bytes {
  const point = points.get(key);
  if (point === undefined) throw new TypeError('not a public key that was imported here');
  return point;
}

/**
 * A key from PEM text: one block `PUBLIC KEY` and nothing around it; line ends LF or CR LF, the last one may be absent.
 * Throws `trust.key-private`, `trust.key-pem`, and what `importPublicKey` throws.
 */
export async function decodePublicKeyPem(text: string): Promise<PublicKey> {
  if (text.includes('PRIVATE KEY-----')) throw privateKeyError();
  const parts =
    /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+?)\r?\n-----END PUBLIC KEY-----(?:\r?\n)?$/.exec(
      text,
    );
  if (parts === null) throw pemError(text);
  const der = fromBase64((parts[1] as string).replace(/\r?\n/g, ''));
  if (der === undefined) throw new DfuError('trust.key-pem', 'the base64 of the PEM block is damaged');
  const key = await importPublicKey(der);
  if (encodePublicKeyPem(key).trimEnd() !== text.replaceAll('\r\n', '\n').trimEnd()) {
    throw new DfuError(
      'trust.key-pem',
      'the base64 of the PEM block is broken across lines otherwise than usual',
    );
  }
  return key;
}

/** The key as PEM, as OpenSSL writes it: base64 in lines of at most 64 characters, LF line ends. */
export function encodePublicKeyPem(key: PublicKey): string {
  const lines = toBase64(publicKeyDer(key)).replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n`;
}

function pemError(text: string): DfuError {
  const blocks = text.split('-----BEGIN ').length - 1;
  const label = /-----BEGIN ([^\r\n]{1,64}?)-----/.exec(text)?.[1];
  if (blocks === 0) return new DfuError('trust.key-pem', 'there is no PEM block in the key file');
  if (blocks > 1)
    return new DfuError('trust.key-pem', `the key file holds ${blocks} PEM blocks instead of one`);
  if (label !== undefined && label !== 'PUBLIC KEY') {
    return new DfuError('trust.key-pem', `the PEM block is a ${shown(label)}, not a PUBLIC KEY`);
  }
  return new DfuError('trust.key-pem', 'the key file is not exactly one PEM block PUBLIC KEY');
}
