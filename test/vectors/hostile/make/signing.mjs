// Keys and signatures for the corpus, honest and forged. The keys are known to everybody.
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { Point } from '@noble/ed25519';

export const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
export const sha256Hex = (bytes) => sha256(bytes).toString('hex');
const sha512 = (...parts) => createHash('sha512').update(Buffer.concat(parts)).digest();

export const fromLittleEndian = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`);
export const toLittleEndian = (number) => Buffer.from(number.toString(16).padStart(64, '0'), 'hex').reverse();

export function spkiOf(point) {
  return Buffer.concat([SPKI, point]);
}
export function pemOf(spki, label = 'PUBLIC KEY') {
  return `-----BEGIN ${label}-----\n${spki.toString('base64')}\n-----END ${label}-----\n`;
}

/** The same key for the same name, always. */
export function makeKey(name) {
  const seed = sha256(`dfukit hostile corpus: ${name}`);
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  const clamped = sha512(seed).subarray(0, 32);
  clamped[0] &= 248;
  clamped[31] = (clamped[31] & 63) | 64;
  return {
    spki,
    point: spki.subarray(12),
    keyId: sha256Hex(spki),
    pem: pemOf(spki),
    privatePem: String(secret.export({ format: 'pem', type: 'pkcs8' })),
    scalar: fromLittleEndian(clamped) % L,
    sign: (message) => sign(null, message, secret),
  };
}

export const PAYLOAD_TYPE = 'application/vnd.dfukit.manifest-digest.v1';

/** DSSE v1's pre-authentication encoding. */
export function pae(type, body) {
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${body.length} `), body]);
}
export const messageOf = (manifest, type = PAYLOAD_TYPE) => pae(type, sha256(manifest));

/** Of order 8. */
const TORSION = Buffer.from('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'hex');

/** The key A + T, of the same secret as A: without a check at key load one signer would count as two. */
export function plusTorsion(point) {
  return Buffer.from(Point.fromBytes(point, true).add(Point.fromBytes(TORSION, true)).toBytes());
}

const challenge = (r, key, message) => fromLittleEndian(sha512(r, key.point, message)) % L;

/** R has a part of small order: cofactored verifiers take it, others do not. */
export function signWithTorsion(key, message) {
  const r = fromLittleEndian(sha512(Buffer.from('nonce'), message)) % L;
  const point = Point.BASE.multiply(r).add(Point.fromBytes(TORSION, true));
  const bytes = Buffer.from(point.toBytes());
  const s = (r + challenge(bytes, key, message) * key.scalar) % L;
  return Buffer.concat([bytes, toLittleEndian(s)]);
}

/** R is the neutral element in an encoding with y = p + 1: the equation holds, the encoding is not the one there is. */
export function signWithLooseR(key, message) {
  const bytes = toLittleEndian(2n ** 255n - 19n + 1n);
  return Buffer.concat([bytes, toLittleEndian((challenge(bytes, key, message) * key.scalar) % L)]);
}

/** S + L: the equation holds as well, and the signature is another one. */
export function malleated(signature) {
  const s = fromLittleEndian(signature.subarray(32)) + L;
  return Buffer.concat([signature.subarray(0, 32), toLittleEndian(s)]);
}

/** signatures.json; `render` replaces its one form. */
export function signaturesJson(list, payloadType = PAYLOAD_TYPE) {
  const sorted = [...list].sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
  return Buffer.from(
    JSON.stringify({
      payloadType,
      signatures: sorted.map(({ keyId, signature }) => ({ keyId, signature: signature.toString('base64') })),
    }),
  );
}
