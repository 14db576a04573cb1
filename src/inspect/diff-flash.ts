import type { Bytes } from '../core/bytes.ts';
import type { Gbl } from '../images/gbl/codec.ts';

/** Bytes and where they go. */
export interface Segment {
  readonly address: number;
  /** A view into the image. */
  readonly bytes: Bytes;
}

/**
 * What flash holds once a GBL is installed: segments by address, none over another. Or why that can not be read.
 * Where tags write over each other, the later one counts.
 */
export function flashOfGbl(gbl: Gbl): Segment[] | 'encrypted' | 'compressed' | 'delta' | 'no-program-data' {
  if (gbl.encrypted) return 'encrypted';
  if (gbl.programs.some(({ compression }) => compression !== 'none')) return 'compressed';
  if (gbl.deltas.length > 0) return 'delta';
  const writes: Segment[] = gbl.programs.map(({ address, data }) => ({ address, bytes: data }));
  const bootloader = gbl.tags.find(({ name }) => name === 'bootloader');
  if (gbl.bootloader !== undefined && bootloader !== undefined) {
    // Version and address stand before the data. The tag comes before all that programs: what they write counts.
    writes.unshift({ address: gbl.bootloader.address, bytes: bootloader.payload.subarray(8) });
  }
  return writes.length === 0 ? 'no-program-data' : layOut(writes);
}

const endOf = ({ address, bytes }: Segment): number => address + bytes.length;

/** Segments by address, of writes in the order in which they are made; none is empty. */
export function layOut(writes: readonly Segment[]): Segment[] {
  const sorted = [...writes].sort((a, b) => a.address - b.address);
  const apart = sorted.every((segment, i) => {
    const before = sorted[i - 1];
    return before === undefined || endOf(before) <= segment.address;
  });
  return apart ? sorted : paintOver(writes);
}

/**
 * Cuts flash at every begin and end of a write, and gives each piece to the last write that fills it: from the last to the
 * first, each takes what is still free. Free pieces are found by following links that get shorter with use.
 */
function paintOver(writes: readonly Segment[]): Segment[] {
  const cuts = [...new Set(writes.flatMap((write) => [write.address, endOf(write)]))].sort((a, b) => a - b);
  const indexOf = new Map(cuts.map((cut, i) => [cut, i]));
  const owner = new Int32Array(cuts.length).fill(-1);
  const nextFree = Int32Array.from(cuts, (_, i) => i);
  const free = (from: number): number => {
    let end = from;
    while (nextFree[end] !== end) end = nextFree[end] as number;
    for (let i = from; i !== end; ) {
      const next = nextFree[i] as number;
      nextFree[i] = end;
      i = next;
    }
    return end;
  };
  for (let w = writes.length - 1; w >= 0; w--) {
    const write = writes[w] as Segment;
    const end = indexOf.get(endOf(write)) as number;
    for (let i = free(indexOf.get(write.address) as number); i < end; i = free(i)) {
      owner[i] = w;
      nextFree[i] = i + 1;
    }
  }
  const segments: Segment[] = [];
  for (let i = 0; i < cuts.length - 1; ) {
    const first = i;
    const of = owner[first];
    while (i < cuts.length - 1 && owner[i] === of) i++;
    const write = writes[of as number];
    if (write === undefined) continue;
    const [from, to] = [cuts[first] as number, cuts[i] as number];
    segments.push({
      address: from,
      bytes: write.bytes.subarray(from - write.address, to - write.address),
    });
  }
  return segments;
}

export type Change = 'changed' | 'added' | 'removed';

/**
 * Walks through two sets of segments, each by address and none over another, and tells every run of bytes that differ, in
 * ascending order: `changed` in both, `added` only in the new one, `removed` only in the old one. Linear in their bytes.
 */
export function walkDifferences(
  old: readonly Segment[],
  now: readonly Segment[],
  tell: (change: Change, from: number, to: number) => void,
): void {
  let [i, j, at] = [0, 0, 0];
  for (;;) {
    const [a, b] = [old[i], now[j]];
    if (a === undefined && b === undefined) return;
    const [aEnd, bEnd] = [a === undefined ? 0 : endOf(a), b === undefined ? 0 : endOf(b)];
    const aFrom = a === undefined ? Number.POSITIVE_INFINITY : Math.max(a.address, at);
    const bFrom = b === undefined ? Number.POSITIVE_INFINITY : Math.max(b.address, at);
    const from = Math.min(aFrom, bFrom);
    if (a !== undefined && b !== undefined && aFrom === bFrom) {
      at = Math.min(aEnd, bEnd);
      compareShared(a, b, from, at, tell);
    } else if (aFrom < bFrom) {
      at = Math.min(aEnd, bFrom);
      tell('removed', from, at);
    } else {
      at = Math.min(bEnd, aFrom);
      tell('added', from, at);
    }
    if (a !== undefined && at >= aEnd) i++;
    if (b !== undefined && at >= bEnd) j++;
  }
}

function compareShared(
  a: Segment,
  b: Segment,
  from: number,
  to: number,
  tell: (change: Change, from: number, to: number) => void,
): void {
  const left = a.bytes.subarray(from - a.address, to - a.address);
  const right = b.bytes.subarray(from - b.address, to - b.address);
  const length = left.length;
  for (let i = 0; ; ) {
    while (i < length && left[i] === right[i]) i++;
    if (i === length) return;
    const first = i;
    while (i < length && left[i] !== right[i]) i++;
    tell('changed', from + first, from + i);
  }
}
