import { ByteReader, type Bytes, concat, hex32, u32le } from '../../core/bytes.ts';
import { crc32 } from '../../core/crc32.ts';
import { DfuError } from '../../core/errors.ts';
import { type ApplicationData, decodeApplicationData, encodeApplicationData } from '../application-data.ts';
import {
  checkGblType,
  type GblTag,
  type GblType,
  gblError,
  readGblHeader,
  readGblTags,
} from './tag-stream.ts';
import {
  GBL_CRC_RESIDUE,
  GBL_TAG_HEADER_BYTES,
  GBL_TAG_ID,
  GBL_TYPE_ENCRYPTED,
  GBL_TYPE_SIGNED,
  GBL_VERSION,
  type GblTagName,
} from './tags.ts';
import { decodeVersionDependencies, type VersionDependency } from './version-dependency.ts';

/** Data for flash. */
export interface GblProgram {
  readonly tag: 'prog' | 'eraseprog' | 'prog-lz4' | 'prog-lzma';
  readonly compression: 'none' | 'lz4' | 'lzma';
  readonly address: number;
  /** As stored: the flash bytes, or their compressed form. A view into the file. */
  readonly data: Bytes;
}

/** A GBL v3 file that obeys the format. In an encrypted one only what stands outside the ciphertext is told. */
export interface Gbl {
  /** All tags, header and end included. */
  readonly tags: readonly GblTag[];
  readonly encrypted: boolean;
  readonly signed: boolean;
  readonly application?: ApplicationData;
  readonly bootloader?: { readonly version: number; readonly address: number; readonly length: number };
  readonly seUpgrade?: { readonly version: number; readonly blobBytes: number };
  readonly programs: readonly GblProgram[];
  /** The lowest address of a program tag; absent without one that can be read. */
  readonly lowestAddress?: number;
  /** Patches against what is in flash already. */
  readonly deltas: readonly {
    readonly address: number;
    readonly newBytes: number;
    readonly newCrc32: number;
  }[];
  readonly versionDependencies: readonly VersionDependency[];
  readonly metadata: readonly Bytes[];
  readonly certificateVersion?: number;
  /** Where the file ends for a bootloader; only 0xff follows. */
  readonly endOffset: number;
}

/**
 * Reads a whole GBL v3 file and holds it against the rules that bootloaders have for it: known tags in their order, no
 * repetition, lengths, agreement of the header's type bits with the tags, CRC, and nothing but 0xff after the end tag,
 * fewer than `alignment` bytes of it. Ciphertext and signatures are not judged. Payloads are views into `bytes`.
 *
 * Source: the vendor's `btl_gbl_format.h` and `btl_gbl_parser.c` (gecko_sdk), held against real files.
 * Throws `image.gbl-*`, each with the offset in its facts.
 */
export function decodeGbl(bytes: Bytes, options: { alignment?: number } = {}): Gbl {
  const tags = readGblTags(bytes);
  const [header] = tags;
  const end = tags.at(-1);
  if (!header || !end) throw gblError('image.gbl-truncated', bytes.length, 'GBL file holds no tags');
  const endOffset = end.offset + GBL_TAG_HEADER_BYTES + end.length;
  const type = readGblHeader(header);
  checkGblType(tags, type);
  checkCrc(bytes, end.offset, endOffset);
  checkTail(bytes, endOffset, options.alignment ?? 4);
  return describe(tags, type, endOffset);
}

function checkCrc(bytes: Bytes, endTag: number, endOffset: number): void {
  if (crc32(bytes.subarray(0, endOffset)) === GBL_CRC_RESIDUE) return;
  const at = endTag + GBL_TAG_HEADER_BYTES;
  const expected = hex32(new ByteReader(bytes).u32(at));
  const found = hex32(crc32(bytes.subarray(0, at)));
  throw gblError('image.gbl-crc', at, `GBL end tag has CRC ${expected}, the bytes before it have ${found}`, {
    expected,
    found,
  });
}

function checkTail(bytes: Bytes, endOffset: number, alignment: number): void {
  const length = bytes.length - endOffset;
  const foreign = bytes.subarray(endOffset).findIndex((byte) => byte !== 0xff);
  if (foreign >= 0) {
    throw gblError('image.gbl-tail', endOffset + foreign, 'bytes other than 0xff after the GBL end tag');
  }
  if (length >= alignment) {
    throw gblError('image.gbl-tail', endOffset, `${length} bytes of padding after the GBL end tag`, {
      length,
    });
  }
}

