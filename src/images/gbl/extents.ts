import type { Extent } from '../extents.ts';
import type { Gbl } from './codec.ts';

/** Flash that a GBL writes, as far as it can be read: of an encrypted file nothing, of compressed data the first byte. */
export function gblExtents(gbl: Gbl): Extent[] {
  const extents: Extent[] = gbl.programs.map(({ address, data, compression }) => ({
    from: address,
    to: address + (compression === 'none' ? data.length : 1),
  }));
  for (const { address, newBytes } of gbl.deltas) extents.push({ from: address, to: address + newBytes });
  if (gbl.bootloader !== undefined) {
    const { address, length } = gbl.bootloader;
    extents.push({ from: address, to: address + length });
  }
  return extents;
}
