import type { Bytes } from '../../core/bytes.ts';
import type { Upgrade } from './gbl-parser.ts';

/** Why the processor started: the vendor's codes, left in RAM by software, and 0x0200 for power and reset pin. */
export const RESET_REASON = {
  unknown: 0x0200,
  go: 0x0201,
  bootload: 0x0202,
  badImage: 0x0203,
  force: 0x0205,
  badApplication: 0x0208,
  upgrade: 0x0209,
  timeout: 0x020a,
  fault: 0x020b,
} as const;
export type ResetReason = (typeof RESET_REASON)[keyof typeof RESET_REASON];

/** What the program on the processor, bootloader or application, has of the device around it. */
export interface ProcessorHost {
  /** Calls `fn` after `ms`, unless the processor was reset or lost its power by then. */
  after(ms: number, fn: () => void): () => void;
  /** One frame to the host. */
  send(frame: Bytes): void;
  /** Restarts the processor at once; the caller's program ends with it. */
  reset(reason: ResetReason): void;
  /** Puts an upgrade of bootloader or Secure Element in its place and restarts. */
  install(upgrade: Upgrade): void;
}

/** A program on the processor, from its start to the next reset. */
export interface Program {
  receive(bytes: Bytes): void;
  /** The processor was reset or lost its power: nothing that this program began may go on. */
  stop(): void;
}
