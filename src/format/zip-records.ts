import { type ByteReader, type Bytes, concat, u16le, u32le } from '../core/bytes.ts';

/** A little-endian field of a ZIP record; `fixed` where the format allows one value only. */
export interface Field {
  /** What it is called in messages. */
  readonly label: string;
  readonly width: 2 | 4;
  readonly fixed?: number;
  /** Under which name `Values` has it, where it varies. */
  readonly key?: keyof Values;
}

/** What varies from record to record. */
export interface Values {
  crc32: number;
  compressedSize: number;
  size: number;
  nameLength: number;
  localOffset: number;
  diskEntries: number;
  entries: number;
  directoryBytes: number;
  directoryOffset: number;
}

const fixed = (label: string, width: 2 | 4, value: number): Field => ({ label, width, fixed: value });
const varies = (label: string, width: 2 | 4, key: keyof Values): Field => ({ label, width, key });

/** What local and central header have in common. The date is 1980-01-01, the first that ZIP knows. */
const SHARED: readonly Field[] = [
  fixed('version needed', 2, 20),
  fixed('flags', 2, 0),
  fixed('method', 2, 0),
  fixed('time', 2, 0),
  fixed('date', 2, 0x0021),
  varies('CRC-32', 4, 'crc32'),
  varies('compressed size', 4, 'compressedSize'),
  varies('size', 4, 'size'),
  varies('name length', 2, 'nameLength'),
  fixed('extra length', 2, 0),
];

export const SIGNATURE = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 } as const;

/** The three records of a container (APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12 and 4.3.16). The names follow the headers. */
export const LOCAL: readonly Field[] = [fixed('signature', 4, SIGNATURE.local), ...SHARED];

export const CENTRAL: readonly Field[] = [
  fixed('signature', 4, SIGNATURE.central),
  fixed('version made by', 2, 0x0014),
  ...SHARED,
  fixed('comment length', 2, 0),
  fixed('disk', 2, 0),
  fixed('internal attributes', 2, 0),
  fixed('external attributes', 4, 0),
  varies('local header offset', 4, 'localOffset'),
];

export const END: readonly Field[] = [
  fixed('signature', 4, SIGNATURE.end),
  fixed('disk', 2, 0),
  fixed('directory disk', 2, 0),
  varies('entries on this disk', 2, 'diskEntries'),
  varies('entries', 2, 'entries'),
  varies('directory size', 4, 'directoryBytes'),
  varies('directory offset', 4, 'directoryOffset'),
  fixed('comment length', 2, 0),
];

const byteLength = (record: readonly Field[]): number => record.reduce((sum, { width }) => sum + width, 0);

export const LOCAL_BYTES = byteLength(LOCAL);
export const CENTRAL_BYTES = byteLength(CENTRAL);
export const END_BYTES = byteLength(END);

/** The bytes of a record. Throws RangeError where a value is missing or does not fit. */
export function encodeRecord(record: readonly Field[], values: Partial<Values>): Bytes {
  return concat(
    record.map(({ label, width, fixed, key }) => {
      const value = fixed ?? (key === undefined ? undefined : values[key]);
      if (value === undefined || value >= 2 ** (8 * width)) throw new RangeError(`no ${label} that fits`);
      return width === 2 ? u16le(value) : u32le(value);
    }),
  );
}

/** The fields of the record at `offset`, each with its value and its place in the file. */
export function decodeRecord(
  record: readonly Field[],
  reader: ByteReader,
  offset: number,
): { field: Field; value: number; offset: number }[] {
  let next = offset;
  return record.map((field) => {
    const at = next;
    next += field.width;
    return { field, value: field.width === 2 ? reader.u16(at) : reader.u32(at), offset: at };
  });
}
