import type { Bytes } from '../../core/bytes.ts';

/** A command as the device sees it. */
export interface Command {
  class: number;
  id: number;
  payload: Bytes;
}

/** Gives up half a command after this silence, header and payload; assumed as in the vendor's next generation. */
const HEADER_TIMEOUT_MS = 1000;
const PAYLOAD_TIMEOUT_MS = 3000;
const HEADER_BYTES = 4;
/** Type message, device type 0, length below 256. */
const COMMAND_START = 0x00;

/**
 * The receiving side of the UART: gathers commands out of bytes. In packet mode each begins with its length, else the
 * header tells it.
 */
export class CommandReader {
  readonly #packetMode: boolean;
  readonly #after: (ms: number, fn: () => void) => () => void;
  readonly #held: number[] = [];
  #cancelTimeout = () => {};

  constructor(packetMode: boolean, after: (ms: number, fn: () => void) => () => void) {
    this.#packetMode = packetMode;
    this.#after = after;
  }

  /** A command when this byte completes one. */
  take(byte: number): Command | undefined {
    if (this.#held.length === 0) {
      if (this.#packetMode ? byte < HEADER_BYTES : byte !== COMMAND_START) return undefined;
      this.#timeout(HEADER_TIMEOUT_MS);
    }
    this.#held.push(byte);
    const header = this.#packetMode ? 1 : 0;
    const total = this.#totalBytes();
    if (this.#held.length < total) {
      if (this.#held.length === header + HEADER_BYTES) this.#timeout(PAYLOAD_TIMEOUT_MS);
      return undefined;
    }
    this.#cancelTimeout();
    const [first = 0, length = 0, klass = 0, id = 0, ...payload] = this.#held.splice(0).slice(header);
    // In packet mode the length stands twice.
    const whole = first === COMMAND_START && length === payload.length;
    return whole ? { class: klass, id, payload: Uint8Array.from(payload) } : undefined;
  }

  #totalBytes(): number {
    if (this.#packetMode) return 1 + (this.#held[0] ?? 0);
    return this.#held.length < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + (this.#held[1] ?? 0);
  }

  #timeout(ms: number): void {
    this.#cancelTimeout();
    this.#cancelTimeout = this.#after(ms, () => {
      this.#held.length = 0;
    });
  }
}
