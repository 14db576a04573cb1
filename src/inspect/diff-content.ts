import { equalBytes, hex32 } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { decodeGbl, type Gbl } from '../images/gbl/codec.ts';
import type { ContentDifference, DiffRange, NoAddressReason, PageDifference } from './diff-document.ts';
import { type Change, flashOfGbl, type Segment, walkDifferences } from './diff-flash.ts';
import type { InputImage } from './diff-input.ts';
import { MERGE_GAP_BYTES, type Range, RangeCollector } from './diff-ranges.ts';

/** An image as far as it can be read. */
export interface ReadImage {
  image: InputImage;
  /** What flash gets, or why that can not be told. */
  flash: readonly Segment[] | NoAddressReason;
  gbl?: Gbl;
  /** Why a GBL is none that a bootloader would read. */
  unsound?: DfuError;
}

/** `startAddress` where the first byte of a raw image goes, if anybody says so. */
export function readImage(image: InputImage, startAddress: number | undefined): ReadImage {
  if (image.format === 'raw') {
    const { bytes } = image;
    const fits = startAddress !== undefined && startAddress + bytes.length <= 2 ** 32;
    return { image, flash: fits ? [{ address: startAddress, bytes }] : 'no-address' };
  }
  try {
    const { alignment } = image.entry ?? {};
    const gbl = decodeGbl(image.bytes, alignment === undefined ? {} : { alignment });
    return { image, gbl, flash: flashOfGbl(gbl) };
  } catch (error) {
    if (!(error instanceof DfuError)) throw error;
    return { image, flash: 'not-sound', unsound: error };
  }
}

/**
 * Compares by address where both can be read, so that the same data in another wrapping shows no difference; else two
 * files of one format by their bytes.
 */
export function diffContent(
  old: ReadImage,
  now: ReadImage,
  pageBytes: number | undefined,
): ContentDifference {
  const { flash: before } = old;
  const { flash: after } = now;
  if (typeof before !== 'string' && typeof after !== 'string') {
    const difference = walk(before, after, pageBytes);
    const otherTags = old.gbl && now.gbl && differingTags(old.gbl, now.gbl);
    return { comparedBy: 'address', ...difference, ...(otherTags && { otherTags }) };
  }
  const reason = typeof before === 'string' ? before : (after as NoAddressReason);
  if (old.image.format !== now.image.format) {
    const bytes = { changed: 0, added: 0, removed: 0 };
    return { comparedBy: 'nothing', reason, same: false, bytes, ranges: [], gapBytes: MERGE_GAP_BYTES };
  }
  // Offsets in a GBL are no flash; those in a raw binary are, from a page's beginning on.
  const pages = old.image.format === 'raw' ? pageBytes : undefined;
  const file = ({ image }: ReadImage) => [{ address: 0, bytes: image.bytes }];
  return { comparedBy: 'offset', reason, ...walk(file(old), file(now), pages) };
}

type Walked = Pick<ContentDifference, 'same' | 'bytes' | 'ranges' | 'gapBytes' | 'pages'>;

function walk(old: readonly Segment[], now: readonly Segment[], pageBytes: number | undefined): Walked {
  const collected: Record<Change, RangeCollector> = {
    changed: new RangeCollector(MERGE_GAP_BYTES),
    added: new RangeCollector(0),
    removed: new RangeCollector(0),
  };
  const pages = new RangeCollector(0);
  walkDifferences(old, now, (change, from, to) => {
    collected[change].add(from, to);
    if (pageBytes !== undefined) pages.add(Math.floor(from / pageBytes), Math.ceil(to / pageBytes));
  });
  const { changed, added, removed } = collected;
  const ranges = (Object.entries(collected) as [Change, RangeCollector][])
    .flatMap(([change, { ranges: found }]) => found.map((range) => ({ change, range })))
    .sort((a, b) => a.range.from - b.range.from);
  return {
    same: ranges.length === 0,
    bytes: { changed: changed.count, added: added.count, removed: removed.count },
    ranges: ranges.map(({ change, range }) => toRange(change, range)),
    gapBytes: Math.max(changed.gap, added.gap, removed.gap),
    ...(pageBytes !== undefined && { pages: toPages(pages, pageBytes) }),
  };
}

function toRange(change: Change, { from, to, count }: Range): DiffRange {
  return { change, start: hex32(from), length: to - from, bytes: count };
}

function toPages({ count, ranges }: RangeCollector, pageBytes: number): PageDifference {
  const runs = ranges.map((run) => ({
    start: hex32(run.from * pageBytes),
    pages: run.to - run.from,
    count: run.count,
  }));
  return { pageBytes, count, runs };
}

/** Hold data for flash, which was compared already, or follow from the rest of the file. */
const NOT_COMPARED: readonly string[] = ['prog', 'eraseprog', 'bootloader', 'end'];

/** Names of tags outside of the programmed data that are not the same in both, in the order of the files. */
function differingTags(old: Gbl, now: Gbl): string[] {
  const names = new Set([...old.tags, ...now.tags].map(({ name }) => name));
  const differing = [...names].filter((name) => !NOT_COMPARED.includes(name) && !sameTags(old, now, name));
  return [
    ...differing,
    ...(old.bootloader?.version === now.bootloader?.version ? [] : ['bootloader']),
    // The same data, yet erased otherwise, or in other pieces.
    ...(samePieces(old, now) ? [] : ['prog']),
  ];
}

function sameTags(old: Gbl, now: Gbl, name: string): boolean {
  const before = old.tags.filter((tag) => tag.name === name);
  const after = now.tags.filter((tag) => tag.name === name);
  return (
    before.length === after.length &&
    before.every(({ payload }, i) => equalBytes(payload, after[i]?.payload ?? new Uint8Array(0)))
  );
}

function samePieces({ programs: old }: Gbl, { programs: now }: Gbl): boolean {
  return (
    old.length === now.length &&
    old.every((one, i) => {
      const other = now[i];
      return one.tag === other?.tag && one.address === other.address && one.data.length === other.data.length;
    })
  );
}
