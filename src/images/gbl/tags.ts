/** Names of the tags of a GBL v3 file, as used in reports. */
export type GblTagName =
  | 'header'
  | 'version-dependency'
  | 'se-upgrade'
  | 'enc-init'
  | 'application'
  | 'bootloader'
  | 'prog'
  | 'eraseprog'
  | 'prog-lz4'
  | 'prog-lzma'
  | 'delta'
  | 'delta-lz4'
  | 'delta-lzma'
  | 'metadata'
  | 'enc-gbl-data'
  | 'certificate'
  | 'signature'
  | 'end';

/** What the format demands of one kind of tag. */
export interface GblTagRule {
  readonly name: GblTagName;
  /** First word of the tag, read as little-endian. */
  readonly id: number;
  /** Position in the file: no tag may follow one with a higher number. */
  readonly order: number;
  /** At most one in a file. */
  readonly once: boolean;
  /** In an encrypted file: `outside` stands beside the ciphertext, `inside` only in it, `either` in both. */
  readonly place: 'outside' | 'inside' | 'either';
  /** Bytes of payload, at least. */
  readonly minLength: number;
  /** Bytes of payload, at most; equal to `minLength` where the payload is a fixed structure. */
  readonly maxLength: number;
}

const ANY = 0xffffffff;
/** Far more statements than three kinds of image can need; each is kept while the file is judged. */
const MAX_TAG_DEPENDENCIES = 64;

function rule(
  name: GblTagName,
  id: number,
  order: number,
  amount: 'once' | 'many',
  place: GblTagRule['place'],
  minLength: number,
  maxLength: number,
): GblTagRule {
  return { name, id, order, once: amount === 'once', place, minLength, maxLength };
}

/**
 * The tags of GBL v3, from the vendor's `btl_gbl_format.h` and `btl_gbl_parser.c` (gecko_sdk). Tags that carry flash
 * data are at least one byte longer than their fields. An SE upgrade for parts without staging stands before the
 * encryption, in plain text, and is then held to `NO_STAGING_ORDER`.
 */
export const GBL_TAGS: readonly GblTagRule[] = [
  rule('header', 0x03a617eb, 1, 'once', 'outside', 8, 8),
  rule('version-dependency', 0x76a617eb, 2, 'many', 'outside', 8, 8 * MAX_TAG_DEPENDENCIES),
  rule('enc-init', 0xfa0606fa, 4, 'once', 'outside', 16, 16),
  rule('application', 0xf40a0af4, 5, 'once', 'inside', 28, 28),
  rule('se-upgrade', 0x5ea617eb, 6, 'once', 'either', 9, ANY),
  rule('bootloader', 0xf50909f5, 7, 'once', 'inside', 9, ANY),
  rule('prog', 0xfe0101fe, 8, 'many', 'inside', 5, ANY),
  rule('eraseprog', 0xfd0303fd, 8, 'many', 'inside', 5, ANY),
  rule('prog-lz4', 0xfd0505fd, 8, 'many', 'inside', 5, ANY),
  rule('prog-lzma', 0xfd0707fd, 8, 'many', 'inside', 5, ANY),
  rule('delta', 0xf80a0af8, 8, 'many', 'inside', 13, ANY),
  rule('delta-lz4', 0xf80b0bf8, 8, 'many', 'inside', 13, ANY),
  rule('delta-lzma', 0xf80c0cf8, 8, 'many', 'inside', 13, ANY),
  rule('metadata', 0xf60808f6, 8, 'many', 'inside', 0, ANY),
  rule('enc-gbl-data', 0xf90707f9, 9, 'many', 'outside', 8, ANY),
  rule('certificate', 0xf30b0bf3, 10, 'once', 'outside', 136, 136),
  rule('signature', 0xf70a0af7, 11, 'once', 'outside', 64, 64),
  rule('end', 0xfc0404fc, 12, 'once', 'outside', 4, 4),
];

/** Order of an SE upgrade that stands in plain text before `enc-init`. */
export const NO_STAGING_ORDER = 3;

/** Tag ids by name. */
export const GBL_TAG_ID = Object.fromEntries(GBL_TAGS.map(({ name, id }) => [name, id])) as Readonly<
  Record<GblTagName, number>
>;

const RULES = new Map(GBL_TAGS.map((entry) => [entry.id, entry]));

/** The rule of a tag id; `undefined` for an id that GBL v3 does not know. */
export function gblTagRule(id: number): GblTagRule | undefined {
  return RULES.get(id);
}

/** An older file's encryption header; no current bootloader knows it. */
export const OBSOLETE_ENC_HEADER_ID = 0xfb0505fb;

/** Bytes of id and payload length in front of each payload. */
export const GBL_TAG_HEADER_BYTES = 8;

/** Version word of the header tag; bootloaders compare its top byte. */
export const GBL_VERSION = 0x03000000;

/** Bits of the header tag's second word. */
export const GBL_TYPE_ENCRYPTED = 0x00000001;
export const GBL_TYPE_SIGNED = 0x00000100;

/** CRC-32 over a file from its first byte to the end of its end tag, whose payload is the CRC itself. */
export const GBL_CRC_RESIDUE = 0x2144df1c;
