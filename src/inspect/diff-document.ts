import type { ErrorCode, Facts } from '../core/errors.ts';
import type { ImageFormat } from '../format/manifest.ts';

/**
 * What differs between two files: schemas/diff-v1.schema.json. Nothing in it was verified. Ranges, sizes and digests of
 * images were computed from the bytes at hand; manifest fields, signers and whatever is taken from them are claims.
 */
export interface Difference {
  formatVersion: 1;
  verified: false;
  /** Of two packages or two images: whether any byte differs. Of a package and an image: whether it does not hold it. */
  different: boolean;
  old: DiffFile;
  new: DiffFile;
  /** Absent where no part that is known was named, and no size was given. */
  pageSize?: { bytes: number; source: 'part' | 'option'; part?: string };
  /** Of two packages. Fields of images stand with the images. */
  manifest?: { verified: false; fields: readonly FieldChange[] };
  /** Of two packages. */
  signers?: SignerChanges;
  images: readonly ImageDifference[];
  /** What in a package does not fit its manifest, or can not be read. */
  problems: readonly DiffProblem[];
}

export type DiffSide = 'old' | 'new';

export interface DiffFile {
  /** As it was called. */
  file: string;
  kind: 'package' | 'raw' | 'gbl3';
  /** Bytes. */
  size: number;
  package?: { verified: false; packageId: string; name: string; version: string };
}

/** A value of the manifest: lists are compared as one value. */
export type FieldValue = string | number | readonly unknown[];

export interface FieldChange {
  /** `target.product`, `annotations["acme.example/line"]`; of an image below it: `sourceName`. */
  path: string;
  change: 'changed' | 'added' | 'removed';
  /** Absent where it was added. */
  old?: FieldValue;
  /** Absent where it was removed. */
  new?: FieldValue;
}

/** Key ids, as the signatures claim to be by. */
export interface SignerChanges {
  verified: false;
  added: readonly string[];
  removed: readonly string[];
  /** In both, whatever their signatures are. */
  same: readonly string[];
}

/** How a package holds a bare image; computed from the bytes, not from what the manifest says. */
export type Holding = 'exact' | 'before-padding' | 'before-wrapping' | 'same-data' | 'no';

export interface ImageDifference {
  /** Absent where two bare images were compared. */
  name?: string;
  /** `same`: the same bytes, and the same fields of the manifest. */
  change: 'same' | 'changed' | 'added' | 'removed';
  old?: DiffImage;
  new?: DiffImage;
  /** Of its manifest entry, where both sides have one. */
  fields?: readonly FieldChange[];
  /** Where its first byte goes, `0x%08x`; `sameBytes`: what goes there did not change. */
  moved?: { old: string; new: string; sameBytes: boolean };
  /** Bytes of the image as it is held. */
  resized?: { old: number; new: number };
  /** Where both sides have it. */
  content?: ContentDifference;
  /** Of a package and a bare image. `sourceSha256`: whether the manifest's is that of the bare image, a claim. */
  holding?: { held: Holding; sourceSha256: 'same' | 'other' };
}

export interface DiffImage {
  format: ImageFormat;
  /** Bytes. */
  size: number;
  /** Computed. */
  sha256: string;
  /** `0x%08x`; of a bare binary that of the other side. */
  startAddress?: string;
  /** Whether manifest and ZIP header say the same of size, CRC-32 and SHA-256; absent for a bare image. */
  asClaimed?: boolean;
}

/**
 * Why an image could not be compared by address: its data can not be read, or there is none; `no-address`: a raw
 * binary of which nobody says where it goes, or that reaches past 0xffffffff there.
 */
export type NoAddressReason =
  | 'encrypted'
  | 'compressed'
  | 'delta'
  | 'not-sound'
  | 'no-program-data'
  | 'no-address';

export interface ContentDifference {
  /** `address`: what flash gets; `offset`: the bytes of the files; `nothing`: the two can not be compared. */
  comparedBy: 'address' | 'offset' | 'nothing';
  /** Present unless compared by address. */
  reason?: NoAddressReason;
  same: boolean;
  /** Exact numbers of bytes: other in both, only in the new one, only in the old one. */
  bytes: { changed: number; added: number; removed: number };
  /** Ascending; `start` is an address, or an offset in the file. */
  ranges: readonly DiffRange[];
  /** At most so many bytes without a change lie between two changes of one range. */
  gapBytes: number;
  /** Pages with a difference in them. Absent without a page size, and where files were compared that are not flash. */
  pages?: PageDifference;
  /** Tags outside of the programmed data that differ, of two GBL files compared by address. */
  otherTags?: readonly string[];
}

export interface DiffRange {
  change: 'changed' | 'added' | 'removed';
  /** `0x%08x`. */
  start: string;
  /** Bytes from the first to the last that differs. */
  length: number;
  /** How many of them differ. */
  bytes: number;
}

export interface PageDifference {
  /** Bytes of one page. */
  pageBytes: number;
  /** Pages with a difference. */
  count: number;
  /** Pages one after the other; `start` is the first one's address, `count` how many of the `pages` differ. */
  runs: readonly { start: string; pages: number; count: number }[];
}

export interface DiffProblem {
  side: DiffSide;
  /** Absent for a bare image. */
  image?: string;
  code: ErrorCode;
  message: string;
  facts: Facts;
}
