import { type Bytes, toHex } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { sha256 } from '../crypto/sha256.ts';
import { decodeGbl, programBytes } from '../images/gbl/codec.ts';
import type { VerifiedImage } from './verified-package.ts';

/**
 * The file that was packed, as it was before wrapping and padding, held against the manifest's `sourceSha256`: what
 * stands before the padding, or in the program tag of a GBL that was made of a raw image. A view into the image.
 * Throws `package.image-source` where neither is it.
 */
export async function sourceOf(image: VerifiedImage): Promise<{ bytes: Bytes; format: 'raw' | 'gbl' }> {
  const { entry, bytes } = image;
  if (await isSource(entry, bytes))
    return { bytes: bytes.subarray(0, entry.sourceSize), format: entry.format };
  if (entry.format === 'gbl') {
    const wrapped = programBytes(decodeGbl(bytes, { alignment: entry.alignment }))?.bytes;
    if (wrapped !== undefined && (await isSource(entry, wrapped))) {
      return { bytes: wrapped.subarray(0, entry.sourceSize), format: 'raw' };
    }
  }
  throw new DfuError('package.image-source', `image ${entry.name} does not contain the source it names`, {
    facts: { image: entry.name, sourceSize: entry.sourceSize, sourceSha256: entry.sourceSha256 },
  });
}

async function isSource(entry: VerifiedImage['entry'], bytes: Bytes): Promise<boolean> {
  if (bytes.length < entry.sourceSize) return false;
  return toHex(await sha256(bytes.subarray(0, entry.sourceSize))) === entry.sourceSha256;
}
