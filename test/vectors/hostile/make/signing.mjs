// Keys and signatures for the corpus, honest and forged. The keys are known to everybody.
import { createECDH, createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
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

/** The order of P-256's group. */
export const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const P256_SPKI = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');
const fromBigEndian = (bytes) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
export const toBigEndian = (number) => Buffer.from(number.toString(16).padStart(64, '0'), 'hex');

/** 0x04, X and Y of scalar * G. */
function p256Point(scalar) {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(toBigEndian(scalar));
  return ecdh.getPublicKey();
}

/** Of s and n - s, the other one. */
export function otherS(signature) {
  return Buffer.concat([signature.subarray(0, 32), toBigEndian(N - fromBigEndian(signature.subarray(32)))]);
}

/** A P-256 key, the same for the same name, always. Its signatures are r and s, s low, the same for the same message. */
export function makeP256Key(name) {
  const scalar = fromBigEndian(sha256(`dfukit hostile corpus, P-256: ${name}`)) % N;
  const spki = Buffer.concat([P256_SPKI, p256Point(scalar)]);
  const base64 = spki.toString('base64');
  return {
    spki,
    keyId: sha256Hex(spki),
    pem: `-----BEGIN PUBLIC KEY-----\n${base64.slice(0, 64)}\n${base64.slice(64)}\n-----END PUBLIC KEY-----\n`,
    sign: (message, digest = sha256(message)) => {
      const nonce = fromBigEndian(sha256(Buffer.concat([Buffer.from(`nonce of ${name}`), digest]))) % N;
      const r = fromBigEndian(p256Point(nonce).subarray(1, 33)) % N;
      const s = (inverse(nonce) * ((fromBigEndian(digest) + r * scalar) % N)) % N;
      const signature = Buffer.concat([toBigEndian(r), toBigEndian(s)]);
      return s > N >> 1n ? otherS(signature) : signature;
    },
  };
}

/** By Fermat: the order is a prime. */
function inverse(number) {
  let result = 1n;
  let square = number % N;
  for (let rest = N - 2n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % N;
    square = (square * square) % N;
  }
  return result;
}

/** The DER of r and s. */
export function derOf(signature) {
  const numbers = [signature.subarray(0, 32), signature.subarray(32)].map((bytes) => {
    let digits = bytes;
    while (digits[0] === 0 && (digits[1] ?? 0x80) < 0x80) digits = digits.subarray(1);
    const content = digits[0] >= 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits;
    return Buffer.concat([Buffer.from([2, content.length]), content]);
  });
  const content = Buffer.concat(numbers);
  return Buffer.concat([Buffer.from([0x30, content.length]), content]);
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
