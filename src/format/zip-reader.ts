import { type ByteReader, type Bytes, hex32 } from '../core/bytes.ts';
import { crc32 } from '../core/crc32.ts';
import { DfuError, type ErrorCode, type Facts } from '../core/errors.ts';
import { counted, shown } from '../core/text.ts';
import { type EntryKind, entryKind, MANIFEST_ENTRY } from './entry-names.ts';
import {
  MAX_IMAGE_BYTES,
  MAX_IMAGES,
  MAX_MANIFEST_BYTES,
  MAX_SIGNATURES_BYTES,
  MIN_IMAGE_BYTES,
} from './limits.ts';
import {
  CENTRAL,
  CENTRAL_BYTES,
  decodeRecord,
  END,
  END_BYTES,
  type Field,
  LOCAL,
  LOCAL_BYTES,
  SIGNATURE,
  type Values,
} from './zip-records.ts';

/** An entry, as its local header and its content stand in the file. */
export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
  readonly content: Bytes;
  readonly contentOffset: number;
  /** What its header in the directory must repeat. */
  readonly values: Partial<Values> & { crc32: number };
}

/** `images/`, the longest image name, a point and an extension. */
const MAX_NAME_BYTES = 7 + 63 + 1 + 8;
const NAME_LENGTH_OFFSET = 26;

const SIZE_LIMITS: Readonly<Record<EntryKind['type'], { min: number; max: number }>> = {
  manifest: { min: 1, max: MAX_MANIFEST_BYTES },
  signatures: { min: 1, max: MAX_SIGNATURES_BYTES },
  image: { min: MIN_IMAGE_BYTES, max: MAX_IMAGE_BYTES },
};

/** Reads local headers and contents from the first byte on, up to what is no local header. */
export function readEntries(reader: ByteReader): Entry[] {
  const entries: Entry[] = [];
  let at = 0;
  while (signatureAt(reader, at) === SIGNATURE.local) {
    const entry = readEntry(reader, at, entries);
    entries.push(entry);
    at = entry.contentOffset + entry.content.length;
  }
  if (entries.length === 0) {
    throw refuse('package.not-a-package', 0, 'the file does not begin with the header of a ZIP entry');
  }
  return entries;
}

function readEntry(reader: ByteReader, at: number, earlier: readonly Entry[]): Entry {
  need(reader, at, LOCAL_BYTES, 'the header of an entry');
  // The name comes first, so that a ZIP file of another kind is called by what it is.
  const nameOffset = at + LOCAL_BYTES;
  const name = readName(reader, nameOffset, reader.u16(at + NAME_LENGTH_OFFSET));
  if (earlier.length === 0 && name !== MANIFEST_ENTRY) {
    const first = `its first entry is "${shown(name)}", not ${MANIFEST_ENTRY}`;
    throw refuse('package.not-a-package', nameOffset, `a ZIP file, but ${first}`);
  }
  const kind = placedKind(name, nameOffset, earlier);
  const { min, max } = SIZE_LIMITS[kind.type];
  const values = { crc32: 0, size: 0, compressedSize: 0, nameLength: name.length, localOffset: at };
  for (const { field, value, offset } of decodeRecord(LOCAL, reader, at)) {
    checkFixed(field, value, offset, name);
    if (field.key === 'crc32') values.crc32 = value;
    if (field.key === 'compressedSize') values.compressedSize = value;
    if (field.key === 'size') {
      values.size = value;
      if (value !== values.compressedSize) {
        throw refuse('package.entry-size', offset, `${name} claims two sizes`, {
          size: value,
          compressedSize: values.compressedSize,
        });
      }
      if (value < min || value > max) {
        const allowed = `${min} to ${max} bytes are allowed`;
        throw refuse('package.entry-size', offset, `${name} claims ${counted(value, 'byte')}; ${allowed}`);
      }
    }
  }
  const contentOffset = nameOffset + name.length;
  need(reader, contentOffset, values.size, `the content of ${name}`);
  const content = reader.slice(contentOffset, contentOffset + values.size);
  if (kind.type !== 'image' && crc32(content) !== values.crc32) {
    throw refuse('package.entry-crc', contentOffset, `the content of ${name} does not have its CRC-32`, {
      expected: hex32(values.crc32),
      found: hex32(crc32(content)),
    });
  }
  return { name, kind, content, contentOffset, values };
}

