// Public keys that must not be trusted, or are none.
import { TRUSTED } from './good.mjs';
import { pemOf, plusTorsion, spkiOf, toLittleEndian } from './signing.mjs';

const P = 2n ** 255n - 19n;
const point = (hex) => Buffer.from(hex, 'hex');
const cases = [];
function add(file, threat, what, code, text) {
  cases.push({ file: `${file}.pem`, threat, what, code, bytes: Buffer.from(text, 'latin1') });
}
const addPoint = (file, threat, what, code, bytes) => add(file, threat, what, code, pemOf(spkiOf(bytes)));

const SMALL = 'small-order and non-canonical keys';
addPoint('key-identity', SMALL, 'the neutral element', 'trust.key-weak', toLittleEndian(1n));
addPoint('key-order-2', SMALL, 'a point of order 2', 'trust.key-weak', toLittleEndian(P - 1n));
addPoint('key-order-4', SMALL, 'a point of order 4', 'trust.key-weak', Buffer.alloc(32));
addPoint(
  'key-order-8',
  SMALL,
  'a point of order 8',
  'trust.key-weak',
  point('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'),
);
addPoint(
  'key-order-8-other',
  SMALL,
  'another point of order 8',
  'trust.key-weak',
  point('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
);
addPoint(
  'key-not-canonical',
  SMALL,
  'y = p + 1 for the neutral element',
  'trust.key-point',
  toLittleEndian(P + 1n),
);
addPoint('key-not-canonical-zero', SMALL, 'y = p', 'trust.key-point', toLittleEndian(P));
const signedZero = toLittleEndian(1n);
signedZero[31] |= 0x80;
addPoint('key-negative-zero', SMALL, 'x = 0 with a sign', 'trust.key-point', signedZero);
addPoint('key-no-point', SMALL, 'y without an x', 'trust.key-point', toLittleEndian(2n));
addPoint(
  'key-plus-torsion',
  'one secret as two keys',
  'the trusted key and a point of order 8, added',
  'trust.key-weak',
  plusTorsion(TRUSTED.point),
);

const ENCODING = 'keys in another encoding';
const { pem, spki } = TRUSTED;
add('key-private', ENCODING, 'a private key', 'trust.key-private', TRUSTED.privatePem);
add(
  'key-private-label',
  ENCODING,
  'a private key with the label of a public one',
  'trust.key-private',
  TRUSTED.privatePem.replaceAll('PRIVATE KEY', 'PUBLIC KEY'),
);
add('key-text-before', ENCODING, 'text before the block', 'trust.key-pem', `Our key:\n${pem}`);
add('key-two-blocks', ENCODING, 'two blocks', 'trust.key-pem', pem + pem);
add(
  'key-certificate',
  ENCODING,
  'the label of a certificate',
  'trust.key-pem',
  pem.replaceAll('PUBLIC KEY', 'CERTIFICATE'),
);
add('key-empty', ENCODING, 'an empty file', 'trust.key-pem', '');
add(
  'key-long-form',
  ENCODING,
  'a DER length in long form',
  'trust.key-encoding',
  pemOf(Buffer.concat([point('30812a'), spki.subarray(2)])),
);
add(
  'key-null-parameters',
  ENCODING,
  'NULL as parameters',
  'trust.key-encoding',
  pemOf(Buffer.concat([point('302c300706032b65700500032100'), spki.subarray(12)])),
);
add(
  'key-unused-bits',
  ENCODING,
  'unused bits in the bit string',
  'trust.key-encoding',
  pemOf(Buffer.from(spki.map((byte, i) => (i === 11 ? 1 : byte)))),
);
add('key-short', ENCODING, '31 bytes', 'trust.key-encoding', pemOf(spki.subarray(0, -1)));
add(
  'key-trailing',
  ENCODING,
  'a byte behind the key',
  'trust.key-encoding',
  pemOf(Buffer.concat([spki, Buffer.alloc(1)])),
);
add(
  'key-x25519',
  'type confusion',
  'an X25519 key of the same bytes',
  'trust.key-unsupported',
  pemOf(Buffer.from(spki.map((byte, i) => (i === 8 ? 0x6e : byte)))),
);

// The point 2G of P-256, in every form but the one that is taken.
const X = '7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978';
const Y = '07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1';
const EC = '06072a8648ce3d0201';
const NAMED = `3013${EC}06082a8648ce3d030107`;
const hex = (number) => number.toString(16).padStart(2, '0');
const bitString = (content) => `03${hex(content.length / 2 + 1)}00${content}`;
const sequence = (content) => `30${hex(content.length / 2)}${content}`;
const CURVE_P = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff';
for (const [file, what, code, spkiHex] of [
  ['compressed', 'a compressed point', 'trust.key-encoding', sequence(NAMED + bitString(`03${X}`))],
  ['hybrid', 'a hybrid point', 'trust.key-encoding', sequence(NAMED + bitString(`07${X}${Y}`))],
  ['infinity', 'the point at infinity', 'trust.key-point', sequence(NAMED + bitString('00'))],
  ['no-point', 'X and Y that are no point', 'trust.key-point', sequence(NAMED + bitString(`04${X}${X}`))],
  ['zero', 'X and Y zero', 'trust.key-point', sequence(NAMED + bitString(`04${'00'.repeat(64)}`))],
  [
    'not-reduced',
    'an X of p: the point with X 0 in a second encoding',
    'trust.key-point',
    sequence(
      NAMED + bitString(`04${CURVE_P}66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4`),
    ),
  ],
  [
    'trailing',
    'a byte behind the key',
    'trust.key-encoding',
    `${sequence(NAMED + bitString(`04${X}${Y}`))}00`,
  ],
  [
    'long-form',
    'a DER length in long form',
    'trust.key-encoding',
    `3081${sequence(NAMED + bitString(`04${X}${Y}`)).slice(2)}`,
  ],
  [
    'secp256k1',
    'the name of another curve',
    'trust.key-unsupported',
    sequence(`3010${EC}06052b8104000a${bitString(`04${X}${Y}`)}`),
  ],
]) {
  add(`key-p256-${file}`, 'P-256 keys in another form', `P-256: ${what}`, code, pemOf(point(spkiHex)));
}

export default cases;
