import { ByteReader, type Bytes } from '../../core/bytes.ts';
import { crc32 } from '../../core/crc32.ts';
import {
  GBL_TAG_HEADER_BYTES,
  GBL_TYPE_ENCRYPTED,
  GBL_TYPE_SIGNED,
  GBL_VERSION,
  type GblTagName,
  type GblTagRule,
  gblTagRule,
} from '../../images/gbl/tags.ts';
import { FLASH_WORD_BYTES } from '../flash-memory.ts';
import type { FlashWriter } from './flash-writer.ts';
import { type RunningVersions, VERSION_DEPENDENCY_BYTES, VersionDependencies } from './version-dependency.ts';

/** The bootloader's own codes; the host never sees them. Source: `btl_errorcode.h`; the last one's number is unsure. */
export const PARSER_STATUS = {
  ok: 0,
  unexpected: 0x1001,
  keyError: 0x1004,
  crc: 0x1005,
  signature: 0x1006,
  /** Finished, or failed before. */
  eof: 0x1007,
  unknownTag: 0x1008,
  version: 0x1009,
  fileType: 0x100a,
  tagOrder: 0x100d,
} as const;
export type ParserStatus = (typeof PARSER_STATUS)[keyof typeof PARSER_STATUS];

export interface ParserPolicy {
  /** Files without a signature are refused. */
  requireSignature: boolean;
  /** What the check of a signature comes to: the model computes no ECDSA. */
  signatureValid: boolean;
  running: RunningVersions;
}

/** A bootloader or Secure Element image that came with the file. */
export interface Upgrade {
  kind: 'bootloader' | 'se';
  version: number;
}

/** Tags whose payload is a fixed structure that is looked at in one piece. */
const WHOLE: ReadonlySet<GblTagName> = new Set([
  'header',
  'application',
  'enc-init',
  'certificate',
  'signature',
  'end',
]);
/** What needs a component that this bootloader was built without, and then has never heard of. */
const LEFT_OUT: ReadonlySet<GblTagName> = new Set([
  'prog-lz4',
  'prog-lzma',
  'delta',
  'delta-lz4',
  'delta-lzma',
]);
const ADDRESS_BYTES = 4;
const UPGRADE_FIELDS_BYTES = 8;
/** The longest piece looked at at once: a certificate. */
const MAX_UNIT_BYTES = 136;

/**
 * The parser of a Gecko bootloader without storage: takes a GBL v3 file in pieces of any size and programs flash on the
 * way. It believes what it has not been told to doubt: addresses are not reported, data is checked at the end only.
 * The first error stays; from then on, and after the end, every piece is `eof`. A restart alone makes a new parser.
 *
 * Not modelled: decryption (an encrypted file is a key error, as on a device without a key) and ECDSA.
 * Source: `btl_gbl_parser.c`, from the vendor's bootloader.
 */
export class GblParser {
  readonly #policy: ParserPolicy;
  readonly #writer: FlashWriter;
  readonly #bootloaderImageAddress: number;
  readonly #dependencies: VersionDependencies;

  /** The piece being collected: a tag's header, a structure, or a word of data. */
  readonly #unit = new Uint8Array(MAX_UNIT_BYTES);
  #held = 0;
  #wanted = GBL_TAG_HEADER_BYTES;
  #rule: GblTagRule | undefined;
  /** Bytes of the tag's payload that no piece was made of yet. */
  #left = 0;
  /** Address or offset of the next word. */
  #address = 0;
  #fieldsRead = false;

  #crc = 0;
  #order = 0;
  readonly #seen = new Set<GblTagName>();
  #encrypted = false;
  #signatureGood = false;
  #state: 'open' | 'done' | 'failed' = 'open';
  #failure: ParserStatus = PARSER_STATUS.ok;
  #upgrade: Upgrade | undefined;

  constructor(policy: ParserPolicy, writer: FlashWriter, bootloaderImageAddress: number) {
    this.#policy = policy;
    this.#writer = writer;
    this.#bootloaderImageAddress = bootloaderImageAddress;
    this.#dependencies = new VersionDependencies(policy.running);
  }

