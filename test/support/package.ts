import { type Bytes, concat, utf8 } from '../../src/core/bytes.ts';
import { type ContainerEntry, encodeContainer } from '../../src/format/zip.ts';

/** The entries of a container with two images; the contents are not what a verifier would accept. */
export function sampleEntries(): ContainerEntry[] {
  return [
    { name: 'manifest.json', bytes: utf8('{}\n') },
    { name: 'signatures.json', bytes: utf8('{"signatures":[]}') },
    { name: 'images/boot.gbl', bytes: Uint8Array.of(1, 2, 3, 4) },
    { name: 'images/app-1.bin', bytes: Uint8Array.of(5, 6, 7, 8, 9) },
  ];
}

/** The file, in one piece. */
export function container(entries: readonly ContainerEntry[]): Bytes {
  return concat(encodeContainer(entries));
}
