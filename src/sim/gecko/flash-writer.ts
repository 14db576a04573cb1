import type { Bytes } from '../../core/bytes.ts';
import { FLASH_WORD_BYTES, type FlashMemory } from '../flash-memory.ts';
import type { GeckoHardware } from './hardware.ts';

/** Vector words held back until the whole file was found good: program counter and what follows, 24 bytes. */
const WITHHELD_FROM = 4;
const WITHHELD_BYTES = 24;
/** Of an upgrade of bootloader or SE, the one word that makes it valid. */
const UPGRADE_WITHHELD_OFFSET = 4;
const ERASED_WORD = Uint8Array.of(0xff, 0xff, 0xff, 0xff);

/** Puts words into flash by the bootloader's rules. Source: `btl_gbl_parser.c`, `btl_bootload.c`. */
export class FlashWriter {
  readonly #flash: FlashMemory;
  readonly #hardware: GeckoHardware;
  readonly #vectors = new Uint8Array(WITHHELD_BYTES).fill(0xff);
  #upgradeWord: Bytes | undefined;

  constructor(flash: FlashMemory, hardware: GeckoHardware) {
    this.#flash = flash;
    this.#hardware = hardware;
  }

  /** A word of the application. Outside the application's space it is dropped without a word to the host. */
  program(address: number, word: Bytes): void {
    const offset = address - this.#hardware.applicationStart - WITHHELD_FROM;
    if (offset >= 0 && offset + FLASH_WORD_BYTES <= WITHHELD_BYTES) this.#vectors.set(word, offset);
    else this.#write(address, word);
  }

  /** A word of a bootloader or SE upgrade, which lies in the application's space until it is installed. */
  stage(offset: number, word: Bytes): void {
    // So that the application whose space this is can not be started half overwritten.
    if (offset === 0) this.#flash.erasePage(this.#hardware.applicationStart);
    if (offset === UPGRADE_WITHHELD_OFFSET) this.#upgradeWord = word;
    else this.#write(this.#hardware.upgradeAreaStart + offset, word);
  }

  /** Writes what was held back, the program counter last: a power cut before it leaves no application. */
  release(): void {
    if (this.#upgradeWord !== undefined) {
      this.#write(this.#hardware.upgradeAreaStart + UPGRADE_WITHHELD_OFFSET, this.#upgradeWord);
    }
    const programCounter = this.#vectors.slice(0, FLASH_WORD_BYTES);
    if (programCounter.every((byte, i) => byte === ERASED_WORD[i])) return;
    const start = this.#hardware.applicationStart + WITHHELD_FROM;
    for (let at = FLASH_WORD_BYTES; at < WITHHELD_BYTES; at += FLASH_WORD_BYTES) {
      this.#write(start + at, this.#vectors.slice(at, at + FLASH_WORD_BYTES));
    }
    this.#write(start, programCounter);
  }

  /** A write that begins on a page's first byte erases the page. A misaligned one is refused by the flash controller. */
  #write(address: number, word: Bytes): void {
    if (address < this.#hardware.applicationStart) return;
    if (address + FLASH_WORD_BYTES > this.#flash.endAddress) return;
    if (address % FLASH_WORD_BYTES !== 0) return;
    if ((address - this.#flash.baseAddress) % this.#flash.pageBytes === 0) this.#flash.erasePage(address);
    this.#flash.writeWord(address, word);
  }
}
