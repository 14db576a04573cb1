import { read } from 'node:fs';
import { promisify } from 'node:util';
import { codeOf } from './files.ts';

const readAsync = promisify(read);
/** There is nothing yet. */
const NOT_YET: ReadonlySet<string> = new Set(['EAGAIN', 'EWOULDBLOCK', 'EINTR']);

/** What a driver of serial ports opens. */
interface Opened {
  readonly isOpen: boolean;
  /** Linux and macOS alone. */
  readonly fd?: number | null;
  readonly poller?: Poller;
  read(buffer: Buffer, offset: number, length: number): Promise<Filled>;
  close(): Promise<void>;
}

interface Poller {
  once(event: 'readable', callback: (error: Error | null) => void): unknown;
}

interface Filled {
  buffer: Buffer;
  bytesRead: number;
}

/**
 * A driver whose ports end when they hang up, and are free once they are closed. serialport 13 takes a read of zero
 * bytes, which is how Linux and macOS tell that an adapter was pulled or the far end of a pseudo-terminal is gone, for a
 * reason to read again: for ever, and with all of a core. And it closes a port while a read of it is under way, which
 * keeps the port locked for whoever opens it next. Ports are read here instead, where there is something to wait on.
 */
export function endingAtHangUp<B extends { open(options: never): Promise<unknown> }>(driver: B): B {
  return new Proxy(driver, {
    get(target, key) {
      if (key !== 'open') return Reflect.get(target, key, target);
      return async (options: never) => {
        const port = (await target.open(options)) as Opened;
        if (port.poller !== undefined) readHere(port, port.poller);
        return port;
      };
    },
  });
}

function readHere(port: Opened, poller: Poller): void {
  const close = port.close.bind(port);
  let closing = false;
  let underWay: Promise<unknown> = Promise.resolve();
  port.read = async (buffer, offset, length) => {
    for (;;) {
      if (closing || !port.isOpen || typeof port.fd !== 'number') throw canceled();
      try {
        const reading = readAsync(port.fd, buffer, offset, length, null);
        underWay = reading.catch(() => {});
        const { bytesRead } = await reading;
        if (bytesRead > 0) return { buffer, bytesRead };
        throw new Error('the far side hung up');
      } catch (error) {
        if (closing || !port.isOpen) throw canceled();
        if (!NOT_YET.has(codeOf(error))) throw error;
      }
      await readable(poller);
    }
  };
  port.close = async () => {
    closing = true;
    // It never blocks; the port is opened that way.
    await underWay;
    return close();
  };
}

function readable(poller: Poller): Promise<void> {
  return new Promise((resolve, reject) => {
    poller.once('readable', (error) => (error === null ? resolve() : reject(error)));
  });
}

/** The driver's stream knows by this that it was its own close that ended the read. */
function canceled(): Error {
  return Object.assign(new Error('the port is not open'), { canceled: true });
}
