import type { Bytes } from '../../core/bytes.ts';

/** What a program on the processor, bootloader or application, has of the device around it. */
export interface Ble1xxHost {
  /** Calls `fn` after `ms`, unless the processor was reset or lost its power by then. */
  after(ms: number, fn: () => void): () => void;
  /** One frame to the host. */
  send(frame: Bytes): void;
  /** Restarts the processor at once; the caller's program ends with it. */
  reset(into: 'bootloader' | 'application'): void;
}

/** A program on the processor, from its start to the next reset. */
export interface Ble1xxProgram {
  receive(bytes: Bytes): void;
  stop(): void;
}
