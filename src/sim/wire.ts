import type { Bytes } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';

/** How fast a wire is. */
export interface WireOptions {
  clock: Clock;
  /** 10 bits a byte (8N1); absent: bytes take no time. */
  baudRate?: number;
  /** Time a frame takes besides its bits: what a USB adapter adds. Default 0. */
  latencyMs?: number;
}

const BITS_A_BYTE = 10;

/** One direction: frames arrive in the order in which they left, each when its last bit has gone over. */
export class Wire {
  readonly #clock: Clock;
  #msPerByte = 0;
  readonly #latencyMs: number;
  readonly #deliver: (bytes: Bytes) => void;
  readonly #queue: Bytes[][] = [];
  /** When the last bit so far leaves, and when it arrives. */
  #freeAt = 0;
  #lastArrival = 0;

  constructor(options: WireOptions, deliver: (bytes: Bytes) => void) {
    this.#clock = options.clock;
    this.setBaud(options.baudRate);
    this.#latencyMs = options.latencyMs ?? 0;
    this.#deliver = deliver;
  }

  setBaud(baudRate: number | undefined): void {
    this.#msPerByte = baudRate === undefined ? 0 : (BITS_A_BYTE * 1000) / baudRate;
  }

  /**
   * Resolves when the last bit has left. `lengthBytes` is what the sender sent: a frame that gets lost takes its time
   * all the same.
   */
  carry(pieces: Bytes[], delayMs: number, lengthBytes: number): Promise<void> {
    const carried = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const now = this.#clock.now();
    this.#freeAt = Math.max(now, this.#freeAt) + Math.max(carried, lengthBytes) * this.#msPerByte;
    this.#lastArrival = Math.max(this.#lastArrival, this.#freeAt + this.#latencyMs + delayMs);
    this.#queue.push(pieces);
    // Each timer takes the head of the queue: real timers may fire out of order, frames may not.
    this.#clock.after(this.#lastArrival - now, () => this.#arrive());
    const leavesIn = this.#freeAt - now;
    if (leavesIn <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#clock.after(leavesIn, resolve);
    });
  }

  drop(): void {
    for (const pieces of this.#queue) pieces.length = 0;
  }

  #arrive(): void {
    for (const piece of this.#queue.shift() ?? []) if (piece.length > 0) this.#deliver(piece);
  }
}
