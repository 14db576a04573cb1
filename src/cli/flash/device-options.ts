import { DfuError } from '../../core/errors.ts';
import { counted, shown } from '../../core/text.ts';
import type { Protocol } from '../../flash/protocol.ts';
import { findProtocol, PROTOCOL_NAMES } from '../../flash/registry.ts';
import type { ByteLink, Port } from '../../link/link.ts';
import { serialPort } from '../../node/serial.ts';
import { listSerialPorts, type SerialPortInfo } from '../../node/serial-list.ts';
import { parseTcpUrl, tcpPort } from '../../node/tcp.ts';
import { environmentValue, type Io } from '../io.ts';
import { parseNumber } from '../options.ts';

/** The options by which upload and identify name a device. */
export interface DeviceOptions {
  port?: string;
  baud?: string;
  rtscts?: boolean;
  protocol?: string;
}

const DEFAULT_BAUD_RATE = 115_200;
const MAX_BAUD_RATE = 10_000_000;

/** The port the operator means; it is not opened. Throws `usage.invalid`, with the ports there are when none is named. */
export async function choosePort(io: Io, options: DeviceOptions): Promise<Port<ByteLink>> {
  const port = choosePortIfNamed(io, options);
  if (port === undefined) throw await noPort();
  return port;
}

/** The same; `undefined` when none is named. */
export function choosePortIfNamed(io: Io, options: DeviceOptions): Port<ByteLink> | undefined {
  const path = options.port ?? environmentValue(io, 'DFUKIT_PORT');
  const baudRate = chooseBaudRate(io, options);
  if (path === undefined) return undefined;
  if (path === '') throw new DfuError('usage.invalid', '--port is empty');
  if (!/^[a-z]+:\/\//.test(path)) {
    return serialPort({ path, baudRate, rtscts: options.rtscts === true });
  }
  const address = parseTcpUrl(path);
  if (options.baud !== undefined || options.rtscts) {
    throw new DfuError(
      'usage.invalid',
      'baud rate and flow control of a serial bridge are set at the bridge',
      {
        cure: 'Leave out --baud and --rtscts with tcp://.',
      },
    );
  }
  return tcpPort(address);
}

/** For what has no port: throws `usage.invalid` where something is said of one. */
export function assertNoPort({ port, baud, rtscts }: DeviceOptions, other: string): void {
  for (const [option, value] of Object.entries({ '--port': port, '--baud': baud, '--rtscts': rtscts })) {
    if (value === undefined) continue;
    throw new DfuError('usage.invalid', `${option} and ${other} exclude each other`);
  }
}

/** The protocol the operator means. Throws `usage.invalid`. */
export function chooseProtocol(io: Io, options: DeviceOptions): Protocol<ByteLink> {
  const [source, name] =
    options.protocol !== undefined
      ? ['--protocol', options.protocol]
      : ['DFUKIT_PROTOCOL', environmentValue(io, 'DFUKIT_PROTOCOL') ?? 'auto'];
  const protocol = findProtocol(name);
  if (protocol !== undefined) return protocol;
  throw new DfuError(
    'usage.invalid',
    `${source} takes auto, ${PROTOCOL_NAMES.join(', ')}, not "${shown(name)}"`,
  );
}

function chooseBaudRate(io: Io, { baud }: DeviceOptions): number {
  if (baud !== undefined) return parseNumber('--baud', baud, 1, MAX_BAUD_RATE);
  const fromEnvironment = environmentValue(io, 'DFUKIT_BAUD');
  return fromEnvironment === undefined
    ? DEFAULT_BAUD_RATE
    : parseNumber('DFUKIT_BAUD', fromEnvironment, 1, MAX_BAUD_RATE);
}

async function noPort(): Promise<DfuError> {
  const ports = await listSerialPorts();
  const there =
    ports.length === 0
      ? 'this machine has no serial ports'
      : `this machine has ${counted(ports.length, 'serial port')}:${ports.map((port) => `\n    ${describePort(port)}`).join('')}`;
  return new DfuError('usage.invalid', `no port is given; ${there}`, {
    cure: 'Name one with --port, or try it on a virtual device with --simulate gecko.',
  });
}

/** One line: path, ids, vendor, product, serial number, as far as they are told. */
export function describePort(port: SerialPortInfo): string {
  const ids = port.vendorId === undefined ? undefined : `${port.vendorId}:${port.productId ?? '????'}`;
  const serial = port.serialNumber === undefined ? undefined : `serial number ${port.serialNumber}`;
  return [port.path, ids, port.vendor, port.product, serial]
    .flatMap((part) => (part === undefined ? [] : [shown(part)]))
    .join('  ');
}
