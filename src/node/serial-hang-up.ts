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
  readonly poller?: {
    once(event: 'readable', callback: (error: Error | null) => void): unknown;
  };
  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }>;
}

/**
 * A driver whose ports end when they hang up. serialport 13 takes a read of zero bytes, which is how Linux and macOS
 * tell that an adapter was pulled or the far end of a pseudo-terminal is gone, for a reason to read again: for ever,
 * and with all of a core. Ports are read here instead, where there is something to wait on.
 */
export function endingAtHangUp<B extends { open(options: never): Promise<unknown> }>(driver: B): B {
  return new Proxy(driver, {
    get(target, key) {
      if (key !== 'open') return Reflect.get(target, key, target);
      return async (options: never) => {
        const port = (await target.open(options)) as Opened;
        if (port.poller !== undefined) port.read = (...place) => readFrom(port, ...place);
        return port;
      };
    },
  });
}

async function readFrom(
  port: Opened,
  buffer: Buffer,
  offset: number,
  length: number,
): Promise<{ buffer: Buffer; bytesRead: number }> {
  for (;;) {
    if (!port.isOpen || typeof port.fd !== 'number') throw canceled();
    try {
      const { bytesRead } = await readAsync(port.fd, buffer, offset, length, null);
      if (bytesRead > 0) return { buffer, bytesRead };
      throw new Error('the far side hung up');
    } catch (error) {
      // Closed meanwhile, and the number may be another file's by now.
      if (!port.isOpen) throw canceled();
      if (!NOT_YET.has(codeOf(error))) throw error;
    }
    await readable(port);
  }
}

function readable({ poller }: Opened): Promise<void> {
  return new Promise((resolve, reject) => {
    poller?.once('readable', (error) => (error === null ? resolve() : reject(error)));
  });
}

/** The driver's stream knows by this that it was its own close that ended the read. */
function canceled(): Error {
  return Object.assign(new Error('the port is not open'), { canceled: true });
}
