import { DfuError, type ErrorCode } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { bounded, type Wait } from '../core/wait.ts';
import type { ByteLink, Port } from '../link/link.ts';
import { loadOptional } from './optional.ts';
import { StreamLink } from './stream-link.ts';

export interface SerialPortOptions {
  /** `/dev/ttyUSB0`, `COM3`. */
  path: string;
  baudRate: number;
  /** Flow control by RTS and CTS; both ends must agree. Default: none. */
  rtscts?: boolean;
}

const CURE = 'Run npm install serialport beside dfukit, or use a serial bridge: --port tcp://host:port.';

/** `serialport`, loaded when it is needed. Throws `link.driver-missing`. */
export const loadSerialPort = () => loadOptional('serialport', () => import('serialport'), CURE);

/**
 * A serial port, 8 data bits, no parity, 1 stop bit. Modem lines are left alone as far as the system lets us: many
 * boards reset on DTR. Opening throws `link.driver-missing`, `link.not-found`, `link.busy`, `link.forbidden`,
 * `link.unsupported` (something that is no serial port), `link.failed`.
 */
export function serialPort(options: SerialPortOptions): Port<ByteLink> {
  const { path, baudRate, rtscts = false } = options;
  const name = `${shown(path)} at ${baudRate} baud`;
  return {
    kind: 'bytes',
    name,
    async open(wait: Wait): Promise<ByteLink> {
      const { SerialPort } = await bounded(loadSerialPort(), wait, 'the serial driver');
      const port = new SerialPort({ path, baudRate, rtscts, hupcl: false, autoOpen: false });
      const close = () =>
        new Promise<void>((resolve) => {
          // Its one error is that the port is not open, which is what was wanted.
          port.close(() => resolve());
        });
      const link = new StreamLink(port, shown(path), close);
      const opening = new Promise<void>((resolve, reject) => {
        port.open((error) => (error ? reject(openError(path, error, process.platform)) : resolve()));
      });
      try {
        await bounded(opening, wait, `the port ${shown(path)} to open`);
      } catch (error) {
        // Opens late, for nobody: let go of it.
        opening.then(close, () => {});
        throw error;
      }
      return link;
    },
  };
}

/** What the driver's message means. It has no codes; the words are those of the systems. */
export function openError(path: string, cause: Error, platform: string): DfuError {
  const [code, what] = reasonOf(cause.message, platform);
  const group = platform === 'win32' ? undefined : CURES[code];
  return new DfuError(code, `${shown(path)} ${what}: ${shown(cause.message)}`, {
    facts: { port: shown(path) },
    ...(group === undefined ? {} : { cure: group }),
    cause,
  });
}

function reasonOf(message: string, platform: string): [ErrorCode, string] {
  if (/no such file|file not found|ENOENT|no such device|ENXIO/i.test(message)) {
    return ['link.not-found', 'does not exist'];
  }
  // Windows says "access denied" of a port that another program has open.
  if (platform === 'win32' && /access denied/i.test(message)) return ['link.busy', 'is in use'];
  if (/cannot lock port|temporarily unavailable|resource busy|EBUSY|EAGAIN/i.test(message)) {
    return ['link.busy', 'is in use'];
  }
  if (/permission denied|access denied|EACCES|EPERM/i.test(message)) {
    return ['link.forbidden', 'may not be opened by you'];
  }
  // What a file or /dev/null says to being set like a serial port.
  if (/inappropriate ioctl|not a typewriter|ENOTTY|is a directory|EISDIR/i.test(message)) {
    return ['link.unsupported', 'is no serial port'];
  }
  return ['link.failed', 'can not be opened'];
}

const CURES: Partial<Record<ErrorCode, string>> = {
  'link.busy': 'Close the program that has it open; `fuser -v` or `lsof` with the name of the port names it.',
};
