// What a container can hide. Each package is signed well, so that only its form stands against it.
import { crc32, deflateRawSync } from 'node:zlib';
import { entries, entryOf, IMAGE, json, manifestValue, OTHER_IMAGE } from './good.mjs';
import { endRecord, zip } from './zip.mjs';

const MALFORMED = 'malformed';
const cases = [];
function add(file, threat, what, code, bytes) {
  cases.push({ file: `${file}.dfupkg`, threat, what, verdict: MALFORMED, code, bytes });
}

/** The entries of the good package, the one called `name` with these changes. */
const changed = (name, changes) => entries().map((e) => (e.name === name ? { ...e, ...changes } : e));
const APP = 'images/application.bin';
const good = zip(entries());

for (const [file, name] of [
  ['traversal-parent', '../evil.bin'],
  ['traversal-inside', 'images/../../evil.bin'],
  ['traversal-absolute', '/etc/evil.bin'],
  ['traversal-drive', 'C:/evil.bin'],
  ['traversal-backslash', 'images\\..\\..\\evil.bin'],
  ['traversal-dots', 'images/...bin'],
  ['traversal-nul', 'images/a\0.bin'],
  ['device-name', 'images/con.bin'],
  ['name-escape-sequence', 'images/\u001b[2Ja.bin'],
  ['name-upper-case', 'images/Application.bin'],
  ['folder-entry', 'images/'],
  ['foreign-entry', 'README.md'],
]) {
  const what = `an entry called ${JSON.stringify(name)}`;
  add(
    file,
    'path traversal and foreign entries',
    what,
    'package.entry-name',
    zip([...entries(), entryOf(name, IMAGE)]),
  );
}
add(
  'unknown-image-format',
  'foreign entries',
  'an image with the extension .hex',
  'format.unsupported-image-format',
  zip(entries({ images: [['application.hex', IMAGE]] })),
);
add(
  'symlink-by-attributes',
  'symlinks by attributes',
  'the image is a symbolic link by its external attributes',
  'package.header-field',
  zip(changed(APP, { central: { versionMadeBy: 0x0314, externalAttributes: 0xa1ff0000 } })),
);
add(
  'symlink-attributes-alone',
  'symlinks by attributes',
  'external attributes of a symbolic link',
  'package.header-field',
  zip(changed(APP, { central: { externalAttributes: 0xa1ff0000 } })),
);

const evilManifest = json(manifestValue({ version: '9.9.9' }));
add(
  'duplicate-manifest',
  'duplicate entries',
  'two manifests, the second another',
  'package.entry-duplicate',
  zip([...entries(), entryOf('manifest.json', evilManifest)]),
);
add(
  'duplicate-manifest-first',
  'duplicate entries',
  'two manifests, the first another',
  'package.entry-duplicate',
  zip([entryOf('manifest.json', evilManifest), ...entries()]),
);
add(
  'duplicate-image',
  'duplicate entries',
  'two images of one name',
  'package.entry-duplicate',
  zip([...entries(), entryOf(APP, OTHER_IMAGE)]),
);
add(
  'hidden-entry',
  'hidden entries',
  'an image that the directory does not list',
  'package.directory-mismatch',
  zip([...entries(), { ...entryOf('images/evil.bin', OTHER_IMAGE), hidden: true }]),
);
add(
  'ghost-entry',
  'hidden entries',
  'the directory lists an image that is not there',
  'package.directory-mismatch',
  zip([...entries(), { ...entryOf('images/evil.bin', OTHER_IMAGE), ghost: true, central: { offset: 0 } }]),
);
add(
  'directory-order',
  'hidden entries',
  'the directory in another order',
  'package.directory-mismatch',
  zip(entries(), { order: (all) => [...all].reverse() }),
);
add(
  'entry-order',
  'hidden entries',
  'the manifest behind the signatures',
  'package.not-a-package',
  zip([entries()[1], entries()[0], entries()[2]]),
);
add('no-manifest', 'hidden entries', 'no manifest', 'package.not-a-package', zip(entries().slice(1)));
add(
  'entry-order-signatures',
  'hidden entries',
  'the signatures behind the image',
  'package.entry-order',
  zip([entries()[0], entries()[2], entries()[1]]),
);
add('no-image', 'hidden entries', 'no image', 'package.no-images', zip(entries().slice(0, 2)));
add('empty-zip', 'hidden entries', 'a ZIP file without entries', 'package.not-a-package', zip([]));
add(
  'prefix',
  'prefixed and trailing bytes',
  'a script before the package',
  'package.not-a-package',
  zip(entries(), { prefix: Buffer.from('#!/bin/sh\n') }),
);
add(
  'prefix-not-counted',
  'prefixed and trailing bytes',
  'the same, with offsets that do not count it',
  'package.not-a-package',
  zip(entries(), { prefix: Buffer.from('#!/bin/sh\n'), countPrefix: false }),
);
add(
  'suffix',
  'prefixed and trailing bytes',
  'bytes behind the end record',
  'package.trailing-bytes',
  zip(entries(), { suffix: Buffer.from('more') }),
);
add(
  'comment',
  'prefixed and trailing bytes',
  'a comment in the end record',
  'package.header-field',
  zip(entries(), { end: { comment: Buffer.from('hello') } }),
);
add(
  'gap-before-directory',
  'prefixed and trailing bytes',
  'bytes between the last image and the directory',
  'package.unexpected-bytes',
  zip(entries(), { gap: Buffer.from('gap!') }),
);
add(
  'gap-between-entries',
  'prefixed and trailing bytes',
  'bytes between two entries',
  'package.unexpected-bytes',
  zip(changed('signatures.json', { after: Buffer.from('gap!') })),
);
add(
  'two-packages',
  'prefixed and trailing bytes',
  'a package behind a package',
  'package.trailing-bytes',
  Buffer.concat([good, good]),
);
add(
  'second-end-record',
  'second end record',
  'a second end record behind the first',
  'package.trailing-bytes',
  Buffer.concat([good, endRecord(3, 0, 0)]),
);
add(
  'end-record-in-comment',
  'second end record',
  'a second end record in the comment of the first',
  'package.header-field',
  zip(entries(), { end: { comment: endRecord(0, 0, 0) } }),
);
add('truncated', 'lying sizes', 'the last byte is missing', 'package.truncated', good.subarray(0, -1));
add(
  'half',
  'lying sizes',
  'the second half is missing',
  'package.truncated',
  good.subarray(0, good.length >> 1),
);

