// Images that are not what a well signed manifest says, and manifests that say what the images are not.
import { crc32 } from 'node:zlib';
import { entries, hex32, IMAGE, imageEntry, json, manifestValue, OTHER_IMAGE, signed } from './good.mjs';
import { zip } from './zip.mjs';

const cases = [];
function add(file, threat, what, code, manifest, images) {
  const bytes = zip(entries({ manifest, signatures: signed(manifest), images }));
  cases.push({ file: `${file}.dfupkg`, threat, what, verdict: 'corrupt', code, bytes });
}
const plain = json(manifestValue());
const two = json(
  manifestValue({
    images: [imageEntry(IMAGE), imageEntry(OTHER_IMAGE, { name: 'second', startAddress: '0x00009000' })],
  }),
);

const SWAPPED = 'image swapped, truncated, extended';
add('image-swapped', SWAPPED, 'another image of the same size', 'package.image-crc32', plain, [
  ['application.bin', OTHER_IMAGE],
]);
add('image-bit', SWAPPED, 'one bit differs', 'package.image-crc32', plain, [
  ['application.bin', Buffer.from(IMAGE.map((byte, i) => (i === 31 ? byte ^ 0x80 : byte)))],
]);
add('image-truncated', SWAPPED, 'four bytes less', 'package.image-size', plain, [
  ['application.bin', IMAGE.subarray(0, 28)],
]);
add('image-extended', SWAPPED, 'four bytes more', 'package.image-size', plain, [
  ['application.bin', Buffer.concat([IMAGE, Buffer.alloc(4)])],
]);
add('images-exchanged', SWAPPED, 'two images under the name of the other', 'package.image-crc32', two, [
  ['application.bin', OTHER_IMAGE],
  ['second.bin', IMAGE],
]);
add('images-reordered', SWAPPED, 'two images in another order', 'package.image-order', two, [
  ['second.bin', OTHER_IMAGE],
  ['application.bin', IMAGE],
]);
add(
  'image-not-listed',
  'image without manifest entry and the reverse',
  'one image more than the manifest',
  'package.image-unlisted',
  plain,
  [
    ['application.bin', IMAGE],
    ['second.bin', OTHER_IMAGE],
  ],
);
add(
  'image-missing',
  'image without manifest entry and the reverse',
  'one image less than the manifest',
  'package.image-missing',
  two,
  [['application.bin', IMAGE]],
);
add(
  'image-renamed',
  'image without manifest entry and the reverse',
  'the image has another name',
  'package.image-missing',
  plain,
  [['second.bin', IMAGE]],
);
add(
  'image-other-format',
  'image without manifest entry and the reverse',
  'raw in the manifest, .gbl in the package',
  'package.image-missing',
  plain,
  [['application.gbl', IMAGE]],
);
add(
  'mix-image',
  'mix of two good packages',
  'manifest and signatures of one, image of another',
  'package.image-crc32',
  plain,
  [['application.bin', OTHER_IMAGE]],
);

/** Other bytes with the CRC-32 of `original`: the last four are chosen for it. */
function sameCrc(original) {
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    return c >>> 0;
  });
  const forged = Buffer.from(original);
  forged[0] ^= 0xff;
  const head = forged.subarray(0, -4);
  let state = ~crc32(original) >>> 0;
  for (let i = 0; i < 4; i++) {
    const index = table.findIndex((value) => value >>> 24 === state >>> 24);
    state = (((state ^ table[index]) << 8) | index) >>> 0;
  }
  forged.writeUInt32LE((state ^ ~crc32(head)) >>> 0, forged.length - 4);
  if (crc32(forged) !== crc32(original)) throw new Error('the CRC is not the same');
  return forged;
}
add(
  'image-same-crc',
  'same CRC with other bytes',
  'other bytes with the right CRC-32',
  'package.image-sha256',
  plain,
  [['application.bin', sameCrc(IMAGE)]],
);

const wrongly = (changes) => json(manifestValue({ images: [imageEntry(IMAGE, changes)] }));
const held = [['application.bin', IMAGE]];
add(
  'manifest-crc-wrong',
  SWAPPED,
  'the manifest has another CRC-32',
  'package.image-crc32',
  wrongly({ crc32: '0x00000000' }),
  held,
);
add(
  'manifest-sha-wrong',
  SWAPPED,
  'the manifest has another SHA-256',
  'package.image-sha256',
  wrongly({ sha256: '0'.repeat(64), sourceSha256: '0'.repeat(64) }),
  held,
);
add(
  'padding-other-byte',
  SWAPPED,
  'padding that is not padByte',
  'package.image-padding',
  wrongly({ sourceSize: 30 }),
  held,
);

// GBL: tags of 32-bit id and length, little-endian, the file's CRC-32 at its end.
const u32 = (...values) => Buffer.concat(values.map((value) => Buffer.from(Uint32Array.of(value).buffer)));
const tag = (id, ...payload) => {
  const bytes = Buffer.concat(payload);
  return Buffer.concat([u32(id, bytes.length), bytes]);
};
const HEADER = tag(0x03a617eb, u32(0x03000000, 0));
const APPLICATION = tag(0xf40a0af4, u32(0x20, 0x10200, 0), Buffer.alloc(16));
const prog = (address, bytes) => tag(0xfe0101fe, u32(address), bytes);
const ended = (...tags) => {
  const bytes = Buffer.concat([...tags, u32(0xfc0404fc, 4)]);
  return Buffer.concat([bytes, u32(crc32(bytes))]);
};
const gblImage = (bytes, changes = {}) =>
  imageEntry(bytes, { format: 'gbl', startAddress: '0x00004000', sourceName: 'app.gbl', ...changes });
