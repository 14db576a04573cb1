import { ByteReader, type Bytes, equalBytes, fromHex } from '../../core/bytes.ts';
import { crc32 } from '../../core/crc32.ts';
import { FLASH_WORD_BYTES, type FlashMemory } from '../flash-memory.ts';
import type { GeckoHardware } from './hardware.ts';

/** Why a bootloader does not start what lies at the application's start. */
export type BootRefusal = 'no-image' | 'stack-pointer' | 'program-counter' | 'checksum' | 'signature';

/** How a bootloader judges applications at start-up. */
export interface SecureBoot {
  /** Every application must be signed. */
  required: boolean;
  /** What the check of a signature comes to: the model computes no ECDSA. */
  signatureValid: boolean;
}

const ERASED_WORD = 0xffffffff;
const PROGRAM_COUNTER_OFFSET = 4;
/** Vector 13, reserved by Arm, points to the ApplicationProperties. */
const PROPERTIES_POINTER_OFFSET = 52;
/** The pointer is believed from here on: behind the first 16 vectors. */
const FIRST_PROPERTIES_OFFSET = 64;
const PROPERTIES_MAGIC = fromHex('13b779fac925ddb7adf3cfe0f1b614b8') as Bytes;
const PROPERTIES_BYTES = 56;
const SIGNATURE_TYPE = { none: 0, ecdsaP256: 1, crc32: 2 } as const;

interface Properties {
  signatureType: number;
  /** Where signature or CRC lies. */
  signatureLocation: number;
  version: number;
}

/** The ApplicationProperties that the vector table points to; `undefined` where it points to none. */
function properties(flash: FlashMemory, hardware: GeckoHardware): Properties | undefined {
  const address = flash.u32(hardware.applicationStart + PROPERTIES_POINTER_OFFSET);
  if (!propertiesPointerInFlash(flash, hardware) || address + PROPERTIES_BYTES > flash.endAddress)
    return undefined;
  const bytes = flash.read(address, PROPERTIES_BYTES);
  if (!equalBytes(bytes.subarray(0, PROPERTIES_MAGIC.length), PROPERTIES_MAGIC)) return undefined;
  const reader = new ByteReader(bytes);
  return { signatureType: reader.u32(20), signatureLocation: reader.u32(24), version: reader.u32(32) };
}

function propertiesPointerInFlash(flash: FlashMemory, hardware: GeckoHardware): boolean {
  const address = flash.u32(hardware.applicationStart + PROPERTIES_POINTER_OFFSET);
  return address >= hardware.applicationStart + FIRST_PROPERTIES_OFFSET && address <= flash.endAddress;
}

/** The version in the application's properties; `undefined` where it has none. */
export function applicationVersion(flash: FlashMemory, hardware: GeckoHardware): number | undefined {
  return properties(flash, hardware)?.version;
}

/** Whether the word that makes an application is there: a bootloader without it stays, whatever it was asked. */
export function hasProgramCounter(flash: FlashMemory, hardware: GeckoHardware): boolean {
  return flash.u32(hardware.applicationStart + PROGRAM_COUNTER_OFFSET) !== ERASED_WORD;
}

/** The bootloader's judgement at start-up; `undefined` when the application is started. Source: `btl_bootload.c`. */
export function bootRefusal(
  flash: FlashMemory,
  hardware: GeckoHardware,
  secureBoot: SecureBoot,
): BootRefusal | undefined {
  if (!hasProgramCounter(flash, hardware)) return 'no-image';
  const stackPointer = flash.u32(hardware.applicationStart);
  const programCounter = flash.u32(hardware.applicationStart + PROGRAM_COUNTER_OFFSET);
  // The end itself is allowed in both: a stack grows down from it, and the vendor's code compares so.
  if (stackPointer < hardware.ramStart || stackPointer > hardware.ramEnd) return 'stack-pointer';
  if (programCounter < hardware.applicationStart || programCounter > flash.endAddress)
    return 'program-counter';

  const found = properties(flash, hardware);
  if (secureBoot.required) {
    return propertiesPointerInFlash(flash, hardware) && secureBoot.signatureValid ? undefined : 'signature';
  }
  switch (found?.signatureType) {
    case undefined:
    case SIGNATURE_TYPE.none:
      return undefined;
    case SIGNATURE_TYPE.crc32:
      return checksumHolds(flash, hardware, found?.signatureLocation ?? 0) ? undefined : 'checksum';
    default:
      return secureBoot.signatureValid ? undefined : 'signature';
  }
}

function checksumHolds(flash: FlashMemory, hardware: GeckoHardware, location: number): boolean {
  const length = location - hardware.applicationStart;
  if (length < 0 || location + FLASH_WORD_BYTES > flash.endAddress) return false;
  return crc32(flash.read(hardware.applicationStart, length)) === flash.u32(location);
}

/** From the application's start to its last byte that is not erased. */
export function applicationBytes(flash: FlashMemory, hardware: GeckoHardware): Bytes {
  const all = flash.read(hardware.applicationStart, flash.endAddress - hardware.applicationStart);
  let end = all.length;
  while (end > 0 && all[end - 1] === 0xff) end--;
  return all.slice(0, end);
}
