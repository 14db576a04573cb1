import { FLASH_WORD_BYTES, type FlashMemory } from '../flash-memory.ts';
import type { Ble1xxHardware } from './hardware.ts';

const ERASED = 0xff;

/** Puts bytes into flash one after the other; a page is erased when its first byte comes. */
export class Ble1xxFlashWriter {
  readonly #flash: FlashMemory;
  readonly #hardware: Ble1xxHardware;
  readonly #word = new Uint8Array(FLASH_WORD_BYTES).fill(ERASED);
  #address = 0;
  #dirty = false;

  constructor(flash: FlashMemory, hardware: Ble1xxHardware) {
    this.#flash = flash;
    this.#hardware = hardware;
  }

  /** Goes on at that address; a word that was not filled is lost. */
  seek(address: number): void {
    this.#address = address;
    this.#clear();
  }

  /** Whether so many bytes fit between the bootloader and the page with the settings. */
  takes(address: number, lengthBytes: number): boolean {
    return (
      address >= this.#hardware.applicationStart && address + lengthBytes <= this.#hardware.applicationEnd
    );
  }

  fits(lengthBytes: number): boolean {
    return this.takes(this.#address, lengthBytes);
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#address % this.#hardware.flash.pageBytes === 0) this.#flash.erasePage(this.#address);
      this.#word[this.#address % FLASH_WORD_BYTES] = byte;
      this.#dirty = true;
      this.#address++;
      if (this.#address % FLASH_WORD_BYTES === 0) this.flush();
    }
  }

  /** Programs what is left of the last word. */
  flush(): void {
    if (!this.#dirty) return;
    const at = Math.floor((this.#address - 1) / FLASH_WORD_BYTES) * FLASH_WORD_BYTES;
    const word = this.#word.slice();
    this.#clear();
    this.#flash.writeWord(at, word);
  }

  #clear(): void {
    this.#word.fill(ERASED);
    this.#dirty = false;
  }
}
