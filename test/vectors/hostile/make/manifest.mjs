// Manifests that are signed well, and still say something that must not be read.
import { entries, hex32, IMAGE, imageEntry, json, manifestValue, OTHER_IMAGE, signed } from './good.mjs';
import { zip } from './zip.mjs';

const cases = [];
function add(file, threat, what, code, manifest, images) {
  const bytes = zip(entries({ manifest, signatures: signed(manifest), ...(images && { images }) }));
  cases.push({ file: `${file}.dfupkg`, threat, what, verdict: 'malformed', code, bytes });
}
const text = json(manifestValue()).toString();
const replaced = (from, to) => {
  if (!text.includes(from)) throw new Error(`the manifest has no ${from}`);
  return Buffer.from(text.replace(from, to), 'latin1');
};

const FORM = 'manifest not in its one form';
const { name, ...others } = manifestValue();
add(
  'manifest-reordered',
  'manifest reordered',
  'keys in another order',
  'package.manifest-form',
  json({ ...others, name }),
);
for (const [file, what, from, to, code = 'package.manifest-form'] of [
  ['manifest-duplicate-key', 'a key twice', '"version":', '"version": "0.0.1",\n  "version":'],
  [
    'manifest-duplicate-key-last',
    'a key twice, the second another value',
    '"securityCounter": 3,',
    '"securityCounter": 3,\n  "securityCounter": 9,',
  ],
  ['manifest-escape', 'a letter written as an escape', '"thermo"', '"\\u0074hermo"'],
  ['manifest-escaped-key', 'a key written with an escape', '"name": "thermo"', '"n\\u0061me": "thermo"'],
  ['manifest-float', '3.0 instead of 3', ': 3,', ': 3.0,'],
  ['manifest-exponent', '3e0 instead of 3', ': 3,', ': 3e0,'],
  ['manifest-minus-zero', '-0', ': 3,', ': -0,'],
  ['manifest-big-integer', 'an integer over 2^53', ': 3,', ': 9007199254740993,', 'package.manifest-schema'],
  ['manifest-negative', 'a negative counter', ': 3,', ': -3,', 'package.manifest-schema'],
  ['manifest-number-as-text', 'a number as a string', ': 3,', ': "3",', 'package.manifest-schema'],
  ['manifest-null', 'null', ': 3,', ': null,', 'package.manifest-schema'],
  ['manifest-comment', 'a comment', '"name"', '/* hello */ "name"'],
  ['manifest-control-character', 'an escape sequence in a string', '"thermo"', '"ther\u001b[2Jmo"'],
  [
    'manifest-control-escaped',
    'an escape sequence, escaped',
    '"thermo"',
    '"ther\\u001b[2Jmo"',
    'package.manifest-schema',
  ],
  ['manifest-not-ascii', 'a letter beyond ASCII', '"thermo"', '"th\u00e9rmo"'],
  [
    'manifest-path-as-name',
    'an image called ../x',
    '"name": "application"',
    '"name": "../x"',
    'package.manifest-schema',
  ],
  [
    'manifest-source-path',
    'a source name with folders',
    '"app.bin"',
    '"../../app.bin"',
    'package.manifest-schema',
  ],
]) {
  add(file, FORM, what, code, replaced(from, to));
}
add(
  'manifest-trailing',
  FORM,
  'something behind the value',
  'package.manifest-form',
  Buffer.from(`${text}{}\n`),
);
add('manifest-bom', FORM, 'a byte order mark', 'package.manifest-form', Buffer.from(`\ufeff${text}`));
add(
  'manifest-crlf',
  FORM,
  'CR LF line ends',
  'package.manifest-form',
  Buffer.from(text.replaceAll('\n', '\r\n')),
);
add('manifest-no-newline', FORM, 'no final newline', 'package.manifest-form', Buffer.from(text.trimEnd()));
add(
  'manifest-compact',
  FORM,
  'without white space',
  'package.manifest-form',
  Buffer.from(JSON.stringify(manifestValue())),
);
add(
  'manifest-tabs',
  FORM,
  'indented with tabs',
  'package.manifest-form',
  Buffer.from(JSON.stringify(manifestValue(), null, '\t')),
);
add('manifest-no-json', FORM, 'no JSON', 'package.manifest-form', Buffer.from('version: 1\n'));
add('manifest-array', FORM, 'an array', 'package.manifest-schema', Buffer.from('[]\n'));
add(
  'manifest-deep',
  FORM,
  'nested too deeply',
  'package.json-limit',
  Buffer.from(`${'['.repeat(5000)}${']'.repeat(5000)}`),
);

