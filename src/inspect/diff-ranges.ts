/** Bytes without a change that one range may span: below it, two ranges take more lines than they tell. */
export const MERGE_GAP_BYTES = 16;
/** More ranges than these are merged over wider gaps, so that a hostile or wholly rewritten image stays small to tell. */
export const MAX_RANGES = 65_536;

export interface Range {
  from: number;
  /** One past the last. */
  to: number;
  /** How many of them were added; the rest lies in gaps. */
  count: number;
}

/**
 * Collects ranges that come in ascending order, merges those that lie close together, and counts exactly what was added.
 * Holds no more than `MAX_RANGES`: where there are more, it doubles its gap until they fit.
 */
export class RangeCollector {
  readonly #ranges: Range[] = [];
  /** Of all that was added. */
  count = 0;
  /** Two ranges with no more than this between them are one. */
  gap: number;
  readonly #most: number;

  constructor(gap: number, most: number = MAX_RANGES) {
    this.gap = gap;
    this.#most = most;
  }

  get ranges(): readonly Range[] {
    return this.#ranges;
  }

  /** `from` is not below that of the range before; what lies in that one already is not counted again. */
  add(from: number, to: number): void {
    const last = this.#ranges.at(-1);
    const begin = last === undefined ? from : Math.max(from, last.to);
    if (to <= begin) return;
    this.count += to - begin;
    if (last !== undefined && begin - last.to <= this.gap) {
      last.to = to;
      last.count += to - begin;
      return;
    }
    this.#ranges.push({ from: begin, to, count: to - begin });
    if (this.#ranges.length > this.#most) this.#coarsen();
  }

  /** Down to half of what may be, so that it happens seldom. */
  #coarsen(): void {
    while (this.#ranges.length > this.#most / 2) {
      this.gap = Math.max(MERGE_GAP_BYTES, 2 * this.gap);
      let kept = 0;
      for (const range of this.#ranges) {
        const last = kept === 0 ? undefined : this.#ranges[kept - 1];
        if (last !== undefined && range.from - last.to <= this.gap) {
          last.to = range.to;
          last.count += range.count;
        } else this.#ranges[kept++] = range;
      }
      this.#ranges.length = kept;
    }
  }
}
