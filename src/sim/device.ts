import type { Bytes } from '../core/bytes.ts';
import type { ModemLines } from '../link/link.ts';
import type { Torn } from './flash-memory.ts';

/** A virtual device behind a byte stream: carried by `memoryPort`, a pseudo-terminal or a TCP port. */
export interface ByteDevice {
  /** Bytes from the host, in pieces of any size. What comes while the device is off is lost. */
  receive(bytes: Bytes): void;
  /** Where the device's bytes go, one call a frame; whoever carries it sets this. Nobody there: the bytes are lost. */
  send: (bytes: Bytes) => void;
  /** At which baud rate the program that runs now talks; a host at another one hears noise. Absent: at any. */
  readonly baudRate?: number | undefined;
  /** What the host's modem lines are wired to; absent: to nothing. */
  setLines?(lines: Required<ModemLines>): void;
  /** Power off and on again. */
  powerCycle(): void;
  /** Cuts the power at that flash operation, counted from 0 over the device's life; it stays off until `powerCycle`. */
  cutPowerAt(flashOperation: number, torn?: Torn): void;
}
