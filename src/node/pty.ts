import { constants, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import type { Bytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import type { FarEnd } from './far-end.ts';
import { loadOptional } from './optional.ts';

const CURE = 'Run npm install @lydell/node-pty beside dfukit, or use TCP: dfu-flash simulate --tcp.';
/** What may wait for a program that does not read; more is lost, as on a serial port. */
const MAX_WAITING_BYTES = 65_536;

/** What `open()` gives beside its documented part: the streams of both ends and the path. */
interface OpenedTerminal {
  readonly _master: NodeJS.ReadableStream & {
    write(bytes: Uint8Array): boolean;
    readonly writableLength: number;
    pause(): void;
    destroy(): void;
  };
  readonly _slave: { destroy(): void };
  readonly _pty: string;
}

/**
 * A pseudo-terminal: a serial port that any program can open by its path. Linux and macOS.
 * Throws `link.driver-missing`, and `link.unsupported` where there are no pseudo-terminals (Windows).
 */
export async function openPseudoTerminal(): Promise<FarEnd> {
  if (process.platform === 'win32') {
    throw new DfuError('link.unsupported', 'Windows has no pseudo-terminals', {
      cure: 'Use TCP: dfu-flash simulate --tcp.',
    });
  }
  const pty = await loadOptional('@lydell/node-pty', () => import('@lydell/node-pty'), CURE);
  const open = (pty as unknown as { open(options: { encoding: null }): OpenedTerminal }).open;
  const { _master: master, _slave: slave, _pty: path } = open({ encoding: null });
  // It reads what the program at the other end should get.
  slave.destroy();
  // Held open so that programs may come and go, and in raw mode from the start: until a program sets it, the terminal
  // would send the device's own bytes back to it. It never reads.
  const holder = new ReadStream(openSync(path, constants.O_RDWR | constants.O_NOCTTY));
  holder.setRawMode(true);
  return {
    address: path,
    send: (bytes) => {
      if (master.writableLength < MAX_WAITING_BYTES) master.write(bytes);
    },
    onReceive: (fn) => {
      master.on('data', (chunk: Uint8Array) => fn(new Uint8Array(chunk) as Bytes));
    },
    stall: () => master.pause(),
    close: async () => {
      holder.destroy();
      master.destroy();
    },
  };
}
