import { type Bytes, hex32 } from '../core/bytes.ts';
import { DfuError, type Facts } from '../core/errors.ts';
import { ADDRESS_SPACE_BYTES } from '../format/limits.ts';
import type { Role } from '../format/manifest.ts';
import { judgeStartAddress, type StartJudgement } from '../images/cortex-m.ts';
import { firstOverlap, type ImageExtent } from '../images/extents.ts';
import type { Part } from '../images/parts.ts';
import type { PackWarning } from './warnings.ts';

/** Roles that begin with a vector table. */
const RUNNING_ROLES: ReadonlySet<Role> = new Set(['application', 'apploader', 'bootloader']);

/** Where a raw image goes, and what speaks against it. */
export interface RawPlacement {
  image: string;
  role: Role;
  bytes: Bytes;
  /** Bytes that will lie in flash, padding included. */
  size: number;
  startAddress: number;
  alignment: number;
  /** Whether a bootloader will write it from a GBL: that erases only pages whose beginning is written. */
  wrapped: boolean;
  part: Part | undefined;
}

/**
 * Holds a raw image against its start address: alignment, address space, the part's flash, the vector table.
 * Throws `pack.start-address-misaligned`, `pack.outside-part`, `pack.reset-vector`; what is only suspicious comes back.
 */
export function checkRawPlacement(placement: RawPlacement): PackWarning[] {
  const { image, role, size, startAddress, part } = placement;
  checkAlignment(placement);
  checkFlash({ image, from: startAddress, to: startAddress + size }, part);
  return [
    ...bootloaderArea(image, role, startAddress, part),
    ...(RUNNING_ROLES.has(role) && part?.core !== '8051' ? checkVectors(placement) : []),
  ];
}

function checkAlignment({ image, startAddress, alignment, wrapped, part }: RawPlacement): void {
  // Bootloaders erase a page when its beginning is written.
  const byPages = part !== undefined && (wrapped || part.imageFormat === 'raw');
  const unit = byPages ? Math.max(alignment, part.pageBytes) : alignment;
  if (startAddress % unit === 0) return;
  const why = unit === alignment ? 'the alignment' : `the flash page of ${part?.name ?? 'the part'}`;
  throw new DfuError(
    'pack.start-address-misaligned',
    `image ${image}: the start address ${hex32(startAddress)} is no multiple of ${unit}, ${why}`,
    { facts: { image, startAddress: hex32(startAddress), unit } },
  );
}

/** Holds a range of addresses against the address space and, with a part, its flash. Throws `pack.outside-part`. */
export function checkFlash(extent: ImageExtent, part: Part | undefined): void {
  const { image, from, to } = extent;
  const facts: Facts = { image, from: hex32(from), bytes: to - from };
  if (to > ADDRESS_SPACE_BYTES) {
    const message = `image ${image}: ${to - from} bytes from ${hex32(from)} on reach past 0xffffffff`;
    throw new DfuError('pack.outside-part', message, { facts });
  }
  if (part === undefined) return;
  const end = part.flashBase + part.flashBytes - part.reservedAtEndBytes;
  if (from >= part.flashBase && to <= end) return;
  const gap = to - from > part.flashBytes ? ' It is larger than all of it: a gap between sections?' : '';
  throw new DfuError(
    'pack.outside-part',
    `image ${image}: ${to - from} bytes from ${hex32(from)} on do not lie in the flash of ${part.name}, ` +
      `${hex32(part.flashBase)} to ${hex32(end - 1)}.${gap}`,
    { facts: { ...facts, flashFrom: hex32(part.flashBase), flashBytes: part.flashBytes } },
  );
}

/** Bootloaders skip what an application wants to write below its own start, without a word. */
function bootloaderArea(
  image: string,
  role: Role,
  startAddress: number,
  part: Part | undefined,
): PackWarning[] {
  if (part === undefined || role === 'bootloader' || role === 'se' || role === 'apploader') return [];
  const lowest = part.layouts.reduce((least, l) => Math.min(least, l.applicationStart), ADDRESS_SPACE_BYTES);
  if (startAddress >= lowest) return [];
  const message =
    `${hex32(startAddress)} lies below ${hex32(lowest)}, where applications begin on ${part.name}: ` +
    'its bootloader will most likely not write there';
  return [{ code: 'bootloader-area', image, message }];
}

function checkVectors({ image, bytes, startAddress, part }: RawPlacement): PackWarning[] {
  const starts = part?.layouts.map((layout) => layout.applicationStart) ?? [];
  const judged = judgeStartAddress(bytes, startAddress, starts);
  if (judged.kind === 'fits') return [];
  if (judged.kind === 'no-vectors') {
    const message =
      'the image does not begin with a Cortex-M vector table, so its start address was not checked';
    return [{ code: 'no-vector-table', image, message }];
  }
  const message = elsewhere(judged, bytes.length, startAddress);
  if (part === undefined) return [{ code: 'start-address', image, message }];
  const { likelyStart } = judged;
  throw new DfuError('pack.reset-vector', `image ${image}: ${message}`, {
    facts: {
      image,
      startAddress: hex32(startAddress),
      resetVector: hex32(judged.vectors.resetVector),
      ...(likelyStart === undefined ? {} : { likelyStart: hex32(likelyStart) }),
    },
    ...(likelyStart === undefined
      ? {}
      : { cure: `If it was linked for ${hex32(likelyStart)}: --start-address ${hex32(likelyStart)}.` }),
  });
}

function elsewhere(
  { vectors, evidence, likelyStart }: StartJudgement & { kind: 'elsewhere' },
  size: number,
  start: number,
): string {
  const likely = likelyStart === undefined ? '' : `; it was probably linked for ${hex32(likelyStart)}`;
  return evidence === 'application-properties'
    ? `its ApplicationProperties do not lie where they would with the start address ${hex32(start)}${likely}`
    : `its reset vector ${hex32(vectors.resetVector)} does not lie in the image, ${hex32(start)} to ` +
        `${hex32(start + size - 1)}${likely}`;
}

/** Throws `pack.overlap` when two images write to one address; tags of one image may touch. */
export function checkApart(extents: readonly ImageExtent[]): void {
  const overlap = firstOverlap(extents);
  if (overlap === undefined) return;
  const { first, second } = overlap;
  const address = hex32(second.from);
  throw new DfuError(
    'pack.overlap',
    `images ${first.image} and ${second.image} overlap at ${address}: ${first.image} goes on to ${hex32(first.to - 1)}`,
    { facts: { first: first.image, second: second.image, address } },
  );
}
