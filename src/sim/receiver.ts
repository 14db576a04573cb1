import type { Bytes } from '../core/bytes.ts';

/**
 * The receiving side of a bootloader that does one thing after the other: bytes that come while it is busy wait in the
 * UART's buffer, and are taken in order; what that does not hold is lost.
 */
export class Receiver {
  readonly #take: (byte: number) => void;
  readonly #bufferBytes: number;
  readonly #waiting: number[] = [];
  #busy = false;
  #stopped = false;

  constructor(bufferBytes: number, take: (byte: number) => void) {
    this.#bufferBytes = bufferBytes;
    this.#take = take;
  }

  receive(bytes: Bytes): void {
    for (const byte of bytes) {
      if (this.#stopped) return;
      if (!this.#busy) this.#take(byte);
      else if (this.#waiting.length < this.#bufferBytes) this.#waiting.push(byte);
    }
  }

  /** From now on bytes wait. */
  pause(): void {
    this.#busy = true;
  }

  /** Does what follows the work that is done now, then takes what waited, until it is paused again. */
  resume(then: () => void): void {
    this.#busy = false;
    then();
    while (!this.#busy && this.#waiting.length > 0) this.#take(this.#waiting.shift() ?? 0);
  }

  /** Throws away what waits. */
  discard(): void {
    this.#waiting.length = 0;
  }

  /** For good: nothing is taken any more. */
  stop(): void {
    this.#stopped = true;
    this.discard();
  }
}
