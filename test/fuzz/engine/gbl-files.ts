import { type Bytes, concat, u32le } from '../../../src/core/bytes.ts';
import { crc32 } from '../../../src/core/crc32.ts';
import { bytesOf, finished, gblFile, type Name, prog } from '../../images/gbl/files.ts';
import { TINY_START } from '../../sim/support.ts';
import { partsOfPackages } from './seeds.ts';

const data = bytesOf(24, 0x5a);
const TAGS: readonly (readonly [Name, Bytes])[] = [
  ['version-dependency', concat([Uint8Array.of(1, 6, 0, 0), u32le(0x02010000)])],
  ['application', bytesOf(28)],
  ['se-upgrade', concat([u32le(8), u32le(0x01020304), data])],
  ['bootloader', concat([u32le(0x02000000), u32le(0x08000000), data])],
  ['prog', prog(TINY_START, data)],
  ['eraseprog', prog(TINY_START + 0x200, data)],
  ['prog-lz4', prog(TINY_START, data)],
  ['prog-lzma', prog(TINY_START, data)],
  ['delta', concat([u32le(1), u32le(64), u32le(TINY_START), data])],
  ['metadata', bytesOf(5, 0x41)],
];

/** GBL files with each tag once in one of them, and the images of the hostile packages. */
export function gblSeeds(): Bytes[] {
  const signed = finished([
    ['header', concat([u32le(0x03000000), u32le(0x100)])],
    ['prog', prog(TINY_START, data)],
    ['certificate', bytesOf(136)],
    ['signature', bytesOf(64)],
  ]);
  const encrypted = gblFile(
    [
      ['enc-init', bytesOf(16)],
      ['enc-gbl-data', bytesOf(16, 7)],
    ],
    1,
  );
  const images = partsOfPackages(({ images }) =>
    images.filter(({ format }) => format === 'gbl').map(({ bytes }) => bytes),
  );
  return [gblFile(TAGS), ...TAGS.map((tag) => gblFile([tag])), signed, encrypted, ...images];
}

/** Follows the tags as far as they go, and puts the CRC of what stands before it into an end tag. */
export function rightCrc(bytes: Bytes): Bytes {
  const made = bytes.slice();
  const view = new DataView(made.buffer);
  for (let at = 0; at + 8 <= made.length; ) {
    const length = view.getUint32(at + 4, true);
    if (view.getUint32(at, true) === 0xfc0404fc && at + 12 <= made.length) {
      view.setUint32(at + 8, crc32(made.subarray(0, at + 8)), true);
      return made;
    }
    at += 8 + length;
  }
  return made;
}
