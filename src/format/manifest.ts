import type { Bytes } from '../core/bytes.ts';
import { firstDifference, utf8 } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { checkJsonLimits } from './json-limits.ts';
import { MAX_MANIFEST_BYTES } from './limits.ts';
import { checkManifestRules } from './manifest-rules.ts';
import { checkManifestSchema } from './manifest-schema.ts';

/** The manifest of a DFU package, format version 1: docs/package-format.md, section 3. Keys stand in the order of the file. */
export interface Manifest {
  formatVersion: 1;
  name: string;
  /** SemVer 2.0.0. */
  version: string;
  securityCounter: number;
  target: Target;
  requires?: Requires;
  /** `YYYY-MM-DDTHH:MM:SSZ`; from then on the package is refused. */
  notAfter?: string;
  images: ManifestImage[];
  provenance?: Provenance;
  annotations?: Record<string, string>;
}

export interface Target {
  product: string;
  vendor?: string;
  part?: string;
  hardware?: string[];
  identifiers?: Identifier[];
}

export const IDENTIFIER_TYPES = [
  'gbl-product-id',
  'usb-id',
  'ble-model-number',
  'ble-hardware-revision',
] as const;
export interface Identifier {
  type: (typeof IDENTIFIER_TYPES)[number];
  value: string;
}

/** Versions of what runs on the device already: 1 to 4 decimal numbers with dots. */
export interface Requires {
  bootloader?: VersionRange;
  apploader?: VersionRange;
  application?: VersionRange;
}
export interface VersionRange {
  min?: string;
  below?: string;
}

export const ROLES = ['application', 'apploader', 'bootloader', 'stack', 'se', 'data'] as const;
export type Role = (typeof ROLES)[number];
export const FORMATS = ['raw', 'gbl'] as const;
export type ImageFormat = (typeof FORMATS)[number];

export interface ManifestImage {
  name: string;
  role: Role;
  format: ImageFormat;
  /** `0x%08x`. */
  startAddress?: string;
  sourceName: string;
  sourceSize: number;
  sourceSha256: string;
  size: number;
  alignment: number;
  /** `0x%02x`. */
  padByte: string;
  /** `0x%08x`. */
  crc32: string;
  sha256: string;
  /** `0x%08x`. */
  deviceVersion?: string;
}

export interface Provenance {
  sourceRepository?: string;
  sourceRevision?: string;
  sbom?: string;
}

/**
 * The bytes of manifest.json: the one form that there is for these values.
 * Throws `package.manifest-schema`, `package.manifest-rule`, `package.too-large`, `format.unsupported-*`.
 */
export function encodeManifest(manifest: Manifest): Bytes {
  // What comes out of JSON holds own values alone: no undefined, no getters, nothing inherited.
  const value: unknown = JSON.parse(JSON.stringify(manifest));
  checkManifestSchema(value);
  const bytes = utf8(render(value));
  checkSize(bytes);
  checkManifestRules(value);
  return bytes;
}

/**
 * The manifest in these bytes, which must be exactly what `encodeManifest` gives for it.
 * Throws `package.too-large`, `package.json-limit`, `package.manifest-form`, `package.manifest-schema`,
 * `package.manifest-rule`, `format.unsupported-version`, `format.unsupported-role`, `format.unsupported-image-format`.
 */
export function decodeManifest(bytes: Bytes): Manifest {
  checkSize(bytes);
  const text = asciiText(bytes);
  checkJsonLimits(bytes, 'manifest.json');
  const value = parse(text);
  checkManifestSchema(value);
  const canonical = utf8(render(value));
  const offset = firstDifference(bytes, canonical);
  if (offset < Math.max(bytes.length, canonical.length)) {
    throw formError(`it is not written in its one form, from offset ${offset} on`, { offset });
  }
  checkManifestRules(value);
  return value;
}

function checkSize(bytes: Bytes): void {
  if (bytes.length <= MAX_MANIFEST_BYTES) return;
  throw new DfuError('package.too-large', `manifest.json has ${bytes.length} bytes`, {
    facts: { size: bytes.length, limit: MAX_MANIFEST_BYTES },
  });
}

/** The form knows line feeds and printable ASCII only: UTF-8 beyond that, a byte order mark or a tab ends here. */
function asciiText(bytes: Bytes): string {
  const offset = bytes.findIndex((byte) => byte !== 0x0a && (byte < 0x20 || byte > 0x7e));
  if (offset >= 0) throw formError(`the byte at offset ${offset} is not printable ASCII`, { offset });
  return new TextDecoder().decode(bytes);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw formError('it is no JSON', {}, cause);
  }
}

function formError(what: string, facts: { offset?: number } = {}, cause?: unknown): DfuError {
  return new DfuError('package.manifest-form', `manifest.json: ${what}`, { facts, cause });
}

/** The keys of each object, in the order of the file and of the schema's `properties`. */
export const KEY_ORDER = {
  manifest: [
    'formatVersion',
    'name',
    'version',
    'securityCounter',
    'target',
    'requires',
    'notAfter',
    'images',
    'provenance',
    'annotations',
  ],
  target: ['product', 'vendor', 'part', 'hardware', 'identifiers'],
  identifier: ['type', 'value'],
  requires: ['bootloader', 'apploader', 'application'],
  versionRange: ['min', 'below'],
  image: [
    'name',
    'role',
    'format',
    'startAddress',
    'sourceName',
    'sourceSize',
    'sourceSha256',
    'size',
    'alignment',
    'padByte',
    'crc32',
    'sha256',
    'deviceVersion',
  ],
  provenance: ['sourceRepository', 'sourceRevision', 'sbom'],
} as const;

function render(m: Manifest): string {
  const { target, requires, images, provenance, annotations } = m;
  const identifiers = target.identifiers?.map((i) => ordered(i, KEY_ORDER.identifier));
  const value = {
    ...m,
    target: ordered({ ...target, identifiers }, KEY_ORDER.target),
    requires: requires && ordered(orderedRanges(requires), KEY_ORDER.requires),
    images: images.map((image) => ordered(image, KEY_ORDER.image)),
    provenance: provenance && ordered(provenance, KEY_ORDER.provenance),
    annotations: annotations && ordered(annotations, Object.keys(annotations).sort()),
  };
  return `${JSON.stringify(ordered(value, KEY_ORDER.manifest), null, 2)}\n`;
}

function orderedRanges(requires: Requires): object {
  const ranges: [string, VersionRange][] = Object.entries(requires);
  return Object.fromEntries(ranges.map(([key, range]) => [key, ordered(range, KEY_ORDER.versionRange)]));
}

/** The same values under the same keys, in this order. A key that has no place is a fault: nothing is left out unsaid. */
function ordered(value: object, keys: readonly string[]): object {
  const own = new Map(Object.entries(value));
  for (const [key, v] of own) {
    if (v !== undefined && !keys.includes(key)) throw new Error(`the key ${key} has no place in the order`);
  }
  return Object.fromEntries(keys.filter((k) => own.get(k) !== undefined).map((k) => [k, own.get(k)]));
}
