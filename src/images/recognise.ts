import { ByteReader, type Bytes, fromHex } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { GBL_TAG_ID } from './gbl/tags.ts';

/** What bytes are, by their beginning; `raw` is everything else. */
export type InputKind =
  | 'package'
  | 'zip'
  | 'gbl3'
  | 'gbl4'
  | 'ebl'
  | 'elf'
  | 'intel-hex'
  | 's-record'
  | 'raw';

interface KindFacts {
  readonly kind: InputKind;
  /** For people. */
  readonly name: string;
  /** Why it is not packed and what to do; absent for the two that are. */
  readonly cure?: string;
  matches(bytes: Bytes): boolean;
}

const OBJCOPY = 'Make a raw binary of it: arm-none-eabi-objcopy -O binary, then pack that.';
const FIRST_ENTRY = new TextEncoder().encode('manifest.json');

/** In the order of asking; the first that matches is it. */
const KINDS: readonly KindFacts[] = [
  {
    kind: 'package',
    name: 'a DFU package',
    cure: 'It is packed already: verify it with dfu-verify, flash it with dfu-flash, or take its images out with dfu-verify extract.',
    matches: (bytes) =>
      startsWith(bytes, 0, ZIP_ENTRY) &&
      bytes.length >= 30 &&
      new ByteReader(bytes).u16(26) === FIRST_ENTRY.length &&
      startsWith(bytes, 30, FIRST_ENTRY),
  },
  {
    kind: 'zip',
    name: 'a ZIP file',
    cure: 'Unpack it, and pack the firmware image in it.',
    matches: (bytes) => startsWith(bytes, 0, ZIP_ENTRY) || startsWith(bytes, 0, ZIP_END),
  },
  {
    kind: 'gbl3',
    name: 'a GBL v3 file',
    matches: (bytes) => bytes.length >= 4 && new ByteReader(bytes).u32(0) === GBL_TAG_ID.header,
  },
  {
    kind: 'gbl4',
    name: 'a GBL v4 file (Series 3)',
    cure: 'Series 3 parts are not supported.',
    matches: (bytes) => bytes.length >= 4 && new ByteReader(bytes).u32(0) === GBL_V4_ID,
  },
  {
    kind: 'ebl',
    name: 'an EBL file',
    cure: 'EBL is for bootloaders older than the Gecko bootloader; build a GBL v3 file or pack the raw binary.',
    matches: isEbl,
  },
  {
    kind: 'elf',
    name: 'an ELF file',
    cure: OBJCOPY,
    matches: (bytes) => startsWith(bytes, 0, ELF),
  },
  {
    kind: 'intel-hex',
    name: 'an Intel HEX file',
    cure: 'Make a raw binary of it: arm-none-eabi-objcopy -I ihex -O binary, then pack that.',
    matches: isIntelHex,
  },
  {
    kind: 's-record',
    name: 'a Motorola S-record file',
    cure: 'Make a raw binary of it: arm-none-eabi-objcopy -I srec -O binary, then pack that.',
    matches: isSRecord,
  },
];
const RAW: KindFacts = { kind: 'raw', name: 'a raw binary', matches: () => true };

const ZIP_ENTRY = Uint8Array.of(0x50, 0x4b, 0x03, 0x04);
const ZIP_END = Uint8Array.of(0x50, 0x4b, 0x05, 0x06);
const ELF = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46);
const GBL_V4_ID = 0x84a617eb;

export interface Recognised {
  readonly kind: InputKind;
  /** For people, with its article: `an Intel HEX file`. */
  readonly name: string;
}

/** Recognises input by its bytes, never by its name. Looks at the beginning only: whether the rest is sound is for the codecs. */
export function recognise(bytes: Bytes): Recognised {
  const { kind, name } = factsOf(bytes);
  return { kind, name };
}

/**
 * The kind of an image that can be packed. Throws `image.unsupported-format` for everything that is no firmware image
 * as devices take it, with the way to make one; `image.empty` for no bytes at all.
 */
export function recogniseImage(bytes: Bytes): 'raw' | 'gbl3' {
  if (bytes.length === 0) throw new DfuError('image.empty', 'the image is empty');
  const { kind, name, cure } = factsOf(bytes);
  if (kind === 'raw' || kind === 'gbl3') return kind;
  throw new DfuError('image.unsupported-format', `this is ${name}, which can not be packed`, {
    facts: { found: kind },
    ...(cure !== undefined && { cure }),
  });
}

function factsOf(bytes: Bytes): KindFacts {
  return KINDS.find((kind) => kind.matches(bytes)) ?? RAW;
}

function startsWith(bytes: Bytes, offset: number, beginning: Uint8Array): boolean {
  return beginning.every((byte, i) => bytes[offset + i] === byte);
}

/** EBL is big-endian: header tag 0x0000, its length, a version, then its signature 0xe350 (measured on real files). */
function isEbl(bytes: Bytes): boolean {
  return startsWith(bytes, 0, Uint8Array.of(0, 0)) && startsWith(bytes, 6, Uint8Array.of(0xe3, 0x50));
}

/** One whole first record, `:` count address type data checksum, whose bytes sum to 0. */
function isIntelHex(bytes: Bytes): boolean {
  const record = hexAfter(bytes, /^:((?:[0-9a-fA-F]{2}){5,260})\s*$/);
  return record !== undefined && record[0] === record.length - 5 && sum(record) === 0;
}

/** One whole first record, `S` type, then count address data checksum, whose bytes sum to 0xff. */
function isSRecord(bytes: Bytes): boolean {
  const record = hexAfter(bytes, /^S[0-9]((?:[0-9a-fA-F]{2}){4,256})\s*$/);
  return record !== undefined && record[0] === record.length - 1 && sum(record) === 0xff;
}

/** The longest record of either format, with its line end. */
const MAX_RECORD_CHARS = 524;

function hexAfter(bytes: Bytes, record: RegExp): Bytes | undefined {
  const [line = ''] = String.fromCharCode(...bytes.subarray(0, MAX_RECORD_CHARS)).split(/\r\n|\r|\n/);
  const hex = record.exec(line)?.[1];
  return hex === undefined ? undefined : fromHex(hex);
}

function sum(bytes: Bytes): number {
  return bytes.reduce((total, byte) => total + byte, 0) & 0xff;
}
