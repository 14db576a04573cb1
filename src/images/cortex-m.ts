import { ByteReader, type Bytes, fromHex } from '../core/bytes.ts';
import { APPLICATION_DATA_BYTES, type ApplicationData, decodeApplicationData } from './application-data.ts';

/** The first words of a Cortex-M image. */
export interface VectorTable {
  readonly initialSp: number;
  /** With bit 0 set, as every Thumb address in a vector table. */
  readonly resetVector: number;
  /** Addresses of the exception handlers that are set, reset among them, without their Thumb bit. */
  readonly handlers: readonly number[];
  /** Whether the stack pointer lies in RAM and the reset vector is a Thumb address. */
  readonly plausible: boolean;
}

/** RAM of the parts this is for; the stack pointer may stand on its end. */
const RAM_START = 0x20000000;
const RAM_END = 0x20080000;
/** Words of a vector table that hold handlers: reset to usage fault, SVC, PendSV, SysTick. The others are reserved or used otherwise. */
const HANDLER_WORDS = [1, 2, 3, 4, 5, 6, 11, 14, 15];

/** Reads the vector table at the start of an image; `undefined` for fewer than 8 bytes. ARMv7-M/ARMv8-M, "vector table". */
export function readVectorTable(image: Bytes): VectorTable | undefined {
  if (image.length < 8) return undefined;
  const reader = new ByteReader(image);
  const initialSp = reader.u32(0);
  const resetVector = reader.u32(4);
  const handlers = HANDLER_WORDS.filter((word) => 4 * word + 4 <= image.length)
    .map((word) => reader.u32(4 * word))
    .filter((vector) => (vector & 1) === 1 && vector !== 0xffffffff)
    .map((vector) => vector - 1);
  const inRam = initialSp > RAM_START && initialSp <= RAM_END && initialSp % 4 === 0;
  const thumb = (resetVector & 1) === 1 && resetVector !== 0xffffffff;
  return { initialSp, resetVector, handlers, plausible: inRam && thumb };
}

/** What a Cortex-M image says about the address it was linked for. */
export type StartJudgement =
  | { readonly kind: 'fits'; readonly vectors: VectorTable }
  /** It was linked for another address; `likelyStart` is the best guess where there is one. */
  | {
      readonly kind: 'elsewhere';
      readonly vectors: VectorTable;
      readonly evidence: 'reset-vector' | 'application-properties';
      readonly likelyStart?: number;
    }
  /** It does not begin with a vector table. */
  | { readonly kind: 'no-vectors'; readonly vectors?: VectorTable };

/**
 * Holds an image against the address it is to be put at: its reset vector must lie in [start, start + size), and its
 * ApplicationProperties, if it has them, where vector word 13 points. `candidates` are the application starts that its
 * part allows; without any the guess is the page before the first handler.
 */
export function judgeStartAddress(
  image: Bytes,
  startAddress: number,
  candidates: readonly number[] = [],
): StartJudgement {
  const vectors = readVectorTable(image);
  if (!vectors) return { kind: 'no-vectors' };
  const reset = (vectors.resetVector & ~1) >>> 0;
  const inside = reset >= startAddress && reset < startAddress + image.length;
  if (!vectors.plausible) {
    return inside || vectors.handlers.length === 0
      ? { kind: 'no-vectors', vectors }
      : { kind: 'elsewhere', vectors, evidence: 'reset-vector' };
  }
  const told = startToldByProperties(image, reset, startAddress);
  if (told !== undefined && told !== startAddress) {
    return { kind: 'elsewhere', vectors, evidence: 'application-properties', likelyStart: told };
  }
  if (inside) return { kind: 'fits', vectors };
  const likelyStart = guessStart(image.length, vectors.handlers, candidates);
  return {
    kind: 'elsewhere',
    vectors,
    evidence: 'reset-vector',
    ...(likelyStart !== undefined && { likelyStart }),
  };
}

/** The vector table begins a page of flash; 8 KiB is the largest page of the parts known. */
const GUESS_PAGE_BYTES = 8192;

function guessStart(size: number, handlers: readonly number[], candidates: readonly number[]) {
  const lowest = Math.min(...handlers);
  const highest = Math.max(...handlers);
  const page = lowest - (lowest % GUESS_PAGE_BYTES);
  const starts = candidates.length > 0 ? candidates : [page];
  const fitting = starts.filter((start) => start <= lowest && highest < start + size);
  return fitting.length > 0 ? Math.max(...fitting) : undefined;
}

/** What an application says of itself in flash. */
export interface ApplicationProperties {
  /** Of the structure in the image. */
  readonly offset: number;
  readonly structVersion: { readonly major: number; readonly minor: number };
  /** 0 none, 1 ECDSA P-256, 2 CRC-32. */
  readonly signatureType: number;
  readonly signatureLocation: number;
  readonly application: ApplicationData;
}

const MAGIC = fromHex('13b779fac925ddb7adf3cfe0f1b614b8') ?? new Uint8Array();
const POINTER_OFFSET = 13 * 4;
const APPLICATION_OFFSET = 28;
const PROPERTIES_BYTES = APPLICATION_OFFSET + APPLICATION_DATA_BYTES;

/**
 * The ApplicationProperties of an image at `startAddress`; `undefined` where vector word 13 does not point at them
 * inside the image.
 *
 * | offset | field |
 * |---|---|
 * | 0 | magic[16] `13b779fa c925ddb7 adf3cfe0 f1b614b8` |
 * | 16 | u32 structure version: major in byte 0, minor in byte 1 |
 * | 20 | u32 signature type |
 * | 24 | u32 signature location, an address |
 * | 28 | u32 type, u32 version, u32 capabilities, u8 productId[16] |
 *
 * Source: `application_properties.h` (gecko_sdk).
 */
export function findApplicationProperties(
  image: Bytes,
  startAddress: number,
): ApplicationProperties | undefined {
  const pointer = propertiesPointer(image);
  if (pointer === undefined) return undefined;
  const offset = pointer - startAddress;
  if (offset < 0 || offset + PROPERTIES_BYTES > image.length || !hasMagic(image, offset)) return undefined;
  const reader = new ByteReader(image);
  return {
    offset,
    structVersion: { major: reader.u8(offset + 16), minor: reader.u8(offset + 17) },
    signatureType: reader.u32(offset + 20),
    signatureLocation: reader.u32(offset + 24),
    application: decodeApplicationData(image, offset + APPLICATION_OFFSET),
  };
}

/**
 * Pointer and place of the properties together leave one address for the image; reset must agree with it. An image that
 * holds several (a bootloader and an application in one) is where it is said to be if any of them says so.
 */
function startToldByProperties(image: Bytes, reset: number, said: number): number | undefined {
  const pointer = propertiesPointer(image);
  if (pointer === undefined) return undefined;
  let told: number | undefined;
  for (let offset = 0; offset + PROPERTIES_BYTES <= image.length; offset += 4) {
    if (image[offset] !== MAGIC[0] || !hasMagic(image, offset)) continue;
    const start = pointer - offset;
    if (start < 0 || reset < start || reset >= start + image.length) continue;
    if (start === said) return start;
    told ??= start;
  }
  return told;
}

function propertiesPointer(image: Bytes): number | undefined {
  return image.length < POINTER_OFFSET + 4 ? undefined : new ByteReader(image).u32(POINTER_OFFSET);
}

function hasMagic(image: Bytes, offset: number): boolean {
  return MAGIC.every((byte, i) => image[offset + i] === byte);
}
