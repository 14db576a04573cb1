import { hex32, parseHex32 } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import type { ManifestImage } from '../../format/manifest.ts';
import { findPart } from '../../images/parts.ts';
import { assertVerified, type VerifiedPackage } from '../../verify/verified-package.ts';
import type { FlashPlan, PlanOptions } from '../protocol.ts';
import { LEGACY_CHUNK_BYTES } from './ble1xx-wire.ts';
import { assertVersionExpected } from './plan.ts';

export const BLE1XX_CHUNK_BYTES = { default: 64, smaller: [32, 16] } as const;

/** Below lies the bootloader. */
export const BLE1XX_FIRST_ADDRESS = 0x1000;
/** The unit of erasing; the last page, which holds settings of the hardware, is not written by updates. */
const PAGE_BYTES = 2048;
/** Of the largest part, where the package names none. */
const MAX_FLASH_BYTES = 256 * 1024;

/** The largest power of two that fits into both. */
export const ble1xxPiece = (restBytes: number, chunkBytes: number): number =>
  LEGACY_CHUNK_BYTES.find((bytes) => bytes <= restBytes && bytes <= chunkBytes) ?? 1;

/** Where a raw image goes; the plan has seen that it says so. */
export const startAddressOf = ({ startAddress }: ManifestImage): number =>
  parseHex32(startAddress ?? '') ?? 0;

/**
 * What will be sent to a BLE1xx: each image at its start address, in pieces of powers of two.
 * Throws `flash.format-not-supported` (it takes raw images only), `flash.address-not-writable`,
 * `flash.confirmation-impossible`, `usage.invalid` (chunk size).
 */
export function planBle1xx(protocol: string, pkg: VerifiedPackage, options: PlanOptions): FlashPlan {
  assertVerified(pkg);
  const { chunkBytes } = options;
  if (!(LEGACY_CHUNK_BYTES as readonly number[]).includes(chunkBytes)) {
    throw new DfuError(
      'usage.invalid',
      `a chunk of ${chunkBytes} bytes does not suit ${protocol}: 1, 2, 4, 8, 16, 32 or 64`,
    );
  }
  const flashBytes = findPart(pkg.manifest.target.part ?? '')?.flashBytes ?? MAX_FLASH_BYTES;
  for (const { entry, bytes } of pkg.images) {
    assertRaw(protocol, entry);
    assertWritable(entry, bytes.length, Math.min(flashBytes, MAX_FLASH_BYTES) - PAGE_BYTES);
  }
  assertVersionExpected(pkg, options);
  return {
    protocol,
    package: pkg,
    options,
    sessions: pkg.images.map((image) => ({ image, requests: pieces(image.bytes.length, chunkBytes) })),
    totalBytes: pkg.images.reduce((sum, image) => sum + image.bytes.length, 0),
  };
}

function assertRaw(protocol: string, { name, format }: ManifestImage): void {
  if (format === 'raw') return;
  throw new DfuError(
    'flash.format-not-supported',
    `image ${shown(name)} is ${format}; ${protocol} takes raw images only`,
    {
      facts: { image: name, format },
      cure: 'Pack the raw binary with dfu-pack --image-format raw --start-address 0x1000; for a Gecko choose --protocol bgapi.',
    },
  );
}

function assertWritable(entry: ManifestImage, sizeBytes: number, end: number): void {
  const start = startAddressOf(entry);
  if (start >= BLE1XX_FIRST_ADDRESS && start % PAGE_BYTES === 0 && start + sizeBytes <= end) return;
  throw new DfuError(
    'flash.address-not-writable',
    `image ${shown(entry.name)}: ${sizeBytes} bytes from ${hex32(start)} on; this bootloader writes ` +
      `${hex32(BLE1XX_FIRST_ADDRESS)} to ${hex32(end - 1)}, from the start of a page of ${PAGE_BYTES} bytes on`,
    { facts: { image: entry.name, startAddress: hex32(start), size: sizeBytes } },
  );
}

function pieces(sizeBytes: number, chunkBytes: number): number {
  const rest = sizeBytes % chunkBytes;
  // Each bit of the rest is a piece of its own.
  return Math.floor(sizeBytes / chunkBytes) + [...rest.toString(2)].filter((bit) => bit === '1').length;
}