const POLLUTION = 'prototype pollution';
add(
  'proto-top',
  POLLUTION,
  '__proto__ at the top',
  'package.manifest-schema',
  replaced('{\n', '{\n  "__proto__": { "polluted": true },\n'),
);
add(
  'proto-target',
  POLLUTION,
  '__proto__ in target',
  'package.manifest-schema',
  replaced(
    '"product": "acme-thermo",',
    '"product": "acme-thermo",\n    "__proto__": { "product": "acme-pump" },',
  ),
);
add(
  'proto-annotation',
  POLLUTION,
  '__proto__ as an annotation',
  'package.manifest-schema',
  replaced('  "images"', '  "annotations": {\n    "__proto__": "x"\n  },\n  "images"'),
);
add(
  'constructor-field',
  POLLUTION,
  'a field called constructor',
  'package.manifest-schema',
  json({ ...manifestValue(), constructor: 'x' }),
);

const SIGNED = 'nothing that is signed is ignored';
add(
  'unknown-field',
  SIGNED,
  'an unknown field',
  'package.manifest-schema',
  json({ ...manifestValue(), hint: 'x' }),
);
add(
  'version-2',
  SIGNED,
  'format version 2',
  'format.unsupported-version',
  json(manifestValue({ formatVersion: 2 })),
);
add(
  'version-0',
  SIGNED,
  'format version 0',
  'package.manifest-schema',
  json(manifestValue({ formatVersion: 0 })),
);
const withImage = (changes, bytes = IMAGE) => json(manifestValue({ images: [imageEntry(bytes, changes)] }));
add('unknown-role', SIGNED, 'an unknown role', 'format.unsupported-role', withImage({ role: 'modem' }));
add(
  'unknown-format',
  SIGNED,
  'an unknown image format',
  'format.unsupported-image-format',
  withImage({ format: 'hex' }),
);
add(
  'version-not-semver',
  SIGNED,
  'a version that is no SemVer',
  'package.manifest-schema',
  json(manifestValue({ version: '1.2' })),
);
add(
  'version-number-huge',
  SIGNED,
  'a version number over 2^32-1',
  'package.manifest-rule',
  json(manifestValue({ version: '4294967296.0.0' })),
);

const EXPIRY = 'expiry with impossible dates';
for (const [file, notAfter, code] of [
  ['expiry-february-30', '2027-02-30T00:00:00Z', 'package.manifest-rule'],
  ['expiry-hour-24', '2027-01-01T24:00:00Z', 'package.manifest-rule'],
  ['expiry-leap-second', '2027-06-30T23:59:60Z', 'package.manifest-rule'],
  ['expiry-month-13', '2027-13-01T00:00:00Z', 'package.manifest-rule'],
  ['expiry-date-only', '2027-01-01', 'package.manifest-schema'],
  ['expiry-offset', '2027-01-01T00:00:00+01:00', 'package.manifest-schema'],
  ['expiry-never', 'never', 'package.manifest-schema'],
  ['expiry-empty', '', 'package.manifest-schema'],
]) {
  add(file, EXPIRY, `notAfter ${JSON.stringify(notAfter)}`, code, json(manifestValue({ notAfter })));
}

const ADDRESSES = 'overlap and overflow of addresses';
const two = (first, second) =>
  json(
    manifestValue({
      images: [imageEntry(IMAGE, first), imageEntry(OTHER_IMAGE, { name: 'second', ...second })],
    }),
  );
const both = [
  ['application.bin', IMAGE],
  ['second.bin', OTHER_IMAGE],
];
add(
  'overlap',
  ADDRESSES,
  'two raw images overlap by a word',
  'package.manifest-rule',
  two({}, { startAddress: hex32(0x601c) }),
  both,
);
add('overlap-same', ADDRESSES, 'two raw images at one address', 'package.manifest-rule', two({}, {}), both);
add(
  'overflow',
  ADDRESSES,
  'an image past the last address',
  'package.manifest-rule',
  withImage({ startAddress: '0xfffffff0' }),
);
add(
  'no-address',
  ADDRESSES,
  'a raw image without a start address',
  'package.manifest-rule',
  withImage({ startAddress: undefined }),
);
add(
  'same-name',
  ADDRESSES,
  'two images of one name in the manifest',
  'package.manifest-rule',
  two({}, { name: 'application', startAddress: '0x00009000' }),
);
add(
  'alignment-odd',
  ADDRESSES,
  'an alignment that is no power of two',
  'package.manifest-schema',
  withImage({ alignment: 12 }),
);
add(
  'size-unaligned',
  ADDRESSES,
  'a size that is no multiple of the alignment',
  'package.manifest-rule',
  withImage({ alignment: 64 }),
);
add(
  'padding-too-long',
  ADDRESSES,
  'more padding than the alignment',
  'package.manifest-rule',
  withImage({ sourceSize: 28 }),
);
add(
  'padding-negative',
  ADDRESSES,
  'a source larger than the image',
  'package.manifest-rule',
  withImage({ sourceSize: 36 }),
);

export default cases;