function addGbl(file, threat, what, code, bytes, changes) {
  add(file, threat, what, code, json(manifestValue({ images: [gblImage(bytes, changes)] })), [
    ['application.gbl', bytes],
  ]);
}
const whole = ended(HEADER, APPLICATION, prog(0x4000, IMAGE));

const TAIL = 'GBL with a tail';
addGbl(
  'gbl-tail',
  TAIL,
  'code behind the end tag',
  'package.image-tail',
  Buffer.concat([whole, OTHER_IMAGE]),
);
addGbl(
  'gbl-tail-word',
  TAIL,
  'a word behind the end tag',
  'package.image-tail',
  Buffer.concat([whole, u32(0)]),
);
addGbl(
  'gbl-tail-padding',
  TAIL,
  'as much 0xff as the alignment',
  'package.image-tail',
  Buffer.concat([whole, u32(0xffffffff)]),
);
addGbl(
  'gbl-twice',
  TAIL,
  'a second GBL file behind the first',
  'package.image-tail',
  Buffer.concat([whole, whole]),
);
const ROLE = 'bootloader tag in an application';
const bootloader = tag(0xf50909f5, u32(0x20000, 0), IMAGE);
addGbl(
  'gbl-bootloader',
  ROLE,
  'a bootloader tag under the role application',
  'package.image-role',
  ended(HEADER, bootloader, prog(0x4000, IMAGE)),
);
addGbl(
  'gbl-bootloader-data',
  ROLE,
  'a bootloader tag under the role data',
  'package.image-role',
  ended(HEADER, bootloader, prog(0x4000, IMAGE)),
  { role: 'data' },
);
addGbl(
  'gbl-se-upgrade',
  ROLE,
  'an SE upgrade tag under the role application',
  'package.image-role',
  ended(HEADER, tag(0x5ea617eb, u32(IMAGE.length, 0x10000), IMAGE), prog(0x4000, IMAGE)),
);

const STRUCTURE = 'GBL that is not whole';
addGbl(
  'gbl-crc',
  STRUCTURE,
  "the file's own CRC is wrong",
  'package.image-structure',
  Buffer.concat([whole.subarray(0, -4), u32(0)]),
);
addGbl(
  'gbl-no-end',
  STRUCTURE,
  'no end tag',
  'package.image-structure',
  Buffer.concat([HEADER, APPLICATION, prog(0x4000, IMAGE)]),
);
addGbl('gbl-cut', STRUCTURE, 'cut off inside a tag', 'package.image-structure', whole.subarray(0, -20));
addGbl(
  'gbl-length',
  STRUCTURE,
  'a tag that reaches past the end',
  'package.image-structure',
  Buffer.concat([HEADER, u32(0xfe0101fe, 0x7fffffff), IMAGE]),
);
addGbl(
  'gbl-unknown-tag',
  STRUCTURE,
  'an unknown tag',
  'package.image-structure',
  ended(HEADER, tag(0xdeadbeef, IMAGE), prog(0x4000, IMAGE)),
);
addGbl(
  'gbl-two-headers',
  STRUCTURE,
  'two header tags',
  'package.image-structure',
  ended(HEADER, HEADER, prog(0x4000, IMAGE)),
);
addGbl(
  'gbl-order',
  STRUCTURE,
  'the application tag behind the program',
  'package.image-structure',
  ended(HEADER, prog(0x4000, IMAGE), APPLICATION),
);
addGbl(
  'gbl-version-4',
  STRUCTURE,
  'a header of version 4',
  'package.image-structure',
  ended(tag(0x03a617eb, u32(0x04000000, 0)), prog(0x4000, IMAGE)),
);
addGbl('gbl-is-raw', STRUCTURE, 'a raw image declared as GBL', 'package.image-structure', IMAGE);

const ADDRESSES = 'overlap and overflow of addresses';
addGbl(
  'gbl-overflow',
  ADDRESSES,
  'a program tag past the last address',
  'package.image-structure',
  ended(HEADER, prog(0x4000, IMAGE), prog(0xfffffff0, IMAGE)),
);
addGbl(
  'gbl-address-lied',
  ADDRESSES,
  'the manifest names a higher start address',
  'package.image-address',
  ended(HEADER, prog(0, IMAGE), prog(0x4000, IMAGE)),
);
addGbl(
  'gbl-address-absent',
  ADDRESSES,
  'the manifest names no start address',
  'package.image-address',
  whole,
  { startAddress: undefined },
);
const spread = ended(HEADER, prog(0x100, IMAGE), prog(0x6010, IMAGE));
add(
  'gbl-overlap',
  ADDRESSES,
  'a program tag inside a raw image',
  'package.image-overlap',
  json(
    manifestValue({
      images: [imageEntry(IMAGE), gblImage(spread, { name: 'second', startAddress: hex32(0x100) })],
    }),
  ),
  [
    ['application.bin', IMAGE],
    ['second.gbl', spread],
  ],
);

export default cases;
