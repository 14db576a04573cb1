import { ByteReader, type Bytes, parseHex32 } from '../core/bytes.ts';
import type { DeviceState } from '../core/errors.ts';
import type { VerifiedPackage } from '../verify/verified-package.ts';
import { dottedDeviceVersion } from './facts.ts';
import { CONFIRMATIONS, type Confirmation, type DeviceFacts, type Settled } from './protocol.ts';

/** What is known when a run has failed and the device was asked again. */
export interface Afterwards {
  deviceState: DeviceState;
  /** The new application runs after all, and so well that is known. */
  confirmation?: Confirmation;
}

/**
 * What the device is found to run after a failure. `before`: what it told before it was changed; `known`: what was known
 * of its flash before it was asked; an answer that got lost says nothing, but a version does: where another ran before,
 * the one of the package is the new application, and the one from before is the old.
 */
export function judgeSettled(
  pkg: VerifiedPackage,
  { deviceState, start }: Settled,
  known: DeviceState,
  before: DeviceFacts | undefined,
): Afterwards {
  const expected = lastVersion(pkg);
  const told = start?.facts.applicationVersion;
  if (known === 'new') {
    if (deviceState !== 'new' || start === undefined) return { deviceState };
    if (told === undefined || expected === undefined)
      return { deviceState, confirmation: start.confirmation };
    return told === expected ? { deviceState, confirmation: 'version' } : { deviceState: 'unknown' };
  }
  const was = before?.applicationVersion;
  if (deviceState !== 'unknown' || told === undefined || expected === undefined) return { deviceState };
  if (was === undefined || was === expected) return { deviceState };
  if (told === expected) return { deviceState: 'new', confirmation: 'version' };
  return { deviceState: told === was ? 'old' : 'unknown' };
}

/** Whether evidence is at least as good as what was asked for. */
export const suffices = (reached: Confirmation, asked: Confirmation): boolean =>
  CONFIRMATIONS.indexOf(reached) <= CONFIRMATIONS.indexOf(asked);

/** What the device tells once the last image runs, in dotted decimals. */
function lastVersion(pkg: VerifiedPackage): string | undefined {
  const version = parseHex32(pkg.images.at(-1)?.entry.deviceVersion ?? '');
  return version === undefined ? undefined : dottedDeviceVersion(version);
}

/** Tags of a GBL whose data goes into flash: plain, with erase, compressed with LZ4 and LZMA. */
const PROGRAM_TAGS: ReadonlySet<number> = new Set([0xfe0101fe, 0xfd0303fd, 0xfd0505fd, 0xfd0707fd]);
/** The bootloader keeps so much back before it writes. */
const CARRIED_BYTES = 64;

/**
 * From how many bytes on, taken by the bootloader, the old application is surely gone: a page that is written is erased
 * first. `undefined` where that can not be told from the image, which may be encrypted, or no application at all.
 */
export function oldGoneAfter(pkg: VerifiedPackage): number | undefined {
  const first = pkg.images[0];
  if (first === undefined || first.entry.role !== 'application') return undefined;
  if (first.entry.format !== 'gbl') return 1;
  return firstProgramOffset(first.bytes);
}

function firstProgramOffset(bytes: Bytes): number | undefined {
  const reader = new ByteReader(bytes);
  for (let offset = 0; offset + 8 <= bytes.length; offset += 8 + reader.u32(offset + 4)) {
    if (PROGRAM_TAGS.has(reader.u32(offset))) return offset + 12 + CARRIED_BYTES;
  }
  return undefined;
}
