// Writes edge-cases.json: keys and signatures at the borders of what docs/package-format.md, section 4, accepts.
// Deterministic; run `node make-edge-cases.mjs` after a change and read the difference.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Point } from '@noble/ed25519';

const { n: L, p: P } = Point.CURVE();
const little = (n) => Buffer.from(n.toString(16).padStart(64, '0'), 'hex').reverse();
const number = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
const encode = (point) => Buffer.from(point.toBytes());
const times = (point, n) => (n % L === 0n ? Point.ZERO : point.multiply(n % L, false));
const challenge = (R, A, M) =>
  number(
    createHash('sha512')
      .update(Buffer.concat([R, A, M]))
      .digest(),
  ) % L;

// A point of order 8 (Bernstein, Duif, Lange, Schwabe, Yang: "High-speed high-security signatures"), and its multiples.
const T8 = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');
const torsion = [Point.ZERO];
for (let i = 1; i < 8; i++) torsion.push(torsion[i - 1].add(T8));

const a = number(createHash('sha256').update('edge cases: secret scalar').digest()) % L;
const r = number(createHash('sha256').update('edge cases: nonce').digest()) % L;
const A = times(Point.BASE, a);
const R = times(Point.BASE, r);
const message = Buffer.from('edge cases');
const key = encode(A);

const cases = [];
const keyCase = (name, bytes, expected) => cases.push({ name, key: bytes.toString('hex'), expected });
const signatureCase = (name, signature, expected, signer = key) =>
  cases.push({
    name,
    key: signer.toString('hex'),
    message: message.toString('hex'),
    signature: Buffer.concat(signature).toString('hex'),
    expected,
  });

const negativeZero = (bytes) => Buffer.concat([bytes.subarray(0, 31), Buffer.of(bytes[31] | 0x80)]);

for (const [i, point] of torsion.entries())
  keyCase(`key: torsion point ${i} of 8`, encode(point), 'key-weak');
for (let i = 1; i < 8; i++)
  keyCase(`key: good point plus torsion point ${i}`, encode(A.add(torsion[i])), 'key-weak');
for (let i = 0n; i < 19n; i++) keyCase(`key: y = p + ${i}, not canonical`, little(P + i), 'key-none');
for (let i = 0n; i < 19n; i++) {
  keyCase(`key: y = p + ${i}, not canonical, sign bit set`, negativeZero(little(P + i)), 'key-none');
}
keyCase('key: y = 1, x = 0 with a sign', negativeZero(little(1n)), 'key-none');
keyCase('key: y = p - 1, x = 0 with a sign', negativeZero(little(P - 1n)), 'key-none');
keyCase('key: y = 2 is not on the curve', little(2n), 'key-none');
keyCase('key: all bits set', Buffer.alloc(32, 0xff), 'key-none');

const k = challenge(encode(R), key, message);
const S = (r + k * a) % L;
signatureCase('a good signature', [encode(R), little(S)], 'good');
signatureCase('S + L', [encode(R), little(S + L)], 'refused');
signatureCase('S with its top bit set', [encode(R), little(S | (1n << 255n))], 'refused');
signatureCase('S - 1', [encode(R), little(S - 1n)], 'refused');
signatureCase('63 bytes', [encode(R), little(S).subarray(0, 31)], 'refused');
signatureCase('65 bytes', [encode(R), little(S), Buffer.of(0)], 'refused');
signatureCase('no bytes', [], 'refused');
signatureCase('all zero', [Buffer.alloc(64)], 'refused');
signatureCase('R and S exchanged', [little(S), encode(R)], 'refused');
signatureCase('R is no point', [little(2n), little(S)], 'refused');

// R with a part of small order: S is right for verifiers that multiply the equation by the cofactor.
for (let i = 1; i < 8; i++) {
  const mixed = encode(R.add(torsion[i]));
  const s = (r + challenge(mixed, key, message) * a) % L;
  signatureCase(
    `R plus torsion point ${i}, equation holds with cofactor only`,
    [mixed, little(s)],
    'refused',
  );
}
for (let i = 1; i < 8; i++) {
  const small = encode(torsion[i]);
  const s = (challenge(small, key, message) * a) % L;
  signatureCase(`R is torsion point ${i}, equation holds with cofactor only`, [small, little(s)], 'refused');
}

// The identity is a canonical point of the subgroup: the rule accepts it as R, in its canonical encoding alone.
const identities = [
  ['R is the identity', little(1n), 'good'],
  ['R is the identity with a sign', negativeZero(little(1n)), 'refused'],
  ['R is the identity as y = p + 1', little(P + 1n), 'refused'],
  ['R is the identity as y = p + 1 with a sign', negativeZero(little(P + 1n)), 'refused'],
];
for (const [name, bytes, expected] of identities) {
  signatureCase(name, [bytes, little((challenge(bytes, key, message) * a) % L)], expected);
}

const file = new URL('edge-cases.json', import.meta.url);
writeFileSync(file, `${JSON.stringify({ source: 'make-edge-cases.mjs', cases }, null, 2)}\n`);
