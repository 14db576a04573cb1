import { type Bytes, concat, equalBytes, hex32, u32le } from '../../../src/core/bytes.ts';
import { crc32 } from '../../../src/core/crc32.ts';
import { decodeGbl, encodeGbl } from '../../../src/images/gbl/codec.ts';
import { gblExtents } from '../../../src/images/gbl/extents.ts';
import { MAX_GBL_TAGS } from '../../../src/images/gbl/tag-stream.ts';
import { GBL_VERSION } from '../../../src/images/gbl/tags.ts';
import { gblSeeds, rightCrc } from '../engine/gbl-files.ts';
import { promised, type Target } from '../engine/target.ts';

/** A GBL file that is read is what is written for its tags, and no address of it lies beyond 32 bits. */
export const target: Target = {
  name: 'gbl',
  maxBytes: 4096,
  seeds: gblSeeds,
  repair: rightCrc,
  run(bytes) {
    const gbl = decodeGbl(bytes);
    const tags = gbl.tags.slice(1, -1);
    promised(equalBytes(rewritten(bytes, encodeGbl(tags, gbl)), bytes), 'encoding gives the same bytes');
    promised(tags.length + 2 <= MAX_GBL_TAGS, 'tags are counted');
    for (const { from, to } of gblExtents(gbl)) {
      promised(from >= 0 && from <= to && to <= 2 ** 32, `an extent lies within 32 bits: ${hex32(from)}`);
    }
    return true;
  },
};

/** The file as it is written anew, with the minor version of the original and its padding, which may both be any. */
function rewritten(original: Bytes, written: Bytes): Bytes {
  const minor = new DataView(original.buffer, original.byteOffset).getUint32(8, true) & 0x00ffffff;
  const body = concat([written.subarray(0, 8), u32le((GBL_VERSION | minor) >>> 0), written.subarray(12, -4)]);
  const padding = new Uint8Array(Math.max(0, original.length - written.length)).fill(0xff);
  return concat([body, u32le(crc32(body)), padding]);
}
