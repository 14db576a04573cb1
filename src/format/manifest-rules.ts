import { parseHex32 } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { isImageName } from './image-name.ts';
import { ADDRESS_SPACE_BYTES } from './limits.ts';
import type { Identifier, Manifest, ManifestImage, VersionRange } from './manifest.ts';
import { parseTimestamp } from './timestamp.ts';
import { compareDotted, isDottedVersion, parseSemVer } from './versions.ts';

/**
 * The rules between fields, and those that a schema can not say; docs/package-format.md, section 3.
 * Takes a manifest that follows its schema. Throws `package.manifest-rule`.
 */
export function checkManifestRules(manifest: Manifest): void {
  const { version, target, requires, notAfter, images } = manifest;
  if (parseSemVer(version) === undefined) fail('version', 'has a number over 4294967295');
  if (notAfter !== undefined && parseTimestamp(notAfter) === undefined)
    fail('notAfter', 'is no time that there is');
  checkIdentifiers(target.identifiers ?? []);
  for (const key of ['bootloader', 'apploader', 'application'] as const) {
    const range = requires?.[key];
    if (range !== undefined) checkRange(`requires.${key}`, range);
  }
  const names = new Set<string>();
  for (const [i, image] of images.entries()) {
    const path = `images[${i}]`;
    if (names.has(image.name)) fail(`${path}.name`, `is "${image.name}" for the second time`);
    names.add(image.name);
    checkImage(path, image);
  }
  checkOverlap(images);
}

const IDENTIFIER_VALUES: ReadonlyMap<Identifier['type'], RegExp> = new Map([
  ['gbl-product-id', /^[0-9a-f]{32}$/],
  ['usb-id', /^[0-9a-f]{4}:[0-9a-f]{4}$/],
]);

function checkIdentifiers(identifiers: readonly Identifier[]): void {
  const seen = new Set<string>();
  for (const [i, { type, value }] of identifiers.entries()) {
    const path = `target.identifiers[${i}]`;
    if (IDENTIFIER_VALUES.get(type)?.test(value) === false)
      fail(`${path}.value`, `is no ${type}: "${shown(value)}"`);
    const key = `${type} ${value}`;
    if (seen.has(key)) fail(path, 'is there twice');
    seen.add(key);
  }
}

function checkRange(path: string, { min, below }: VersionRange): void {
  for (const version of [min, below]) {
    if (version !== undefined && !isDottedVersion(version)) fail(path, 'has a number over 4294967295');
  }
  if (min !== undefined && below !== undefined && compareDotted(min, below) >= 0) {
    fail(path, `allows no version: from ${min} on, but below ${below}`);
  }
}

function checkImage(path: string, image: ManifestImage): void {
  const { name, format, startAddress, sourceSize, sourceSha256, size, alignment, padByte, sha256 } = image;
  if (!isImageName(name)) fail(`${path}.name`, `is the name of a device on Windows: "${name}"`);
  if (size % alignment !== 0) fail(`${path}.size`, `is ${size}, no multiple of the alignment ${alignment}`);
  if (format === 'raw') {
    if (startAddress === undefined) fail(path, 'is raw and lacks startAddress');
    const padding = size - sourceSize;
    if (padding < 0 || padding >= alignment) {
      fail(`${path}.size`, `is ${size}; the ${sourceSize} bytes of the source do not pad to that`);
    }
    if (padding === 0 && sha256 !== sourceSha256) {
      fail(`${path}.sha256`, 'differs from sourceSha256, although nothing was added');
    }
  } else if (padByte !== '0xff') {
    fail(`${path}.padByte`, 'must be 0xff for a gbl image');
  }
  const start = addressOf(image);
  if (start !== undefined && start + size > ADDRESS_SPACE_BYTES) {
    fail(`${path}.size`, 'reaches beyond the last address, 0xffffffff');
  }
}

/**
 * Where a raw image lies the manifest says; of a gbl image it says the lowest address only, so that much is compared
 * here and the rest is left to who reads its tags.
 */
function checkOverlap(images: readonly ManifestImage[]): void {
  const spans = images.flatMap((image) => {
    const start = addressOf(image);
    return start === undefined
      ? []
      : [{ image, start, end: start + (image.format === 'raw' ? image.size : 1) }];
  });
  spans.sort((a, b) => a.start - b.start || a.end - b.end);
  for (const [i, span] of spans.entries()) {
    const next = spans[i + 1];
    if (next !== undefined && next.start < span.end) {
      fail('images', `"${span.image.name}" and "${next.image.name}" overlap at ${next.image.startAddress}`);
    }
  }
}

function addressOf({ startAddress }: ManifestImage): number | undefined {
  return startAddress === undefined ? undefined : parseHex32(startAddress);
}

function fail(path: string, what: string): never {
  throw new DfuError('package.manifest-rule', `manifest.json: ${path} ${what}`, { facts: { path } });
}
