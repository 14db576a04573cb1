import { expect, test } from 'vitest';
import { type Bytes, hex32, utf8 } from '../../src/core/bytes.ts';
import { crc32 } from '../../src/core/crc32.ts';
import type { ErrorCode, Facts } from '../../src/core/errors.ts';
import { PAYLOAD_TYPES } from '../../src/format/dsse.ts';
import * as limits from '../../src/format/limits.ts';
import { decodeManifest, type Manifest } from '../../src/format/manifest.ts';
import { decodeSignatures, encodeSignatures } from '../../src/format/signatures.ts';
import { decodeTrustFile } from '../../src/format/trust-file-load.ts';
import { decodeTrustSignatures } from '../../src/format/trust-signatures.ts';
import { openContainer } from '../../src/format/zip.ts';
import { CENTRAL_BYTES, LOCAL_BYTES } from '../../src/format/zip-records.ts';
import { thrownBy } from '../support/codes.ts';
import { minimalImage, minimalManifest, written } from '../support/manifest.ts';
import { container } from '../support/package.ts';

const ENTRIES = [
  { name: 'manifest.json', bytes: utf8('{}\n') },
  { name: 'images/a.bin', bytes: Uint8Array.of(1) },
];
const good = container(ENTRIES);
const directoryAt = 2 * LOCAL_BYTES + 13 + 3 + 12 + 1;
const endAt = directoryAt + 2 * CENTRAL_BYTES + 13 + 12;

/** What is said of the container with these bytes at this offset. */
const patched = (offset: number, ...values: number[]) => {
  const bytes = good.slice();
  bytes.set(values, offset);
  return () => openContainer(bytes);
};
const manifest = (changes: Partial<Manifest>) => () => decodeManifest(written(minimalManifest(changes)));
const image = (changes: object) => manifest({ images: [minimalImage(changes)] });
const list = utf8(JSON.stringify({ payloadType: PAYLOAD_TYPES.manifest, signatures: [] }));
const deep = utf8('['.repeat(limits.MAX_JSON_DEPTH + 1));
const spaces = (count: number): Bytes => new Uint8Array(count).fill(0x20);
const signatures = encodeSignatures([{ keyId: 'ab'.repeat(32), signature: Uint8Array.of(1) }]);

