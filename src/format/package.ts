import type { Bytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { imageEntryName, MANIFEST_ENTRY, SIGNATURES_ENTRY } from './entry-names.ts';
import {
  MAX_IMAGE_BYTES,
  MAX_IMAGES,
  MAX_MANIFEST_BYTES,
  MAX_PACKAGE_BYTES,
  MAX_SIGNATURES_BYTES,
  MIN_IMAGE_BYTES,
} from './limits.ts';
import type { ImageFormat } from './manifest.ts';
import { type ContainerEntry, encodeContainer } from './zip.ts';

/** Media type of a package; not registered. */
export const MEDIA_TYPE = 'application/vnd.dfukit.package';
/** How the file name of a package ends. */
export const EXTENSION = '.dfupkg';

/** What a package is made of. */
export interface PackageContent {
  /** The bytes of manifest.json, from `encodeManifest`. */
  readonly manifest: Bytes;
  /** The bytes of signatures.json, from `encodeSignatures`. */
  readonly signatures?: Bytes;
  /** In manifest order. */
  readonly images: readonly {
    readonly name: string;
    readonly format: ImageFormat;
    readonly bytes: Bytes;
    /** Saves computing it where it is known. */
    readonly crc32?: number;
  }[];
}

/**
 * The bytes of a package, in pieces in file order; images are not copied. What comes out `openContainer` takes.
 * Throws `package.no-images`, `.too-many-entries`, `.entry-name`, `.entry-duplicate`, `.entry-size`, `.too-large`.
 */
export function encodePackage(content: PackageContent): Bytes[] {
  const { manifest, signatures, images } = content;
  if (images.length === 0) throw new DfuError('package.no-images', 'a package holds at least one image');
  if (images.length > MAX_IMAGES) {
    throw new DfuError('package.too-many-entries', `a package holds at most ${MAX_IMAGES} images`);
  }
  const entries: ContainerEntry[] = [];
  checkSize(MANIFEST_ENTRY, manifest, 1, MAX_MANIFEST_BYTES);
  entries.push({ name: MANIFEST_ENTRY, bytes: manifest });
  if (signatures !== undefined) {
    checkSize(SIGNATURES_ENTRY, signatures, 1, MAX_SIGNATURES_BYTES);
    entries.push({ name: SIGNATURES_ENTRY, bytes: signatures });
  }
  const names = new Set<string>();
  for (const { name, format, bytes, crc32 } of images) {
    const entryName = imageEntryName(name, format);
    if (names.has(name)) throw new DfuError('package.entry-duplicate', `two images are called ${name}`);
    names.add(name);
    checkSize(entryName, bytes, MIN_IMAGE_BYTES, MAX_IMAGE_BYTES);
    entries.push(crc32 === undefined ? { name: entryName, bytes } : { name: entryName, bytes, crc32 });
  }
  const segments = encodeContainer(entries);
  const size = segments.reduce((sum, s) => sum + s.length, 0);
  if (size > MAX_PACKAGE_BYTES) {
    throw new DfuError('package.too-large', `the package would have ${size} bytes`, {
      facts: { size, limit: MAX_PACKAGE_BYTES },
    });
  }
  return segments;
}

function checkSize(entryName: string, bytes: Bytes, min: number, max: number): void {
  if (bytes.length >= min && bytes.length <= max) return;
  throw new DfuError(
    'package.entry-size',
    `${entryName} has ${bytes.length} bytes; ${min} to ${max} are allowed`,
    {
      facts: { size: bytes.length, min, max },
    },
  );
}
