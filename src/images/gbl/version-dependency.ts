import { ByteReader, type Bytes, hex32 } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';

/** One condition on what runs on the device already. */
export interface VersionDependency {
  readonly image: 'application' | 'bootloader' | 'se';
  /** How it joins what was found so far for the same image; the running result starts as true. */
  readonly connective: 'and' | 'or';
  /** The result after joining is turned round. */
  readonly negateResult: boolean;
  readonly operator: '<' | '<=' | '==' | '>=' | '>';
  /** The comparison is turned round. */
  readonly negate: boolean;
  readonly version: number;
}

const IMAGES = new Map([
  [1, 'application'],
  [2, 'bootloader'],
  [3, 'se'],
] as const);
const OPERATORS = new Map([
  [0x00, '<'],
  [0x02, '<='],
  [0x04, '=='],
  [0x06, '>='],
  [0x08, '>'],
] as const);
const CONNECTIVES = new Map([
  [0x00, 'and'],
  [0x20, 'or'],
] as const);

const ENTRY_BYTES = 8;

/**
 * Reads the payload of a version dependency tag. Each entry: u8 image, u8 statement, u16 reserved, u32 version,
 * little-endian. Statement, low nibble: operator (bits 1 to 3) and its negation (bit 0); high nibble: connective and the
 * negation of the result likewise. Example: `01 06 0000 00000102` is "application >= 0x02010000".
 * Source: `btl_gbl_format.h`, `btl_gbl_parser.c` (gecko_sdk).
 *
 * `offset` is the payload's place in the file, for messages. Throws `image.gbl-version-dependency`, `image.gbl-tag-length`.
 */
export function decodeVersionDependencies(payload: Bytes, offset: number): VersionDependency[] {
  if (payload.length === 0 || payload.length % ENTRY_BYTES !== 0) {
    throw new DfuError(
      'image.gbl-tag-length',
      `GBL version dependencies at offset ${hex32(offset)} are ${payload.length} bytes, not a multiple of ${ENTRY_BYTES}`,
      { facts: { offset, length: payload.length } },
    );
  }
  const reader = new ByteReader(payload);
  const list: VersionDependency[] = [];
  for (let at = 0; at < payload.length; at += ENTRY_BYTES) {
    const statement = reader.u8(at + 1);
    const image = IMAGES.get(reader.u8(at) as 1);
    const operator = OPERATORS.get((statement & 0x0e) as 0);
    const connective = CONNECTIVES.get((statement & 0xe0) as 0);
    if (!image || !operator || !connective || reader.u16(at + 2) !== 0) {
      throw new DfuError(
        'image.gbl-version-dependency',
        `GBL version dependency at offset ${hex32(offset + at)} has no meaning: image ${reader.u8(at)}, statement ${hex32(statement)}`,
        { facts: { offset: offset + at } },
      );
    }
    list.push({
      image,
      connective,
      negateResult: (statement & 0x10) !== 0,
      operator,
      negate: (statement & 0x01) !== 0,
      version: reader.u32(at + 4),
    });
  }
  return list;
}
