import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { awaitedPort } from '../../link/awaited-port.ts';
import type { ByteLink, Port } from '../../link/link.ts';
import { rfc2217Port } from '../../link/rfc2217.ts';
import { twoRates } from '../../link/two-rates.ts';
import { foundPort, namedPort, type PortFilter, type PortFinder } from '../../node/found-port.ts';
import { serialPort } from '../../node/serial.ts';
import { listSerialPorts } from '../../node/serial-list.ts';
import { parseTcpUrl, showAddress, type TcpAddress, tcpPort } from '../../node/tcp.ts';
import { environmentValue, type Io } from '../io.ts';
import { parseNumber } from '../options.ts';

/** What is said of a port besides its name. */
export interface PortOptions {
  baud?: string;
  appBaud?: string;
  rtscts?: boolean;
  vid?: string;
  pid?: string;
  serialNumber?: string;
  wait?: string;
}

/** The name for the one USB serial port that the filters leave. */
export const AUTO = 'auto';

const DEFAULT_BAUD_RATE = 115_200;
const MAX_BAUD_RATE = 10_000_000;
const MAX_WAIT_SECONDS = 86_400;

/** Whether the options choose among ports, so that none need be named. */
export const choosesAmongPorts = ({ vid, pid, serialNumber }: PortOptions): boolean =>
  vid !== undefined || pid !== undefined || serialNumber !== undefined;

/** The options without those. */
export function withoutFilter<T extends PortOptions>({
  vid: _,
  pid: __,
  serialNumber: ___,
  ...others
}: T): Omit<T, 'vid' | 'pid' | 'serialNumber'> {
  return others;
}

/** Looks at what is said of ports, also where none is named yet. Throws `usage.invalid`. */
export function assertPortOptions(io: Io, options: PortOptions): void {
  readSettings(io, options);
  readFilter(options);
}

/** The port of that name, with all that is said of it; it is not opened. Throws `usage.invalid`. */
export function makePort(io: Io, path: string, options: PortOptions): Port<ByteLink> {
  if (path === '') throw new DfuError('usage.invalid', '--port is empty');
  const settings = readSettings(io, options);
  const filter = readFilter(options);
  if (path !== AUTO && choosesAmongPorts(options)) {
    throw new DfuError('usage.invalid', '--vid, --pid and --serial-number choose a port; one is named', {
      cure: 'Leave out --port, or name auto.',
    });
  }
  const { baudRate, appBaudRate = baudRate, waitMs } = settings;
  const port = basePort(path, options, filter, settings);
  const rated =
    appBaudRate === baudRate ? port : twoRates(port, { bootloader: baudRate, application: appBaudRate });
  return awaitedPort(rated, waitMs);
}

interface Settings {
  baudRate: number;
  appBaudRate: number | undefined;
  rtscts: boolean;
  waitMs: number;
}

function basePort(
  path: string,
  options: PortOptions,
  filter: PortFilter,
  settings: Settings,
): Port<ByteLink> {
  const { baudRate, rtscts } = settings;
  const scheme = /^([a-z0-9]+):\/\//.exec(path)?.[1];
  if (scheme === undefined) {
    const finder: PortFinder = {
      list: listSerialPorts,
      open: (found) => serialPort({ path: found, baudRate, rtscts }),
    };
    return path === AUTO ? foundPort(filter, finder) : namedPort(path, finder);
  }
  if (scheme === 'rfc2217') {
    const address = parseTcpUrl(path, scheme);
    return rfc2217Port(tcpPort(address), urlOf(scheme, address), { baudRate, rtscts });
  }
  const address = parseTcpUrl(path);
  if (options.baud !== undefined || options.appBaud !== undefined || rtscts) {
    throw new DfuError(
      'usage.invalid',
      'baud rate and flow control of a serial bridge are set at the bridge',
      {
        cure: 'Leave out --baud, --app-baud and --rtscts with tcp://, or use a bridge that speaks RFC 2217: rfc2217://.',
      },
    );
  }
  return tcpPort(address);
}

const urlOf = (scheme: string, address: TcpAddress): string => `${scheme}://${shown(showAddress(address))}`;

function readSettings(io: Io, { baud, appBaud, rtscts, wait }: PortOptions): Settings {
  return {
    baudRate: readBaudRate(io, baud),
    appBaudRate: appBaud === undefined ? undefined : parseNumber('--app-baud', appBaud, 1, MAX_BAUD_RATE),
    rtscts: rtscts === true,
    waitMs: wait === undefined ? 0 : parseNumber('--wait', wait, 1, MAX_WAIT_SECONDS) * 1000,
  };
}

function readBaudRate(io: Io, baud: string | undefined): number {
  if (baud !== undefined) return parseNumber('--baud', baud, 1, MAX_BAUD_RATE);
  const fromEnvironment = environmentValue(io, 'DFUKIT_BAUD');
  return fromEnvironment === undefined
    ? DEFAULT_BAUD_RATE
    : parseNumber('DFUKIT_BAUD', fromEnvironment, 1, MAX_BAUD_RATE);
}

/** Which of the ports are meant. Throws `usage.invalid`. */
export function readFilter({ vid, pid, serialNumber }: PortOptions): PortFilter {
  if (serialNumber === '') throw new DfuError('usage.invalid', '--serial-number is empty');
  return {
    ...(vid === undefined ? {} : { vendorId: parseUsbId('--vid', vid) }),
    ...(pid === undefined ? {} : { productId: parseUsbId('--pid', pid) }),
    ...(serialNumber === undefined ? {} : { serialNumber }),
  };
}

function parseUsbId(option: string, text: string): string {
  const digits = /^(?:0x)?([0-9a-f]{1,4})$/i.exec(text)?.[1];
  if (digits !== undefined) return digits.toLowerCase().padStart(4, '0');
  throw new DfuError('usage.invalid', `${option} takes up to four hex digits, as 10c4, not "${shown(text)}"`);
}