test.each<[string, () => unknown, ErrorCode, Facts]>([
  [
    'a fixed field of a header',
    patched(6, 1),
    'package.header-field',
    { offset: 6, field: 'flags', expected: 0, found: 1 },
  ],
  [
    'compression',
    patched(8, 8),
    'package.entry-compressed',
    { offset: 8, field: 'method', expected: 0, found: 8 },
  ],
  ['two sizes of an entry', patched(18, 4), 'package.entry-size', { offset: 22, size: 3, compressedSize: 4 }],
  ['a size out of bounds', patched(18, 0, 0, 0, 0, 0, 0, 0, 0), 'package.entry-size', { offset: 22 }],
  [
    'the CRC of an entry',
    patched(14, 1, 2, 3, 4),
    'package.entry-crc',
    { offset: 43, expected: '0x04030201', found: hex32(crc32(utf8('{}\n'))) },
  ],
  [
    'a field of the directory',
    patched(directoryAt + 24, 4),
    'package.directory-mismatch',
    { offset: directoryAt + 24, expected: 3, found: 4 },
  ],
  [
    'the count of entries',
    patched(endAt + 8, 3),
    'package.directory-mismatch',
    { offset: endAt + 8, expected: 2, found: 3 },
  ],
  [
    'an image format of later',
    () => openContainer(container([ENTRIES[0]!, { name: 'images/a.zep', bytes: Uint8Array.of(1) }])),
    'format.unsupported-image-format',
    { image: 'a', extension: 'zep', offset: LOCAL_BYTES * 2 + 13 + 3 },
  ],
  [
    'a name without a place',
    () => openContainer(container([ENTRIES[0]!, { name: 'x', bytes: Uint8Array.of(1) }])),
    'package.entry-name',
    { offset: LOCAL_BYTES * 2 + 13 + 3 },
  ],
  [
    'a package over its limit',
    () => openContainer(new Uint8Array(limits.MAX_PACKAGE_BYTES + 1)),
    'package.too-large',
    { size: limits.MAX_PACKAGE_BYTES + 1, limit: limits.MAX_PACKAGE_BYTES },
  ],

  [
    'a manifest over its limit',
    () => decodeManifest(spaces(limits.MAX_MANIFEST_BYTES + 1)),
    'package.too-large',
    { size: limits.MAX_MANIFEST_BYTES + 1, limit: limits.MAX_MANIFEST_BYTES },
  ],
  ['depth', () => decodeManifest(deep), 'package.json-limit', { offset: limits.MAX_JSON_DEPTH }],
  ['bytes beyond ASCII', () => decodeManifest(utf8('{"ä":1}')), 'package.manifest-form', { offset: 2 }],
  ['what is no JSON', () => decodeManifest(utf8('{')), 'package.manifest-form', {}],
  [
    'a version of the format of later',
    () => decodeManifest(utf8('{"formatVersion":2}')),
    'format.unsupported-version',
    { formatVersion: 2 },
  ],
  [
    'a role of later',
    image({ role: 'modem' }),
    'format.unsupported-role',
    { path: 'images[0].role', found: 'modem' },
  ],
  [
    'an image format of later in the manifest',
    image({ format: 'zephyr' }),
    'format.unsupported-image-format',
    { path: 'images[0].format', found: 'zephyr' },
  ],
  [
    'a role that no version has',
    image({ role: 'No Role' }),
    'package.manifest-schema',
    { path: 'images[0].role', rule: 'enum' },
  ],
  [
    'a format version that is none',
    manifest({ formatVersion: 1.5 as 1 }),
    'package.manifest-schema',
    { path: 'formatVersion', rule: 'const' },
  ],
  [
    'a missing field',
    () => decodeManifest(utf8('{"formatVersion":1}')),
    'package.manifest-schema',
    { path: 'the manifest', rule: 'required' },
  ],
  [
    'a manifest that is a list',
    () => decodeManifest(utf8('[]')),
    'package.manifest-schema',
    { path: 'the manifest', rule: 'type' },
  ],
  [
    'a rule between fields',
    image({ size: 6, sourceSize: 6 }),
    'package.manifest-rule',
    { path: 'images[0].size' },
  ],

  [
    'signatures over their limit',
    () => decodeSignatures(spaces(limits.MAX_SIGNATURES_BYTES + 1)),
    'package.too-large',
    { size: limits.MAX_SIGNATURES_BYTES + 1, limit: limits.MAX_SIGNATURES_BYTES },
  ],
  [
    'signatures of something else',
    () => decodeSignatures(utf8('{"payloadType":"x\\n"}')),
    'format.unsupported-version',
    { payloadType: 'x\\x0a' },
  ],
  [
    'signatures in another form',
    () => decodeSignatures(utf8(` ${new TextDecoder().decode(signatures)}`)),
    'package.signatures-form',
    { offset: 0 },
  ],
  ['an empty list of signatures', () => decodeSignatures(list), 'package.signatures-form', {}],
  [
    'signatures of a package beside a trust file',
    () => decodeTrustSignatures(signatures),
    'trust.signatures-kind',
    { payloadType: PAYLOAD_TYPES.manifest },
  ],
  [
    'deep signatures beside a trust file',
    () => decodeTrustSignatures(deep),
    'trust.signatures-form',
    { offset: limits.MAX_JSON_DEPTH },
  ],

  [
    'a trust file over its limit',
    () => decodeTrustFile(spaces(limits.MAX_TRUST_FILE_BYTES + 1)),
    'trust.file-limit',
    { size: limits.MAX_TRUST_FILE_BYTES + 1, limit: limits.MAX_TRUST_FILE_BYTES },
  ],
  ['a deep trust file', () => decodeTrustFile(deep), 'trust.file-limit', { offset: limits.MAX_JSON_DEPTH }],
  ['a tab in a trust file', () => decodeTrustFile(utf8('{\t}')), 'trust.file-form', { offset: 1 }],
  ['a trust file that is no JSON', () => decodeTrustFile(utf8('{')), 'trust.file-form', {}],
])('%s: machines read what is wrong and where', async (_, act, code, facts) => {
  const error = await thrownBy(act);
  expect([error.code, error.facts]).toEqual([code, facts]);
});
