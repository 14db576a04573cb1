import { ByteReader, type Bytes, utf8 } from '../core/bytes.ts';
import { crc32 } from '../core/crc32.ts';
import { DfuError } from '../core/errors.ts';
import { MAX_PACKAGE_BYTES } from './limits.ts';
import type { ImageFormat } from './manifest.ts';
import { type Entry, readDirectory, readEntries } from './zip-reader.ts';
import { CENTRAL, CENTRAL_BYTES, END, encodeRecord, LOCAL, LOCAL_BYTES } from './zip-records.ts';

/** A package taken apart; nothing is parsed yet. All bytes are views of the package, not copies. */
export interface Container {
  readonly manifestBytes: Bytes;
  readonly signaturesBytes?: Bytes;
  readonly images: readonly ContainerImage[];
}

export interface ContainerImage {
  /** Without folder and extension. */
  readonly name: string;
  readonly format: ImageFormat;
  readonly bytes: Bytes;
  /** What both headers claim; whoever reads the content compares. */
  readonly zipCrc32: number;
  /** Where the content begins in the package, in bytes. */
  readonly offset: number;
}

export interface ContainerEntry {
  readonly name: string;
  readonly bytes: Bytes;
  /** Saves computing it where it is known. */
  readonly crc32?: number;
}

/**
 * The ZIP file of these entries: the only one there is for them (docs/package-format.md, section 1). The pieces stand in
 * file order; contents are not copied. It takes any names; `encodePackage` knows what a package may hold.
 */
export function encodeContainer(entries: readonly ContainerEntry[]): Bytes[] {
  const files: Bytes[] = [];
  const directory: Bytes[] = [];
  let offset = 0;
  let directoryBytes = 0;
  for (const entry of entries) {
    const name = utf8(entry.name);
    const values = {
      crc32: entry.crc32 ?? crc32(entry.bytes),
      compressedSize: entry.bytes.length,
      size: entry.bytes.length,
      nameLength: name.length,
      localOffset: offset,
    };
    files.push(encodeRecord(LOCAL, values), name, entry.bytes);
    directory.push(encodeRecord(CENTRAL, values), name);
    offset += LOCAL_BYTES + name.length + entry.bytes.length;
    directoryBytes += CENTRAL_BYTES + name.length;
  }
  const count = entries.length;
  const end = encodeRecord(END, {
    diskEntries: count,
    entries: count,
    directoryBytes,
    directoryOffset: offset,
  });
  return [...files, ...directory, end];
}

/**
 * Takes a package apart (docs/package-format.md, sections 1 and 2). It passes exactly when `encodeContainer` over the
 * entries gives the same bytes; an error has in `facts.offset` the place that stands against that. The CRC-32 of images
 * alone is left to the caller: `zipCrc32`.
 * Throws `package.not-a-package`, `.too-large`, `.truncated`, `.unexpected-bytes`, `.trailing-bytes`, `.too-many-entries`,
 * `.entry-name`, `.entry-order`, `.entry-duplicate`, `.entry-compressed`, `.entry-size`, `.entry-crc`, `.header-field`,
 * `.directory-mismatch`, `.no-images`, and `format.unsupported-image-format`.
 */
export function openContainer(bytes: Bytes): Container {
  if (bytes.length > MAX_PACKAGE_BYTES) {
    throw new DfuError(
      'package.too-large',
      `the package has ${bytes.length} bytes, at most ${MAX_PACKAGE_BYTES} may be`,
      {
        facts: { size: bytes.length, limit: MAX_PACKAGE_BYTES },
      },
    );
  }
  const reader = new ByteReader(bytes);
  const entries = readEntries(reader);
  readDirectory(reader, entries);
  return toContainer(entries);
}

function toContainer(entries: readonly Entry[]): Container {
  let manifestBytes: Bytes | undefined;
  let signaturesBytes: Bytes | undefined;
  const images: ContainerImage[] = [];
  for (const { kind, content, contentOffset, values } of entries) {
    if (kind.type === 'manifest') manifestBytes = content;
    else if (kind.type === 'signatures') signaturesBytes = content;
    else {
      images.push({
        name: kind.name,
        format: kind.format,
        bytes: content,
        zipCrc32: values.crc32,
        offset: contentOffset,
      });
    }
  }
  if (manifestBytes === undefined) throw new Error('readEntries lets no package without manifest pass');
  return signaturesBytes === undefined
    ? { manifestBytes, images }
    : { manifestBytes, signaturesBytes, images };
}
