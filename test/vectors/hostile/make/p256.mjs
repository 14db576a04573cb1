// Packages that a P-256 key did not sign, or not in the one form of its signatures. trusted-p256.pem is the trusted key.
import { entries, json, manifestValue, TRUSTED, TRUSTED_P256 } from './good.mjs';
import { derOf, makeP256Key, messageOf, N, otherS, sha256, signaturesJson, toBigEndian } from './signing.mjs';
import { zip } from './zip.mjs';

const manifest = json(manifestValue());
const message = messageOf(manifest);
const honest = TRUSTED_P256.sign(message);
const r = honest.subarray(0, 32);
const s = honest.subarray(32);
const number = (bytes) => BigInt(`0x${bytes.toString('hex')}`);
const zero = Buffer.alloc(32);
const both = (first, second) => Buffer.concat([first, second]);

const FORM = 'malleable and forged signatures';
const CONFUSION = 'wrong algorithm';

/** Each signature stands under the id of the trusted P-256 key. */
const forged = [
  ['high-s', FORM, 'n - s instead of s: what OpenSSL and many tokens write', otherS(honest)],
  ['der', FORM, 'DER instead of r and s', derOf(honest)],
  ['r-zero', FORM, 'r = 0', both(zero, s)],
  ['s-zero', FORM, 's = 0', both(r, zero)],
  ['zero', FORM, '64 zero bytes', Buffer.alloc(64)],
  ['r-order', FORM, 'r = n', both(toBigEndian(N), s)],
  ['s-order', FORM, 's = n', both(r, toBigEndian(N))],
  [
    's-plus-order',
    FORM,
    's + n, as far as 256 bits hold it',
    both(r, toBigEndian((number(s) + N) % 2n ** 256n)),
  ],
  ['short', FORM, '63 bytes', honest.subarray(0, 63)],
  ['long', FORM, '65 bytes', both(honest, Buffer.alloc(1))],
  [
    'other-key',
    'key-id spoofing',
    "the attacker's signature under the trusted key's id",
    makeP256Key('attacker').sign(message),
  ],
  ['ed25519', CONFUSION, "a good Ed25519 signature under the P-256 key's id", TRUSTED.sign(message)],
  [
    'digest-twice',
    CONFUSION,
    'the digest of the message, hashed once more',
    TRUSTED_P256.sign(sha256(message)),
  ],
  [
    'package-id',
    CONFUSION,
    'the package id signed as the digest, without the pre-authentication encoding',
    TRUSTED_P256.sign(message, sha256(manifest)),
  ],
];

const cases = forged.map(([file, threat, what, signature]) => ({
  file: `p256-${file}.dfupkg`,
  threat,
  what,
  verdict: 'untrusted',
  code: 'trust.signature-invalid',
  trust: 'p256-key',
  bytes: zip(entries({ manifest, signatures: signaturesJson([{ keyId: TRUSTED_P256.keyId, signature }]) })),
}));

cases.push({
  file: 'ed25519-by-p256.dfupkg',
  threat: CONFUSION,
  what: "a good P-256 signature under the Ed25519 key's id",
  verdict: 'untrusted',
  code: 'trust.signature-invalid',
  bytes: zip(
    entries({ manifest, signatures: signaturesJson([{ keyId: TRUSTED.keyId, signature: honest }]) }),
  ),
});

export default cases;
