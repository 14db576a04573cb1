import type { Bytes } from '../core/bytes.ts';
import type { DfuError } from '../core/errors.ts';
import type { Inbox } from '../core/inbox.ts';
import type { Wait } from '../core/wait.ts';

/** What all links share. A link is used once: after it closed, the port opens another. */
interface LinkBase {
  /** Settles with the reason when the link is gone, whoever ended it; never rejects. */
  readonly closed: Promise<DfuError>;
  /** Lets go of the link. May be called twice; resolves when the port is free again. */
  close(): Promise<void>;
}

/** Levels for the modem lines that this side drives. `true`: asserted, which is low at a TTL pin. Absent: left as it is. */
export interface ModemLines {
  dtr?: boolean;
  rts?: boolean;
}

/** Which of the programs on a device is spoken to. */
export type Side = 'bootloader' | 'application';

/** A stream of bytes both ways: a serial port, a TCP bridge, a cable in memory. */
export interface ByteLink extends LinkBase {
  readonly kind: 'bytes';
  /** What the device sent, in pieces of any size, from the moment of opening. */
  readonly inbox: Inbox<Bytes>;
  /**
   * Resolves when the bytes have been handed to the other side or to the operating system.
   * Throws `link.timeout`, `run.interrupted` or the reason for which the link closed.
   */
  write(bytes: Bytes, wait: Wait): Promise<void>;
  /**
   * Sets DTR and RTS. Absent where there can be none (raw TCP).
   * Throws `link.no-modem-lines` (a pseudo-terminal), `link.failed`, and what `write` throws.
   */
  setLines?(lines: ModemLines, wait: Wait): Promise<void>;
  /**
   * Changes the baud rate, after what was written has left. Absent where this side does not set it.
   * Throws `link.failed`, and what `write` throws.
   */
  setBaud?(baudRate: number, wait: Wait): Promise<void>;
  /**
   * Turns to the baud rate of bootloader or application; a link is opened at the bootloader's. Absent where both talk at
   * the same rate. Throws what `setBaud` throws.
   */
  turnTo?(side: Side, wait: Wait): Promise<void>;
}

/** Links by kind. GATT joins them with Bluetooth LE. */
export type Link = ByteLink;

/**
 * Where a device can be met, again and again: drivers hold the port, since a device that restarts may have to be
 * opened anew. `open` throws `link.not-found`, `link.busy`, `link.forbidden`, `link.failed` or `link.timeout`.
 */
export interface Port<L extends Link = Link> {
  readonly kind: L['kind'];
  /** For people: `/dev/ttyUSB0 at 115200 baud`. */
  readonly name: string;
  open(wait: Wait): Promise<L>;
}
