import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { assertVerified, type VerifiedPackage } from '../../verify/verified-package.ts';
import type { Entry, FlashPlan, PlanOptions } from '../protocol.ts';
import { BLOCK_BYTES } from './wire.ts';

export const CHUNK_BYTES = { default: BLOCK_BYTES, smaller: [] } as const;
export const ENTRIES: readonly Entry[] = ['auto', 'manual', 'none'];

/**
 * What will be sent to a menu bootloader: one upload an image, in the order of the package.
 * Throws `flash.format-not-supported` (it takes GBL only), `flash.confirmation-impossible` (it tells nothing of the
 * application's start), `usage.invalid` (chunk size, entry).
 */
export function planXmodem(pkg: VerifiedPackage, options: PlanOptions): FlashPlan {
  assertVerified(pkg);
  const { chunkBytes, confirm, entry } = options;
  if (chunkBytes !== BLOCK_BYTES) {
    throw new DfuError(
      'usage.invalid',
      `a chunk of ${chunkBytes} bytes does not suit xmodem: its blocks have ${BLOCK_BYTES} bytes`,
    );
  }
  if (!ENTRIES.includes(entry)) {
    throw new DfuError('usage.invalid', `xmodem knows no entry ${entry}, only ${ENTRIES.join(', ')}`);
  }
  for (const image of pkg.images) {
    if (image.entry.format === 'gbl') continue;
    throw new DfuError(
      'flash.format-not-supported',
      `image ${shown(image.entry.name)} is ${image.entry.format}; the Gecko bootloader takes GBL files only`,
      {
        facts: { image: image.entry.name, format: image.entry.format },
        cure: 'Pack it again with dfu-pack --image-format gbl.',
      },
    );
  }
  if (confirm === 'version' || confirm === 'booted') {
    throw new DfuError(
      'flash.confirmation-impossible',
      'over XMODEM nothing is heard of the application: only that the bootloader let go of it',
      { cure: 'Ask for --confirm handed-over, and look at the device.' },
    );
  }
  return {
    protocol: 'xmodem',
    package: pkg,
    options,
    sessions: pkg.images.map((image) => ({ image, requests: Math.ceil(image.bytes.length / BLOCK_BYTES) })),
    totalBytes: pkg.images.reduce((sum, image) => sum + image.bytes.length, 0),
  };
}
