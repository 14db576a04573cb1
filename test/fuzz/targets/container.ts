import { type Bytes, concat, equalBytes } from '../../../src/core/bytes.ts';
import { crc32 } from '../../../src/core/crc32.ts';
import { imageEntryName, MANIFEST_ENTRY, SIGNATURES_ENTRY } from '../../../src/format/entry-names.ts';
import { type ContainerEntry, encodeContainer, openContainer } from '../../../src/format/zip.ts';
import { hostilePackages } from '../engine/seeds.ts';
import { promised, type Target } from '../engine/target.ts';

/** A container that opens is the one that is written for its entries, and its parts lie within it. */
export const target: Target = {
  name: 'container',
  maxBytes: 4096,
  seeds: hostilePackages,
  repair: rightHeaders,
  words: [Uint8Array.of(0x50, 0x4b, 3, 4), Uint8Array.of(0x50, 0x4b, 1, 2), Uint8Array.of(0x50, 0x4b, 5, 6)],
  run(bytes) {
    const { manifestBytes, signaturesBytes, images } = openContainer(bytes);
    const entries: ContainerEntry[] = [
      { name: MANIFEST_ENTRY, bytes: manifestBytes },
      ...(signaturesBytes === undefined ? [] : [{ name: SIGNATURES_ENTRY, bytes: signaturesBytes }]),
      ...images.map((image) => ({
        name: imageEntryName(image.name, image.format),
        bytes: image.bytes,
        crc32: image.zipCrc32,
      })),
    ];
    promised(equalBytes(concat(encodeContainer(entries)), bytes), 'rebuilding gives the same file');
    for (const { offset, bytes: content } of images) {
      promised(
        equalBytes(bytes.subarray(offset, offset + content.length), content),
        'an image lies where it says',
      );
    }
    return true;
  },
};

/** Goes through the local headers by their sizes and puts in the CRC-32 of what follows. */
function rightHeaders(bytes: Bytes): Bytes {
  const made = bytes.slice();
  const view = new DataView(made.buffer);
  const crcs: number[] = [];
  let at = 0;
  while (at + 30 <= made.length && view.getUint32(at, true) === 0x04034b50) {
    const content = at + 30 + view.getUint16(at + 26, true);
    const end = content + view.getUint32(at + 18, true);
    if (end > made.length) return made;
    const crc = crc32(made.subarray(content, end));
    crcs.push(crc);
    view.setUint32(at + 14, crc, true);
    at = end;
  }
  for (const crc of crcs) {
    if (at + 46 > made.length || view.getUint32(at, true) !== 0x02014b50) return made;
    view.setUint32(at + 16, crc, true);
    at += 46 + view.getUint16(at + 28, true);
  }
  return made;
}
