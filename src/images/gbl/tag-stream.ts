import { ByteReader, type Bytes, hex32 } from '../../core/bytes.ts';
import { DfuError, type ErrorCode, type Facts } from '../../core/errors.ts';
import {
  GBL_TAG_HEADER_BYTES,
  GBL_TAG_ID,
  GBL_TYPE_ENCRYPTED,
  GBL_TYPE_SIGNED,
  GBL_VERSION,
  type GblTagName,
  type GblTagRule,
  gblTagRule,
  NO_STAGING_ORDER,
  OBSOLETE_ENC_HEADER_ID,
} from './tags.ts';

/** One tag as it stands in the file. */
export interface GblTag {
  readonly id: number;
  readonly name: GblTagName;
  /** Of the tag's first byte in the file. */
  readonly offset: number;
  /** Bytes of payload. */
  readonly length: number;
  /** A view into the file. */
  readonly payload: Bytes;
}

/** Far above any real file: 128 MiB of 2 KiB program tags. Keeps a file of empty tags from filling the memory. */
export const MAX_GBL_TAGS = 65_536;

/**
 * Splits a file into its tags, up to and including the end tag; checks ids, lengths, repetition and order.
 * Layout of a tag: u32 id, u32 payload length, payload; little-endian, nothing between tags.
 * Throws `image.gbl-header`, `-truncated`, `-unknown-tag`, `-tag-length`, `-tag-repeated`, `-tag-order`, `-too-many-tags`.
 */
export function readGblTags(bytes: Bytes): GblTag[] {
  const reader = new ByteReader(bytes);
  if (bytes.length < 4 || reader.u32(0) !== GBL_TAG_ID.header) {
    throw gblError('image.gbl-header', 0, 'the file does not begin with a GBL v3 header');
  }
  const tags: GblTag[] = [];
  const seen = new Set<GblTagName>();
  let order = 0;
  for (let offset = 0; ; ) {
    if (offset + GBL_TAG_HEADER_BYTES > bytes.length) {
      throw gblError('image.gbl-truncated', offset, 'GBL file ends where a tag should begin');
    }
    const rule = knownTag(reader.u32(offset), offset);
    const length = reader.u32(offset + 4);
    if (length < rule.minLength || length > rule.maxLength) {
      throw gblError('image.gbl-tag-length', offset, `GBL ${rule.name} tag has ${length} bytes`, { length });
    }
    if (rule.once && seen.has(rule.name)) {
      throw gblError('image.gbl-tag-repeated', offset, `second GBL ${rule.name} tag`);
    }
    order = nextOrder(rule, order, offset);
    const payloadOffset = offset + GBL_TAG_HEADER_BYTES;
    if (length > bytes.length - payloadOffset) {
      const missing = length - (bytes.length - payloadOffset);
      throw gblError('image.gbl-truncated', offset, `GBL ${rule.name} tag lacks its last ${missing} bytes`, {
        missing,
      });
    }
    if (tags.length === MAX_GBL_TAGS) {
      throw gblError('image.gbl-too-many-tags', offset, `GBL file has more than ${MAX_GBL_TAGS} tags`);
    }
    seen.add(rule.name);
    const payload = reader.slice(payloadOffset, payloadOffset + length);
    tags.push({ id: rule.id, name: rule.name, offset, length, payload });
    if (rule.name === 'end') return tags;
    offset = payloadOffset + length;
  }
}

function knownTag(id: number, offset: number): GblTagRule {
  const rule = gblTagRule(id);
  if (rule) return rule;
  const what =
    id === OBSOLETE_ENC_HEADER_ID
      ? 'an obsolete encryption header, which current bootloaders refuse'
      : 'unknown';
  throw gblError('image.gbl-unknown-tag', offset, `GBL tag ${hex32(id)} is ${what}`, { tag: hex32(id) });
}

function nextOrder(rule: GblTagRule, order: number, offset: number): number {
  // Parts without staging have their SE upgrade in front of everything else.
  const own = rule.name === 'se-upgrade' && order <= NO_STAGING_ORDER ? NO_STAGING_ORDER : rule.order;
  if (own < order) {
    throw gblError(
      'image.gbl-tag-order',
      offset,
      `GBL ${rule.name} tag stands behind a tag that must follow it`,
    );
  }
  // The bootloader does not advance at ciphertext: the tags inside have an order of their own.
  return rule.name === 'enc-gbl-data' ? order : own;
}

/** What the header's type bits say. */
export interface GblType {
  encrypted: boolean;
  signed: boolean;
}

/** Throws `image.gbl-header` for another version, `image.gbl-type` for unknown bits. */
export function readGblHeader(header: GblTag): GblType {
  const reader = new ByteReader(header.payload);
  const version = reader.u32(0);
  if (version >>> 24 !== GBL_VERSION >>> 24) {
    throw gblError(
      'image.gbl-header',
      8,
      `GBL header says version ${hex32(version)}, not ${hex32(GBL_VERSION)}`,
      {
        version,
      },
    );
  }
  const bits = reader.u32(4);
  if ((bits & ~(GBL_TYPE_ENCRYPTED | GBL_TYPE_SIGNED)) !== 0) {
    throw gblError('image.gbl-type', 12, `GBL header has unknown type bits: ${hex32(bits)}`, {
      type: hex32(bits),
    });
  }
  return { encrypted: (bits & GBL_TYPE_ENCRYPTED) !== 0, signed: (bits & GBL_TYPE_SIGNED) !== 0 };
}

/**
 * Holds the tags against the header's type bits, as bootloaders do: a file in which the two disagree installs nowhere.
 * Throws `image.gbl-type`.
 */
export function checkGblType(tags: readonly GblTag[], { encrypted, signed }: GblType): void {
  let inited = false;
  let filled = false;
  let signature = false;
  for (const { id, name, offset } of tags) {
    const place = gblTagRule(id)?.place;
    if (encrypted ? place === 'inside' || (place === 'either' && inited) : /^enc-/.test(name)) {
      throw gblError(
        'image.gbl-type',
        offset,
        `GBL ${name} tag in a file that is ${encrypted ? '' : 'not '}encrypted`,
      );
    }
    if (name === 'enc-gbl-data' && !inited) {
      throw gblError('image.gbl-type', offset, 'GBL ciphertext before its enc-init tag');
    }
    if (name === 'certificate' && !signed) {
      throw gblError('image.gbl-type', offset, 'GBL certificate in a file that is not signed');
    }
    inited ||= name === 'enc-init';
    filled ||= name === 'enc-gbl-data';
    signature ||= name === 'signature';
  }
  if (encrypted && !filled)
    throw gblError('image.gbl-type', 12, 'GBL header says encrypted, but there is no ciphertext');
  if (signed !== signature) {
    throw gblError(
      'image.gbl-type',
      12,
      `GBL header says ${signed ? 'signed, but there is no signature' : 'unsigned, but there is a signature'}`,
    );
  }
}

/** An `image.gbl-*` error that tells its offset in the file. */
export function gblError(code: ErrorCode, offset: number, message: string, facts: Facts = {}): DfuError {
  return new DfuError(code, `${message} (offset ${hex32(offset)})`, { facts: { offset, ...facts } });
}
