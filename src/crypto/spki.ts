import { type Bytes, concat, equalBytes, toHex } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { counted } from '../core/text.ts';

/** Ed25519 (RFC 8032), or ECDSA with P-256 and SHA-256 (FIPS 186-5). */
export type KeyAlgorithm = 'ed25519' | 'ecdsa-p256';

/** What stands before the point in the one SPKI of each algorithm. */
const PREFIXES: Readonly<Record<KeyAlgorithm, Bytes>> = {
  // SEQUENCE, SEQUENCE, OID 1.3.101.112, BIT STRING (RFC 8410, section 4).
  // biome-ignore format: as in the format's description
  ed25519: Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00),
  // SEQUENCE, SEQUENCE, OID id-ecPublicKey, OID prime256v1, BIT STRING (RFC 5480, section 2); the point begins with 0x04.
  // biome-ignore format: as in the format's description
  'ecdsa-p256': Uint8Array.of(
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
  ),
};

/** The length of the point: 32 bytes, or 0x04, X and Y. */
const POINT_BYTES: Readonly<Record<KeyAlgorithm, number>> = { ed25519: 32, 'ecdsa-p256': 65 };

/** The SPKI DER of a point. */
export function encodeSpki(algorithm: KeyAlgorithm, point: Bytes): Bytes {
  return concat([PREFIXES[algorithm], point]);
}

/**
 * Algorithm and point of an SPKI DER in its one form; whether the point is one of its curve is not looked at.
 * Throws `trust.key-private`, `trust.key-unsupported`, `trust.key-encoding`, `trust.key-point`: it says what was given instead, nothing
 * is converted.
 */
export function decodeSpki(der: Bytes): { algorithm: KeyAlgorithm; point: Bytes } {
  for (const algorithm of ['ed25519', 'ecdsa-p256'] as const) {
    const prefix = PREFIXES[algorithm];
    if (der.length !== prefix.length + POINT_BYTES[algorithm]) continue;
    if (!equalBytes(der.subarray(0, prefix.length), prefix)) continue;
    if (algorithm === 'ecdsa-p256' && der[prefix.length] !== UNCOMPRESSED) continue;
    return { algorithm, point: der.slice(prefix.length) };
  }
  throw refusal(der);
}

const UNCOMPRESSED = 0x04;

export function privateKeyError(): DfuError {
  return new DfuError('trust.key-private', 'this is a private key; a public one is wanted');
}

function refusal(der: Bytes): DfuError {
  const start = toHex(der.subarray(0, 48));
  // PKCS#8: SEQUENCE { INTEGER 0 or 1, SEQUENCE { OID ... , in short and long DER lengths.
  if (/^30(?:[0-7].|81..|82....)02010[01]30/.test(start)) return privateKeyError();
  const identifier = /^30(?:[0-7].|81..|82....)30(?:[0-7].|81..|82....)(06.*)$/.exec(start)?.[1] ?? '';
  if (identifier.startsWith(EC_PUBLIC_KEY)) return ecRefusal(der, identifier.slice(EC_PUBLIC_KEY.length));
  const other = OTHER_ALGORITHMS.find(([prefix]) => identifier.startsWith(prefix));
  if (other !== undefined) return unsupported(`an ${other[1]} key`, other[1]);
  return new DfuError(
    'trust.key-encoding',
    `${counted(der.length, 'byte')} that are neither the 44 of an Ed25519 SPKI key nor the 91 of a P-256 one`,
    { facts: { length: der.length } },
  );
}

/** AlgorithmIdentifier openings of other keys, by the bytes after the outer header of their SPKI. */
const OTHER_ALGORITHMS: readonly (readonly [string, string])[] = [
  ['06092a864886f70d010101', 'RSA'],
  ['06032b656e', 'X25519'],
  ['06032b656f', 'X448'],
  ['06032b6571', 'Ed448'],
];

const EC_PUBLIC_KEY = '06072a8648ce3d0201';
const PRIME256V1 = '06082a8648ce3d030107';
const OTHER_CURVES: readonly (readonly [string, string])[] = [
  ['06052b81040021', 'P-224'],
  ['06052b81040022', 'P-384'],
  ['06052b81040023', 'P-521'],
  ['06052b8104000a', 'secp256k1'],
  ['06092b2403030208010107', 'brainpoolP256r1'],
];

/** `parameters`: what follows id-ecPublicKey, in hex. */
function ecRefusal(der: Bytes, parameters: string): DfuError {
  if (parameters.startsWith('30')) {
    return notTheOneForm(
      der,
      'with explicit curve parameters instead of the name prime256v1',
      '-param_enc named_curve',
    );
  }
  if (!parameters.startsWith(PRIME256V1)) {
    const curve = OTHER_CURVES.find(([oid]) => parameters.startsWith(oid))?.[1] ?? 'another curve';
    return unsupported(`an ECDSA key on ${curve}`, `ECDSA ${curve}`);
  }
  // BIT STRING, length, no unused bits, and the first byte of the point (SEC 1, section 2.3.3).
  const form = /^03(..)00(..)/.exec(parameters.slice(PRIME256V1.length));
  if (form?.[1] === '02' && form[2] === '00') {
    return new DfuError('trust.key-point', 'its point is the one at infinity');
  }
  if (form?.[2] === '02' || form?.[2] === '03') {
    return notTheOneForm(der, 'with a compressed point', '-conv_form uncompressed');
  }
  if (form?.[2] === '06' || form?.[2] === '07') {
    return notTheOneForm(der, 'with a hybrid point', '-conv_form uncompressed');
  }
  return notTheOneForm(der, `that is not the 91 bytes of its one encoding`, '-conv_form uncompressed');
}

function notTheOneForm(der: Bytes, what: string, option: string): DfuError {
  return new DfuError('trust.key-encoding', `this is a P-256 key ${what}`, {
    facts: { length: der.length },
    cure: `Write it anew with openssl ec -pubin -in KEY -pubout ${option}, and compare its key id with whom it comes from.`,
  });
}

function unsupported(what: string, algorithm: string): DfuError {
  return new DfuError('trust.key-unsupported', `this is ${what}, neither an Ed25519 nor a P-256 one`, {
    facts: { algorithm },
  });
}
