import { DfuError } from '../../core/errors.ts';
import { counted, shown } from '../../core/text.ts';
import type { Entry, Protocol } from '../../flash/protocol.ts';
import { findProtocol, PROTOCOL_NAMES } from '../../flash/registry.ts';
import { parseResetSequence, type ResetSequence } from '../../flash/reset-sequence.ts';
import type { ByteLink, Port } from '../../link/link.ts';
import { describePort } from '../../node/found-port.ts';
import { listSerialPorts } from '../../node/serial-list.ts';
import { environmentValue, type Io } from '../io.ts';
import { AUTO, assertPortOptions, choosesAmongPorts, makePort, type PortOptions } from './port-options.ts';

/** The options by which upload and identify name a device. */
export interface DeviceOptions extends PortOptions {
  port?: string;
  protocol?: string;
  reset?: string;
}

/** The port the operator means; it is not opened. Throws `usage.invalid`, with the ports there are when none is named. */
export async function choosePort(io: Io, options: DeviceOptions): Promise<Port<ByteLink>> {
  const port = choosePortIfNamed(io, options);
  if (port === undefined) throw await noPort();
  return port;
}

/** The same; `undefined` when none is named. */
export function choosePortIfNamed(io: Io, options: DeviceOptions): Port<ByteLink> | undefined {
  const path = options.port ?? (choosesAmongPorts(options) ? AUTO : environmentValue(io, 'DFUKIT_PORT'));
  if (path === undefined) {
    assertPortOptions(io, options);
    return undefined;
  }
  if (options.reset !== undefined && path.startsWith('tcp://')) {
    throw new DfuError('usage.invalid', 'a raw TCP connection carries no modem lines for --reset', {
      cure: 'Use a bridge that speaks RFC 2217, rfc2217://, or bring the device into its bootloader by hand: --entry manual.',
    });
  }
  if (options.rtscts && setsRts(options.reset)) {
    throw new DfuError('usage.invalid', '--rtscts and a --reset that sets RTS exclude each other', {
      cure: 'With flow control the system sets RTS; leave out --rtscts unless the bootloader was built with it.',
    });
  }
  return makePort(io, path, options);
}

function setsRts(reset: string | undefined): boolean {
  return reset !== undefined && parseResetSequence(reset).steps.some(({ lines }) => lines.rts !== undefined);
}

/** For what has no port: throws `usage.invalid` where something is said of one. */
export function assertNoPort(options: DeviceOptions, other: string): void {
  const said = {
    '--port': options.port,
    '--vid': options.vid,
    '--pid': options.pid,
    '--serial-number': options.serialNumber,
    '--wait': options.wait,
    '--baud': options.baud,
    '--app-baud': options.appBaud,
    '--rtscts': options.rtscts,
    '--reset': options.reset,
  };
  for (const [option, value] of Object.entries(said)) {
    if (value === undefined) continue;
    throw new DfuError('usage.invalid', `${option} and ${other} exclude each other`);
  }
}

/** The reset sequence, if one is given. Throws `usage.invalid`, also where `entry` asks somebody else. */
export function chooseReset(reset: string | undefined, entry: Entry): ResetSequence | undefined {
  if (reset === undefined) return undefined;
  if (entry === 'bgapi' || entry === 'manual') {
    throw new DfuError('usage.invalid', `--reset and --entry ${entry} exclude each other`, {
      cure: 'With --reset use --entry auto, or none where the sequence alone leads into the bootloader.',
    });
  }
  return parseResetSequence(reset);
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