for (const [file, local, code = 'package.directory-mismatch'] of [
  ['mismatch-name', { name: 'images/applicatioN.bin' }, 'package.entry-name'],
  ['mismatch-name-valid', { name: 'images/bpplication.bin' }],
  ['mismatch-crc', { crc32: 0x12345678 }],
]) {
  add(
    file,
    'local/central mismatch',
    `local header: ${Object.keys(local)} differs from the directory`,
    code,
    zip(changed(APP, { local })),
  );
}
add(
  'mismatch-central-crc',
  'local/central mismatch',
  'the directory has another CRC-32',
  'package.directory-mismatch',
  zip(changed(APP, { central: { crc32: 1 } })),
);
add(
  'mismatch-central-offset',
  'local/central mismatch',
  'the directory points at another local header',
  'package.directory-mismatch',
  zip(changed(APP, { central: { offset: 0 } })),
);
add(
  'manifest-crc',
  'changed header fields',
  'the CRC-32 of the manifest is wrong in both headers',
  'package.entry-crc',
  zip(changed('manifest.json', { both: { crc32: 1 } })),
);
add(
  'mismatch-size',
  'lying sizes',
  'the directory says another size',
  'package.directory-mismatch',
  zip(changed(APP, { central: { size: 31, compressedSize: 31 } })),
);
add(
  'size-too-large',
  'lying sizes',
  'an image that reaches past the end of the file',
  'package.truncated',
  zip(changed(APP, { both: { size: 0x7000000, compressedSize: 0x7000000 } })),
);
add(
  'size-too-small',
  'lying sizes',
  'both headers say that the image is shorter',
  'package.unexpected-bytes',
  zip(changed(APP, { both: { size: 28, compressedSize: 28 } })),
);
add(
  'size-beyond-limit',
  'lying sizes',
  'an image of 4 GiB',
  'package.entry-size',
  zip(changed(APP, { both: { size: 0xfffffffe, compressedSize: 0xfffffffe } })),
);
add(
  'size-compressed-differs',
  'lying sizes',
  'compressed and plain size differ',
  'package.entry-size',
  zip(changed(APP, { both: { size: 64 } })),
);
add(
  'zip64-marker',
  'lying sizes',
  'sizes of 0xffffffff, as in ZIP64',
  'package.entry-size',
  zip(changed(APP, { both: { size: 0xffffffff, compressedSize: 0xffffffff } })),
);
add(
  'image-empty',
  'lying sizes',
  'an image of no bytes',
  'package.entry-size',
  zip(entries({ images: [['application.bin', Buffer.alloc(0)]] })),
);
add(
  'count-too-small',
  'hidden entries',
  'the end record counts one entry less',
  'package.directory-mismatch',
  zip(entries(), { end: { entries: 2, diskEntries: 2 } }),
);
add(
  'count-differs',
  'hidden entries',
  'the two counts of the end record differ',
  'package.directory-mismatch',
  zip(entries(), { end: { diskEntries: 2 } }),
);
add(
  'directory-offset',
  'hidden entries',
  'the end record points elsewhere',
  'package.directory-mismatch',
  zip(entries(), { end: { directoryOffset: 0 } }),
);
add(
  'too-many-entries',
  'lying sizes',
  '17 images',
  'package.too-many-entries',
  zip(entries({ images: Array.from({ length: 17 }, (_, i) => [`i${i}.bin`, IMAGE]) })),
);

const raw = deflateRawSync(IMAGE);
add(
  'deflated',
  'changed header fields',
  'an image that is compressed',
  'package.entry-compressed',
  zip(
    entries().map((e) =>
      e.name === APP
        ? { name: APP, content: raw, both: { method: 8, size: IMAGE.length, crc32: crc32(IMAGE) } }
        : e,
    ),
  ),
);
for (const [file, both, code = 'package.header-field'] of [
  ['field-flags', { flags: 0x800 }],
  ['field-encrypted', { flags: 1 }],
  ['field-data-descriptor', { flags: 8 }],
  ['field-version', { versionNeeded: 10 }],
  ['field-time', { time: 1 }],
  ['field-date', { date: 0x5a21 }],
  ['field-extra', { extra: Buffer.from('55540500', 'hex') }],
]) {
  add(
    file,
    'changed header fields',
    `${Object.keys(both)} in both headers`,
    code,
    zip(changed(APP, { both })),
  );
}
for (const [file, central] of [
  ['field-comment', { comment: Buffer.from('c') }],
  ['field-disk', { disk: 1 }],
  ['field-internal-attributes', { internalAttributes: 1 }],
  ['field-made-by', { versionMadeBy: 0x31e }],
]) {
  add(
    file,
    'changed header fields',
    `${Object.keys(central)} in the directory`,
    'package.header-field',
    zip(changed(APP, { central })),
  );
}
add('no-zip', 'type confusion', 'a text file', 'package.not-a-package', Buffer.from('This is no package.\n'));
add('empty', 'type confusion', 'an empty file', 'package.not-a-package', Buffer.alloc(0));

export default cases;
