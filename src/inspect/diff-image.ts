import { type Bytes, equalBytes, hex32, parseHex32 } from '../core/bytes.ts';
import type { ManifestImage } from '../format/manifest.ts';
import { programBytes } from '../images/gbl/codec.ts';
import { diffContent, type ReadImage, readImage } from './diff-content.ts';
import type { ContentDifference, DiffImage, DiffProblem, Holding, ImageDifference } from './diff-document.ts';
import { diffEntries } from './diff-fields.ts';
import type { InputImage } from './diff-input.ts';

/** An image of both sides, and what of them is not sound. */
export interface ComparedImage {
  difference: ImageDifference;
  problems: DiffProblem[];
}

/** The images of one name in two packages, two bare images, or one of each. */
export function diffImages(old: InputImage, now: InputImage, pageBytes: number | undefined): ComparedImage {
  const before = readWithAddressOf(old, now);
  const after = readWithAddressOf(now, old);
  const content = diffContent(before, after, pageBytes);
  const sameBytes = equalBytes(old.bytes, now.bytes);
  const entries = old.entry !== undefined && now.entry !== undefined;
  const fields = entries ? diffEntries(old.entry as ManifestImage, now.entry as ManifestImage) : undefined;
  const [from, to] = [startOf(before), startOf(after)];
  const name = (old.entry ?? now.entry)?.name;
  const held = old.entry === undefined ? after : before;
  const bare = old.entry === undefined ? old : now;
  const difference: ImageDifference = {
    ...(name !== undefined && { name }),
    change: sameBytes && (fields ?? []).length === 0 ? 'same' : 'changed',
    old: imageFacts(before),
    new: imageFacts(after),
    ...(fields && { fields }),
    ...(from !== undefined &&
      to !== undefined &&
      from !== to && {
        moved: { old: hex32(from), new: hex32(to), sameBytes: sameBytes || sameData(before, after) },
      }),
    ...(old.bytes.length !== now.bytes.length && {
      resized: { old: old.bytes.length, new: now.bytes.length },
    }),
    content,
    ...(!entries && name !== undefined && { holding: holding(held, bare, sameBytes, content) }),
  };
  return { difference, problems: [...unsound('old', before), ...unsound('new', after)] };
}

/** An image that only one side has. */
export function loneImage(side: 'old' | 'new', image: InputImage & { entry: ManifestImage }): ComparedImage {
  const read = readWithAddressOf(image, image);
  const change = side === 'old' ? 'removed' : 'added';
  return {
    difference: { name: image.entry.name, change, [side]: imageFacts(read) },
    problems: unsound(side, read),
  };
}

/** A bare binary does not tell where it goes: to where the other one goes. */
function readWithAddressOf(image: InputImage, other: InputImage): ReadImage {
  const own = parseHex32(image.entry?.startAddress ?? '');
  if (own !== undefined || image.format !== 'raw') return readImage(image, own);
  return readImage(image, startOf(readImage(other, parseHex32(other.entry?.startAddress ?? ''))));
}

/** Where flash begins to be filled: by the data, or as the manifest says of what can not be read. */
function startOf({ flash, image }: ReadImage): number | undefined {
  return typeof flash === 'string' ? parseHex32(image.entry?.startAddress ?? '') : flash[0]?.address;
}

function imageFacts(read: ReadImage): DiffImage {
  const { format, bytes, sha256, asClaimed } = read.image;
  const start = startOf(read);
  return {
    format,
    size: bytes.length,
    sha256,
    ...(start !== undefined && { startAddress: hex32(start) }),
    ...(asClaimed !== undefined && { asClaimed }),
  };
}

/** Whether flash gets the same bytes in the same pieces, wherever they go. */
function sameData({ flash: old }: ReadImage, { flash: now }: ReadImage): boolean {
  if (typeof old === 'string' || typeof now === 'string' || old.length !== now.length) return false;
  const [from = 0, to = 0] = [old[0]?.address, now[0]?.address];
  return old.every((segment, i) => {
    const other = now[i];
    return (
      other !== undefined &&
      segment.address - from === other.address - to &&
      equalBytes(segment.bytes, other.bytes)
    );
  });
}

function unsound(side: 'old' | 'new', { unsound: error, image }: ReadImage): DiffProblem[] {
  if (error === undefined) return [];
  const { code, message, facts } = error;
  return [{ side, ...(image.entry && { image: image.entry.name }), code, message, facts }];
}

/** Whether and how the image of a package is a bare one, by the bytes of both. */
function holding(
  held: ReadImage,
  bare: InputImage,
  sameBytes: boolean,
  content: ContentDifference,
): NonNullable<ImageDifference['holding']> {
  const { entry } = held.image;
  return {
    held: holdingOf(held, bare, sameBytes, content),
    sourceSha256: entry?.sourceSha256 === bare.sha256 ? 'same' : 'other',
  };
}

function holdingOf(
  { image, gbl }: ReadImage,
  bare: InputImage,
  sameBytes: boolean,
  content: ContentDifference,
): Holding {
  if (sameBytes) return 'exact';
  const padByte = Number.parseInt(image.entry?.padByte.slice(2) ?? '', 16);
  if (image.format === bare.format && isPadded(image, bare.bytes, padByte)) return 'before-padding';
  const wrapped = gbl && programBytes(gbl)?.bytes;
  if (bare.format === 'raw' && wrapped !== undefined && equalBytes(wrapped, bare.bytes))
    return 'before-wrapping';
  return content.comparedBy === 'address' && content.same ? 'same-data' : 'no';
}

function isPadded({ bytes, entry }: InputImage, source: Bytes, padByte: number): boolean {
  const added = bytes.length - source.length;
  return (
    added > 0 &&
    added < (entry?.alignment ?? 0) &&
    bytes.subarray(source.length).every((byte) => byte === padByte) &&
    equalBytes(bytes.subarray(0, source.length), source)
  );
}