  /** The file was read to its end and found good. */
  get verified(): boolean {
    return this.#state === 'done';
  }

  /** Of the piece that failed; `ok` while none did. */
  get failure(): ParserStatus {
    return this.#failure;
  }

  get upgrade(): Upgrade | undefined {
    return this.#upgrade;
  }

  /** Takes the next bytes of the file. Bytes behind the end tag are passed over. */
  parse(input: Bytes): ParserStatus {
    if (this.#state !== 'open') return PARSER_STATUS.eof;
    let at = 0;
    while (at < input.length && this.#state === 'open') {
      const piece = input.subarray(at, at + this.#wanted - this.#held);
      this.#unit.set(piece, this.#held);
      this.#held += piece.length;
      at += piece.length;
      // The CRC does not cover itself.
      if (this.#rule?.name !== 'end') this.#crc = crc32(piece, this.#crc);
      if (this.#held === this.#wanted) this.#take(this.#unit.slice(0, this.#held));
    }
    return this.#failure;
  }

  /** Ends the file as a failure from outside it. */
  refuse(): void {
    if (this.#state === 'open') this.#fail(PARSER_STATUS.unexpected);
  }

  #take(unit: Bytes): void {
    this.#held = 0;
    let status: ParserStatus;
    if (this.#rule === undefined) {
      const reader = new ByteReader(unit);
      status = this.#begin(reader.u32(0), reader.u32(4));
    } else {
      this.#left -= unit.length;
      status = this.#payload(this.#rule.name, unit);
    }
    if (status !== PARSER_STATUS.ok) this.#fail(status);
    else this.#expect();
  }

  /** Decides what to collect next; a tag whose payload is used up ends here. */
  #expect(): void {
    if (this.#left === 0) this.#rule = undefined;
    this.#wanted =
      this.#rule === undefined
        ? GBL_TAG_HEADER_BYTES
        : Math.min(this.#left, unitBytes(this.#rule, this.#fieldsRead));
  }

  #begin(id: number, length: number): ParserStatus {
    const rule = gblTagRule(id);
    if (this.#order === 0 && rule?.name !== 'header') return PARSER_STATUS.unexpected;
    if (rule === undefined || LEFT_OUT.has(rule.name)) return PARSER_STATUS.unknownTag;
    if (rule.order < this.#order) return PARSER_STATUS.tagOrder;
    if (rule.once && this.#seen.has(rule.name)) return PARSER_STATUS.tagOrder;
    if (length < fieldsBytes(rule) || (WHOLE.has(rule.name) && length !== rule.minLength)) {
      return PARSER_STATUS.unexpected;
    }
    if (this.#encrypted && rule.place === 'inside') return PARSER_STATUS.unexpected;
    // At the end tag, before its CRC was read: so the vendor's parser does it.
    if (rule.name === 'end' && this.#policy.requireSignature && !this.#signatureGood) {
      return PARSER_STATUS.signature;
    }

    this.#seen.add(rule.name);
    // Ciphertext holds tags of its own and does not count.
    if (rule.name !== 'enc-gbl-data') this.#order = rule.order;
    this.#rule = rule;
    this.#left = length;
    this.#fieldsRead = false;
    return PARSER_STATUS.ok;
  }

  #payload(name: GblTagName, unit: Bytes): ParserStatus {
    switch (name) {
      case 'header':
        return this.#header(unit);
      case 'version-dependency':
        return this.#dependency(unit);
      case 'enc-init':
      case 'enc-gbl-data':
        return this.#encrypted ? PARSER_STATUS.keyError : PARSER_STATUS.unexpected;
      case 'prog':
      case 'eraseprog':
        return this.#program(unit);
      case 'bootloader':
      case 'se-upgrade':
        return this.#stage(name, unit);
      case 'signature':
        return this.#signature();
      case 'end':
        return this.#end(unit);
      default:
        // What an application tag, metadata or a certificate say decides nothing here.
        return PARSER_STATUS.ok;
    }
  }

  #header(unit: Bytes): ParserStatus {
    const reader = new ByteReader(unit);
    if (reader.u32(0) >>> 24 !== GBL_VERSION >>> 24) return PARSER_STATUS.version;
    const type = reader.u32(4);
    this.#encrypted = (type & GBL_TYPE_ENCRYPTED) !== 0;
    if (this.#policy.requireSignature && (type & GBL_TYPE_SIGNED) === 0) return PARSER_STATUS.fileType;
    return PARSER_STATUS.ok;
  }

  #dependency(unit: Bytes): ParserStatus {
    if (unit.length < VERSION_DEPENDENCY_BYTES || !this.#dependencies.add(unit)) {
      return PARSER_STATUS.unexpected;
    }
    // A bootloader without storage judges at once, not at the end: it would have erased by then.
    return this.#left === 0 && !this.#dependencies.hold ? PARSER_STATUS.version : PARSER_STATUS.ok;
  }

  #program(unit: Bytes): ParserStatus {
    if (!this.#fieldsRead) {
      this.#fieldsRead = true;
      this.#address = new ByteReader(unit).u32(0);
    } else {
      this.#writer.program(this.#address, wholeWord(unit));
      this.#address += FLASH_WORD_BYTES;
    }
    return PARSER_STATUS.ok;
  }

  #stage(name: 'bootloader' | 'se-upgrade', unit: Bytes): ParserStatus {
    if (this.#fieldsRead) {
      this.#writer.stage(this.#address, wholeWord(unit));
      this.#address += FLASH_WORD_BYTES;
      return PARSER_STATUS.ok;
    }
    this.#fieldsRead = true;
    this.#address = 0;
    const reader = new ByteReader(unit);
    if (name === 'se-upgrade') {
      this.#upgrade = { kind: 'se', version: reader.u32(4) };
      return PARSER_STATUS.ok;
    }
    if (reader.u32(4) !== this.#bootloaderImageAddress) return PARSER_STATUS.unexpected;
    this.#upgrade = { kind: 'bootloader', version: reader.u32(0) };
    return PARSER_STATUS.ok;
  }

  #signature(): ParserStatus {
    this.#signatureGood = this.#policy.signatureValid;
    // Nobody looks at a signature that nobody asked for.
    if (!this.#policy.requireSignature || this.#signatureGood) return PARSER_STATUS.ok;
    return PARSER_STATUS.signature;
  }

  #end(unit: Bytes): ParserStatus {
    if (new ByteReader(unit).u32(0) !== this.#crc) return PARSER_STATUS.crc;
    this.#writer.release();
    this.#state = 'done';
    return PARSER_STATUS.ok;
  }

  #fail(status: ParserStatus): void {
    this.#state = 'failed';
    this.#failure = status;
  }
}

/** Bytes that a tag's payload has in front of its data. */
function fieldsBytes(rule: GblTagRule): number {
  switch (rule.name) {
    case 'prog':
    case 'eraseprog':
      return ADDRESS_BYTES;
    case 'bootloader':
    case 'se-upgrade':
      return UPGRADE_FIELDS_BYTES;
    default:
      return 0;
  }
}

/** How many bytes of a payload are looked at together. */
function unitBytes(rule: GblTagRule, fieldsRead: boolean): number {
  if (WHOLE.has(rule.name)) return rule.minLength;
  if (rule.name === 'version-dependency') return VERSION_DEPENDENCY_BYTES;
  if (rule.name === 'metadata' || rule.name === 'enc-gbl-data') return MAX_UNIT_BYTES;
  return fieldsRead ? FLASH_WORD_BYTES : fieldsBytes(rule);
}

/** Flash takes words: what is missing of the last one stays erased. */
function wholeWord(unit: Bytes): Bytes {
  if (unit.length === FLASH_WORD_BYTES) return unit;
  const word = new Uint8Array(FLASH_WORD_BYTES).fill(0xff);
  word.set(unit);
  return word;
}
