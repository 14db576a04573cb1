// A good package, in parts that the cases change one at a time.
import { crc32 } from 'node:zlib';
import { makeKey, makeP256Key, messageOf, sha256Hex, signaturesJson } from './signing.mjs';

export const TRUSTED = makeKey('trusted');
export const TRUSTED_P256 = makeP256Key('trusted');
export const ATTACKER = makeKey('attacker');
/** The time at which the corpus is judged. */
export const AT = '2026-06-01T00:00:00Z';

export const hex32 = (value) => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
export const json = (value) => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

export const IMAGE = Buffer.from(Array.from({ length: 32 }, (_, i) => (i * 37 + 11) & 0xff));
export const OTHER_IMAGE = Buffer.from(Array.from({ length: 32 }, (_, i) => (i * 53 + 7) & 0xff));

export function imageEntry(bytes, changes = {}) {
  const entry = {
    name: 'application',
    role: 'application',
    format: 'raw',
    startAddress: '0x00006000',
    sourceName: 'app.bin',
    sourceSize: bytes.length,
    sourceSha256: sha256Hex(bytes),
    size: bytes.length,
    alignment: 4,
    padByte: '0xff',
    crc32: hex32(crc32(bytes)),
    sha256: sha256Hex(bytes),
    ...changes,
  };
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
}

export function manifestValue(changes = {}) {
  const { images = [imageEntry(IMAGE)], ...others } = changes;
  const value = {
    formatVersion: 1,
    name: 'thermo',
    version: '1.2.0',
    securityCounter: 3,
    target: { product: 'acme-thermo', hardware: ['A', 'B'] },
    requires: undefined,
    notAfter: undefined,
    images,
    provenance: undefined,
    annotations: undefined,
    ...others,
  };
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined));
}

export function signed(manifest, keys = [TRUSTED]) {
  return signaturesJson(keys.map((key) => ({ keyId: key.keyId, signature: key.sign(messageOf(manifest)) })));
}

export const entryOf = (name, content) => ({ name, content });

/** The entries of a package: each part can be given, `signatures: null` leaves them out. */
export function entries({
  manifest = json(manifestValue()),
  signatures,
  images = [['application.bin', IMAGE]],
} = {}) {
  return [
    entryOf('manifest.json', manifest),
    ...(signatures === null ? [] : [entryOf('signatures.json', signatures ?? signed(manifest))]),
    ...images.map(([name, content]) => entryOf(`images/${name}`, content)),
  ];
}
