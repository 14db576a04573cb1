import type { SerialPort } from 'serialport';
import { shown } from '../core/text.ts';
import { bounded, type Wait } from '../core/wait.ts';
import type { ByteLink, ModemLines, Port } from '../link/link.ts';
import { loadOptional } from './optional.ts';
import { openError, settingError } from './serial-errors.ts';
import { endingAtHangUp } from './serial-hang-up.ts';
import { StreamLink } from './stream-link.ts';

/** Which serial port, and how it is set; always 8 data bits, no parity, 1 stop bit. */
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
  const { baudRate, rtscts = false } = options;
  const path = process.platform === 'win32' ? windowsPath(options.path) : options.path;
  return {
    kind: 'bytes',
    name: `${shown(path)} at ${baudRate} baud`,
    async open(wait: Wait): Promise<ByteLink> {
      const driver = await bounded(loadSerialPort(), wait, 'the serial driver');
      const binding = endingAtHangUp(driver.SerialPort.binding);
      const settings = { path, baudRate, rtscts, hupcl: false, autoOpen: false, binding };
      const port = new driver.SerialPort(settings);
      const link = new SerialLink(port, shown(path));
      const opening = new Promise<void>((resolve, reject) => {
        port.open((error) => (error ? reject(openError(path, error, process.platform)) : resolve()));
      });
      try {
        await bounded(opening, wait, `the port ${shown(path)} to open`);
      } catch (error) {
        // Opens late, for nobody: let go of it.
        opening.then(
          () => link.close(),
          () => {},
        );
        throw error;
      }
      return link;
    },
  };
}

/** The driver puts `\\.\` before the name itself, without which COM10 and above do not open. */
export const windowsPath = (path: string): string =>
  /^(?:\\\\\.\\)?(com[0-9]+):?$/i.exec(path)?.[1]?.toUpperCase() ?? path;

class SerialLink extends StreamLink {
  readonly #port: SerialPort;
  readonly #name: string;
  /** The driver sets both lines at a time; systems assert both when a port is opened. */
  #lines: Required<ModemLines> = { dtr: true, rts: true };

  constructor(port: SerialPort, name: string) {
    super(
      port,
      name,
      () =>
        new Promise<void>((resolve) => {
          // Its one error is that the port is not open, which is what was wanted.
          port.close(() => resolve());
        }),
    );
    this.#port = port;
    this.#name = name;
  }

  async setLines(lines: ModemLines, wait: Wait): Promise<void> {
    const next = { ...this.#lines, ...lines };
    await this.#call('lines', wait, (done) => this.#port.set(next, done));
    this.#lines = next;
  }

  async setBaud(baudRate: number, wait: Wait): Promise<void> {
    await this.#call('baud rate', wait, (done) => this.#port.drain(done));
    await this.#call('baud rate', wait, (done) => this.#port.update({ baudRate }, done));
  }

  #call(
    what: string,
    wait: Wait,
    act: (done: (error: Error | null | undefined) => void) => void,
  ): Promise<void> {
    return this.whileOpen(
      (stop, done) => act((error) => (error ? stop(settingError(this.#name, what, error)) : done())),
      wait,
      `${what} to be set`,
    );
  }
}