/** What the entry is; refuses one that stands in the wrong place, twice, or is one too many. */
function placedKind(name: string, offset: number, earlier: readonly Entry[]): EntryKind {
  const kind = entryKind(name, offset);
  const twice = earlier.some((e) =>
    kind.type === 'image' ? e.kind.type === 'image' && e.kind.name === kind.name : e.name === name,
  );
  if (twice) throw refuse('package.entry-duplicate', offset, `${name} is there twice`);
  if (kind.type === 'signatures' && earlier.length !== 1) {
    throw refuse('package.entry-order', offset, `${name} does not follow ${MANIFEST_ENTRY}`);
  }
  const images = earlier.filter((e) => e.kind.type === 'image').length;
  if (kind.type === 'image' && images === MAX_IMAGES) {
    throw refuse('package.too-many-entries', offset, `the package holds more than ${MAX_IMAGES} images`);
  }
  return kind;
}

/** Reads the directory and the end record, which must say again what the entries said, and end the file. */
export function readDirectory(reader: ByteReader, entries: readonly Entry[]): void {
  const last = entries.at(-1);
  const start = last === undefined ? 0 : last.contentOffset + last.content.length;
  let at = start;
  expectRecord(reader, at, SIGNATURE.central, CENTRAL_BYTES);
  if (!entries.some(({ kind }) => kind.type === 'image')) {
    throw refuse('package.no-images', at, 'the package holds no image');
  }
  for (const entry of entries) {
    expectRecord(reader, at, SIGNATURE.central, CENTRAL_BYTES);
    checkRecord(reader, CENTRAL, at, entry.values, entry.name);
    const nameOffset = at + CENTRAL_BYTES;
    need(reader, nameOffset, entry.name.length, 'a name in the directory');
    if (readName(reader, nameOffset, entry.name.length) !== entry.name) {
      throw refuse('package.directory-mismatch', nameOffset, `the directory calls ${entry.name} otherwise`);
    }
    at = nameOffset + entry.name.length;
  }
  expectRecord(reader, at, SIGNATURE.end, END_BYTES);
  const count = entries.length;
  const end = { diskEntries: count, entries: count, directoryBytes: at - start, directoryOffset: start };
  checkRecord(reader, END, at, end, 'the end record');
  const rest = reader.length - at - END_BYTES;
  if (rest > 0) {
    throw refuse(
      'package.trailing-bytes',
      at + END_BYTES,
      `${counted(rest, 'byte')} after the end of the package`,
    );
  }
}

/** Refuses what is not the record that must stand here, and says what it is instead. */
function expectRecord(reader: ByteReader, at: number, signature: number, bytes: number): void {
  const found = signatureAt(reader, at);
  if (found !== undefined && found !== signature) {
    const known = Object.values(SIGNATURE).some((s) => s === found);
    throw known
      ? refuse('package.directory-mismatch', at, 'the directory does not list the entries one by one')
      : refuse('package.unexpected-bytes', at, 'bytes that belong to no entry');
  }
  need(reader, at, bytes, 'the directory');
}

/** Compares each field of a record with its fixed value or with what the entries say. */
function checkRecord(
  reader: ByteReader,
  record: readonly Field[],
  at: number,
  expected: Partial<Values>,
  of: string,
): void {
  for (const { field, value, offset } of decodeRecord(record, reader, at)) {
    checkFixed(field, value, offset, of);
    const wanted = field.key === undefined ? value : expected[field.key];
    if (value !== wanted) {
      throw refuse(
        'package.directory-mismatch',
        offset,
        `${field.label} of ${of} is not that of the entries`,
        {
          expected: wanted ?? 'none',
          found: value,
        },
      );
    }
  }
}

function checkFixed(field: Field, value: number, offset: number, of: string): void {
  if (field.fixed === undefined || value === field.fixed) return;
  const code = field.label === 'method' ? 'package.entry-compressed' : 'package.header-field';
  throw refuse(code, offset, `${field.label} of ${of} is ${value}, must be ${field.fixed}`, {
    field: field.label,
    expected: field.fixed,
    found: value,
  });
}

function readName(reader: ByteReader, at: number, length: number): string {
  if (length === 0 || length > MAX_NAME_BYTES) {
    throw refuse('package.entry-name', at, `an entry with a name of ${counted(length, 'byte')}`);
  }
  need(reader, at, length, 'the name of an entry');
  // One character a byte: what is not ASCII fits no name of the format, and is shown as the bytes it was.
  return String.fromCharCode(...reader.slice(at, at + length));
}

function signatureAt(reader: ByteReader, at: number): number | undefined {
  return reader.length - at < 4 ? undefined : reader.u32(at);
}

function need(reader: ByteReader, at: number, count: number, what: string): void {
  if (at + count <= reader.length) return;
  const missing = at + count - reader.length;
  throw refuse(
    'package.truncated',
    reader.length,
    `the package ends within ${what}: ${counted(missing, 'byte')} missing`,
  );
}

function refuse(code: ErrorCode, offset: number, message: string, facts: Facts = {}): DfuError {
  return new DfuError(code, `${message} (offset ${hex32(offset)})`, { facts: { offset, ...facts } });
}