function describe(tags: readonly GblTag[], type: GblType, endOffset: number): Gbl {
  const programs: GblProgram[] = [];
  const deltas: Gbl['deltas'][number][] = [];
  const versionDependencies: VersionDependency[] = [];
  const metadata: Bytes[] = [];
  const once: {
    -readonly [K in 'application' | 'bootloader' | 'seUpgrade' | 'certificateVersion']?: Gbl[K];
  } = {};
  for (const { name, payload, offset, length } of tags) {
    const reader = new ByteReader(payload);
    switch (name) {
      case 'application':
        once.application = decodeApplicationData(payload, 0);
        break;
      case 'bootloader':
        once.bootloader = { version: reader.u32(0), address: reader.u32(4), length: length - 8 };
        checkRange(once.bootloader.address, length - 8, name, offset);
        break;
      case 'se-upgrade':
        once.seUpgrade = { version: reader.u32(4), blobBytes: length - 8 };
        break;
      case 'certificate':
        once.certificateVersion = reader.u32(68);
        break;
      case 'prog':
      case 'eraseprog':
      case 'prog-lz4':
      case 'prog-lzma': {
        const compression = name === 'prog-lz4' ? 'lz4' : name === 'prog-lzma' ? 'lzma' : 'none';
        const address = reader.u32(0);
        if (compression === 'none') checkRange(address, length - 4, name, offset);
        programs.push({ tag: name, compression, address, data: payload.subarray(4) });
        break;
      }
      case 'delta':
      case 'delta-lz4':
      case 'delta-lzma':
        deltas.push({ newCrc32: reader.u32(0), newBytes: reader.u32(4), address: reader.u32(8) });
        checkRange(reader.u32(8), reader.u32(4), name, offset);
        break;
      case 'version-dependency':
        for (const entry of decodeVersionDependencies(payload, offset + GBL_TAG_HEADER_BYTES)) {
          versionDependencies.push(entry);
        }
        break;
      case 'metadata':
        metadata.push(payload);
        break;
    }
  }
  // Not Math.min(...): there may be more tags than a call takes arguments.
  const lowest = programs.reduce((least, { address }) => Math.min(least, address), Number.POSITIVE_INFINITY);
  return {
    tags,
    ...type,
    ...once,
    programs,
    ...(programs.length > 0 && { lowestAddress: lowest }),
    deltas,
    versionDependencies,
    metadata,
    endOffset,
  };
}

function checkRange(address: number, length: number, name: GblTagName, offset: number): void {
  if (address + length <= 2 ** 32) return;
  throw gblError(
    'image.gbl-address',
    offset,
    `GBL ${name} tag writes ${length} bytes at ${hex32(address)}, past 0xffffffff`,
    { address: hex32(address), length },
  );
}

/**
 * A GBL v3 file of the given tags between header and end tag, with its CRC and without padding. It puts down what it is
 * given: that the tags obey the format is for `decodeGbl` to say. Signatures are the caller's.
 */
export function encodeGbl(
  tags: readonly { readonly name: GblTagName; readonly payload: Bytes }[],
  type: { encrypted?: boolean; signed?: boolean } = {},
): Bytes {
  return encodeParts(
    tags.map(({ name, payload }) => ({ name, parts: [payload] })),
    type,
  );
}

/** Payloads in parts, so that an image is copied once. */
function encodeParts(
  tags: readonly { readonly name: GblTagName; readonly parts: readonly Bytes[] }[],
  type: { encrypted?: boolean; signed?: boolean },
): Bytes {
  const bits = (type.encrypted ? GBL_TYPE_ENCRYPTED : 0) | (type.signed ? GBL_TYPE_SIGNED : 0);
  const all = [u32le(GBL_TAG_ID.header), u32le(8), u32le(GBL_VERSION), u32le(bits)];
  for (const { name, parts } of tags) {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    all.push(u32le(GBL_TAG_ID[name]), u32le(length), ...parts);
  }
  all.push(u32le(GBL_TAG_ID.end), u32le(4));
  const crc = all.reduce((sum, part) => crc32(part, sum), 0);
  return concat([...all, u32le(crc)]);
}

/**
 * A raw image in the smallest GBL v3 file that programs it: header, application tag, one program tag, end tag.
 * Unsigned: a device with secure boot wants the GBL that its signer made.
 *
 * Example, 8 bytes 00 to 07 at 0x4000, type 0x20, version 0x00010203 (84 bytes):
 * `eb17a603 08000000 00000003 00000000 f40a0af4 1c000000 20000000 03020100 00000000 (16 times 00)
 * fe0101fe 0c000000 00400000 00010203 04050607 fc0404fc 04000000 89437740`.
 * Throws `image.empty`, `image.gbl-address`.
 */
export function wrapRaw(input: { image: Bytes; startAddress: number; application: ApplicationData }): Bytes {
  const { image, startAddress, application } = input;
  if (image.length === 0) throw new DfuError('image.empty', 'an empty image can not be wrapped into GBL');
  checkRange(startAddress, image.length, 'prog', 0);
  return encodeParts(
    [
      { name: 'application', parts: [encodeApplicationData(application)] },
      { name: 'prog', parts: [u32le(startAddress), image] },
    ],
    {},
  );
}

/**
 * The one image that a GBL programs, as it was before wrapping; `undefined` where there is none or more than one, or
 * where it can not be read (encrypted, compressed).
 */
export function programBytes(gbl: Gbl): { address: number; bytes: Bytes } | undefined {
  const [only, ...others] = gbl.programs;
  if (!only || others.length > 0 || only.compression !== 'none') return undefined;
  if (gbl.bootloader || gbl.seUpgrade || gbl.deltas.length > 0) return undefined;
  return { address: only.address, bytes: only.data };
}
