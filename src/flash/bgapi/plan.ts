import { parseHex32 } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { assertVerified, type VerifiedPackage } from '../../verify/verified-package.ts';
import type { FlashPlan, PlanOptions } from '../protocol.ts';
import { MAX_UPLOAD_BYTES } from './wire.ts';

export const CHUNK_BYTES = { default: MAX_UPLOAD_BYTES, smaller: [128, 48] } as const;

/** Flash is written in words: an upload that splits one confuses older bootloaders. */
const WORD_BYTES = 4;

/**
 * What will be sent to a Gecko bootloader: one DFU session an image, in the order of the package.
 * Throws `flash.format-not-supported` (it takes GBL only), `flash.confirmation-impossible`, `usage.invalid` (chunk size).
 */
export function planBgapi(pkg: VerifiedPackage, options: PlanOptions): FlashPlan {
  assertVerified(pkg);
  const { chunkBytes } = options;
  if (
    !Number.isInteger(chunkBytes) ||
    chunkBytes < WORD_BYTES ||
    chunkBytes > MAX_UPLOAD_BYTES ||
    chunkBytes % WORD_BYTES !== 0
  ) {
    throw new DfuError(
      'usage.invalid',
      `a chunk of ${chunkBytes} bytes does not suit bgapi: a multiple of ${WORD_BYTES}, at most ${MAX_UPLOAD_BYTES}`,
    );
  }
  for (const { entry } of pkg.images) {
    if (entry.format === 'gbl') continue;
    throw new DfuError(
      'flash.format-not-supported',
      `image ${shown(entry.name)} is ${entry.format}; the Gecko bootloader takes GBL files only`,
      {
        facts: { image: entry.name, format: entry.format },
        cure: 'Pack it again with dfu-pack --image-format gbl.',
      },
    );
  }
  assertVersionExpected(pkg, options);
  return {
    protocol: 'bgapi',
    package: pkg,
    options,
    sessions: pkg.images.map((image) => ({ image, requests: Math.ceil(image.bytes.length / chunkBytes) })),
    totalBytes: pkg.images.reduce((sum, image) => sum + image.bytes.length, 0),
  };
}

/** Throws `flash.confirmation-impossible` when a version is asked for that nobody said. */
export function assertVersionExpected(pkg: VerifiedPackage, { confirm }: PlanOptions): void {
  if (confirm !== 'version' || expectedVersion(pkg) !== undefined) return;
  throw new DfuError(
    'flash.confirmation-impossible',
    'the package does not say which version the device tells once its last image runs (deviceVersion)',
  );
}

/** What the device should tell once the last image runs: major << 16 | minor << 8 | patch. */
export function expectedVersion(pkg: VerifiedPackage): number | undefined {
  const text = pkg.images.at(-1)?.entry.deviceVersion;
  return text === undefined ? undefined : parseHex32(text);
}
