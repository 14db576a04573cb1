/** A range of flash: its first address, and one past its last. */
export interface Extent {
  readonly from: number;
  readonly to: number;
}

/** Flash that an image fills. */
export interface ImageExtent extends Extent {
  readonly image: string;
}

/**
 * The first place, by address, where two images fill the same flash: `second` begins there, and `first` goes on behind
 * it. Extents of one image may overlap: tags of a GBL may write again where it wrote.
 */
export function firstOverlap<E extends ImageExtent>(
  extents: readonly E[],
): { first: E; second: E } | undefined {
  // The one that ends last so far.
  let last: E | undefined;
  for (const extent of [...extents].sort((a, b) => a.from - b.from)) {
    if (last !== undefined && last.image !== extent.image && extent.from < last.to) {
      return { first: last, second: extent };
    }
    if (last === undefined || extent.to > last.to) last = extent;
  }
  return undefined;
}
