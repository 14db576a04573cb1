import type { Bytes } from '../core/bytes.ts';

/** The end of a wire at which a device sits, real to whatever program opens the other end. */
export interface FarEnd {
  /** What to give to the program at the other end: a path, or tcp://host:port. */
  readonly address: string;
  /** To whoever has the other end open. While nobody has, it may be lost. */
  send(bytes: Bytes): void;
  /** Sets who gets what comes from the other end, in pieces of any size. */
  onReceive(fn: (bytes: Bytes) => void): void;
  /** Takes no more bytes from the wire: for trying what a host makes of that. */
  stall(): void;
  close(): Promise<void>;
}
