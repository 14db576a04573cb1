import { ByteReader, type Bytes } from '../core/bytes.ts';

/** Bytes that one write operation programs. */
export const FLASH_WORD_BYTES = 4;
const ERASED_BYTE = 0xff;

/** Where a flash memory lies and in which units it is erased. */
export interface FlashGeometry {
  baseAddress: number;
  sizeBytes: number;
  /** The unit of erasing. */
  pageBytes: number;
}

/**
 * What a power cut leaves of the operation that it meets: `before` nothing was done yet, `half` the cells are torn
 * (a word with its low half programmed; a page with its first half erased and the rest partly so), `after` it was
 * just done.
 */
export type Torn = 'before' | 'half' | 'after';

/** A word that was programmed again without an erase between: the silicon keeps the AND of both. */
export interface FlashViolation {
  address: number;
  /** Index of the operation, counted from 0. */
  operation: number;
}

/** Thrown by an operation that the power cut met. The device that owns the memory is then off. */
export class PowerLoss extends Error {
  override readonly name = 'PowerLoss';
  readonly operation: number;

  constructor(operation: number) {
    super(`power lost at flash operation ${operation}`);
    this.operation = operation;
  }
}

/**
 * NOR flash of a microcontroller: a page at a time is erased to ones, a word at a time is programmed, and
 * programming only turns ones into zeros. Each erased page and each programmed word is one operation; power can be
 * cut at any of them. Addresses are absolute; misaligned or outside is a RangeError, since no bootloader may ask for it.
 */
export class FlashMemory {
  readonly baseAddress: number;
  readonly sizeBytes: number;
  readonly pageBytes: number;
  /** Words that were programmed twice, in order. */
  readonly violations: FlashViolation[] = [];
  readonly #cells: Bytes;
  readonly #reader: ByteReader;
  /** By word: programmed since the last erase. */
  readonly #programmed: Uint8Array;
  #operations = 0;
  #erases = 0;
  #cut: { operation: number; torn: Torn } | undefined;

  /** `contents` from the base address on; what they do not cover is erased. */
  constructor(geometry: FlashGeometry, contents?: Uint8Array) {
    const { baseAddress, sizeBytes, pageBytes } = geometry;
    if (
      !(sizeBytes > 0 && pageBytes > 0) ||
      sizeBytes % pageBytes !== 0 ||
      pageBytes % FLASH_WORD_BYTES !== 0
    ) {
      throw new RangeError('flash has whole pages, and pages have whole words');
    }
    if (contents !== undefined && contents.length > sizeBytes) {
      throw new RangeError(`${contents.length} bytes do not fit into ${sizeBytes} bytes of flash`);
    }
    this.baseAddress = baseAddress;
    this.sizeBytes = sizeBytes;
    this.pageBytes = pageBytes;
    this.#cells = new Uint8Array(sizeBytes).fill(ERASED_BYTE);
    this.#reader = new ByteReader(this.#cells);
    this.#programmed = new Uint8Array(sizeBytes / FLASH_WORD_BYTES);
    if (contents !== undefined) this.load(baseAddress, contents);
  }

  /** First address behind the memory. */
  get endAddress(): number {
    return this.baseAddress + this.sizeBytes;
  }

  /** Erased pages and programmed words so far. */
  get operations(): number {
    return this.#operations;
  }

  /** Erased pages so far, those that a power cut met included. */
  get erases(): number {
    return this.#erases;
  }

  /** A copy of `lengthBytes` from `address` on. */
  read(address: number, lengthBytes: number): Bytes {
    const offset = this.#offset(address, lengthBytes);
    return this.#cells.slice(offset, offset + lengthBytes);
  }

  u32(address: number): number {
    return this.#reader.u32(this.#offset(address, 4));
  }

  /** A copy of the whole memory: what a flash file holds. */
  contents(): Bytes {
    return this.#cells.slice();
  }

  /** Sets bytes from outside, as a debug probe does: no operation is counted, no rule applies. */
  load(address: number, bytes: Uint8Array): void {
    const offset = this.#offset(address, bytes.length);
    this.#cells.set(bytes, offset);
    const firstWord = Math.floor(offset / FLASH_WORD_BYTES);
    const endWord = Math.ceil((offset + bytes.length) / FLASH_WORD_BYTES);
    for (let word = firstWord; word < endWord; word++) {
      this.#programmed[word] = this.#reader.u32(word * FLASH_WORD_BYTES) === 0xffffffff ? 0 : 1;
    }
  }

  /** Cuts the power at the operation with this index (from 0, over the life of this object), once. */
  cutPowerAt(operation: number, torn: Torn = 'half'): void {
    this.#cut = { operation, torn };
  }

  /** Turns a page into ones. `address` is its first byte. */
  erasePage(address: number): void {
    const offset = this.#offset(address, this.pageBytes);
    if (offset % this.pageBytes !== 0) throw new RangeError('a page is erased at its first byte');
    this.#erases++;
    this.#operate(
      () => {
        this.#cells.fill(ERASED_BYTE, offset, offset + this.pageBytes);
        this.#programmed.fill(0, offset / FLASH_WORD_BYTES, (offset + this.pageBytes) / FLASH_WORD_BYTES);
      },
      () => this.#tearPage(offset),
    );
  }

  /** Programs one word. */
  writeWord(address: number, word: Uint8Array): void {
    const offset = this.#offset(address, FLASH_WORD_BYTES);
    if (offset % FLASH_WORD_BYTES !== 0 || word.length !== FLASH_WORD_BYTES) {
      throw new RangeError('flash is programmed a word at a time');
    }
    const index = offset / FLASH_WORD_BYTES;
    if (this.#programmed[index] !== 0) this.violations.push({ address, operation: this.#operations });
    this.#operate(
      () => this.#program(offset, word),
      () => this.#program(offset, word.subarray(0, FLASH_WORD_BYTES / 2)),
    );
  }

  #operate(whole: () => void, torn: () => void): void {
    const operation = this.#operations++;
    if (this.#cut?.operation !== operation) {
      whole();
      return;
    }
    if (this.#cut.torn === 'half') torn();
    if (this.#cut.torn === 'after') whole();
    this.#cut = undefined;
    throw new PowerLoss(operation);
  }

  #program(offset: number, bytes: Uint8Array): void {
    this.#programmed[offset / FLASH_WORD_BYTES] = 1;
    bytes.forEach((byte, i) => {
      this.#cells[offset + i] = (this.#cells[offset + i] ?? 0) & byte;
    });
  }

  /** Half of the page is ones; in the rest some cells have turned into ones and others not, the same ones each time. */
  #tearPage(offset: number): void {
    const middle = offset + this.pageBytes / 2;
    this.#cells.fill(ERASED_BYTE, offset, middle);
    for (let i = middle; i < offset + this.pageBytes; i++) {
      const turned = Math.imul(i + 1, 0x9e3779b1) >>> 24;
      this.#cells[i] = (this.#cells[i] ?? 0) | turned;
    }
    this.#programmed.fill(1, offset / FLASH_WORD_BYTES, (offset + this.pageBytes) / FLASH_WORD_BYTES);
  }

  #offset(address: number, lengthBytes: number): number {
    const offset = address - this.baseAddress;
    if (offset < 0 || lengthBytes < 0 || offset + lengthBytes > this.sizeBytes) {
      throw new RangeError('an address outside flash');
    }
    return offset;
  }
}
