import { type Bytes, concat, equalBytes, fromBase64, toBase64, toHex } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { counted, shown } from '../core/text.ts';
import { pointKind } from './edwards25519.ts';
import { sha256 } from './sha256.ts';

/** A public key that was checked when it was imported; see docs/package-format.md, section 4. Made by `importPublicKey` alone. */
export interface PublicKey {
  /** SHA-256 of the SPKI DER, lower-case hex. */
  readonly keyId: string;
  readonly algorithm: 'ed25519';
  /** The 32 bytes of the point. */
  readonly raw: Bytes;
}

/** Something that signs: a key file, an external program, a token. */
export interface Signer {
  readonly key: PublicKey;
  /** 64 bytes. */
  sign(message: Bytes): Promise<Bytes>;
}

/** The 12 bytes before the point: SEQUENCE, SEQUENCE, OID 1.3.101.112, BIT STRING (RFC 8410, section 4). */
// biome-ignore format: as in the format's description
const SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);
const SPKI_BYTES = 44;

/** The point of each imported key, out of the reach of who holds the key. */
const points = new WeakMap<PublicKey, Bytes>();

/**
 * A key from its one encoding: SPKI DER of 44 bytes, whose point decodes canonically, lies in the prime-order subgroup
 * and is not the identity.
 * Throws `trust.key-private`, `trust.key-unsupported`, `trust.key-encoding`, `trust.key-point`, `trust.key-weak`.
 */
export async function importPublicKey(spkiDer: Bytes): Promise<PublicKey> {
  const der = spkiDer.slice();
  if (der.length !== SPKI_BYTES || !equalBytes(der.subarray(0, SPKI_PREFIX.length), SPKI_PREFIX)) {
    throw encodingError(der);
  }
  const raw = der.slice(SPKI_PREFIX.length);
  const kind = pointKind(raw);
  if (kind === 'none') {
    throw new DfuError('trust.key-point', 'its 32 bytes are no point of the curve edwards25519');
  }
  if (kind === 'weak') {
    throw new DfuError('trust.key-weak', 'its point lies outside the prime-order subgroup');
  }
  const key: PublicKey = Object.freeze({
    keyId: toHex(await sha256(der)),
    algorithm: 'ed25519',
    raw: raw.slice(),
  });
  points.set(key, raw);
  return key;
}

/** A key from the 32 bytes of its point. Throws what `importPublicKey` throws. */
export async function importRawPublicKey(point: Bytes): Promise<PublicKey> {
  return importPublicKey(concat([SPKI_PREFIX, point]));
}

/** The key's SPKI DER: the bytes that `importPublicKey` was given. */
export function publicKeyDer(key: PublicKey): Bytes {
  return concat([SPKI_PREFIX, pointOf(key)]);
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

/** The key as PEM, as OpenSSL writes it: 113 characters, LF line ends. */
export function encodePublicKeyPem(key: PublicKey): string {
  return `-----BEGIN PUBLIC KEY-----\n${toBase64(publicKeyDer(key))}\n-----END PUBLIC KEY-----\n`;
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

function privateKeyError(): DfuError {
  return new DfuError('trust.key-private', 'this is a private key; a public one is wanted');
}

/** AlgorithmIdentifier openings of other keys, by the bytes after the outer header of their SPKI. */
const OTHER_ALGORITHMS: readonly (readonly [string, string])[] = [
  ['06092a864886f70d010101', 'RSA'],
  ['06072a8648ce3d0201', 'elliptic-curve (ECDSA)'],
  ['06032b656e', 'X25519'],
  ['06032b656f', 'X448'],
  ['06032b6571', 'Ed448'],
];

/** Says what was given instead of an Ed25519 key: nothing is converted. */
function encodingError(der: Bytes): DfuError {
  const start = toHex(der.subarray(0, 32));
  // PKCS#8: SEQUENCE { INTEGER 0 or 1, SEQUENCE { OID ... , in short and long DER lengths.
  if (/^30(?:[0-7].|81..|82....)02010[01]30/.test(start)) return privateKeyError();
  const oid = /^30(?:[0-7].|81..|82....)30(?:[0-7].|81..|82....)(06.*)$/.exec(start)?.[1];
  const other = OTHER_ALGORITHMS.find(([prefix]) => oid?.startsWith(prefix));
  if (other !== undefined) {
    return new DfuError('trust.key-unsupported', `this is an ${other[1]} key, not an Ed25519 one`, {
      facts: { algorithm: other[1] },
    });
  }
  return new DfuError(
    'trust.key-encoding',
    `${counted(der.length, 'byte')} that are not the ${SPKI_BYTES} of an Ed25519 SPKI key`,
    { facts: { length: der.length } },
  );
}
