import { realpath } from 'node:fs/promises';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { fitsFilter, type PortFilter } from '../../node/found-port.ts';
import { listSerialPorts, type SerialPortInfo } from '../../node/serial-list.ts';
import { parseTcpUrl, showAddress } from '../../node/tcp.ts';
import type { Io } from '../io.ts';
import { choosePort, type DeviceOptions } from './device-options.ts';
import type { DeviceTarget } from './one-device.ts';
import { makePort, readFilter, withoutFilter } from './port-options.ts';

/** Each has a port, timers and a few kilobytes; beyond this a second process is the better answer. */
const MAX_DEVICES = 64;

/** The options by which several devices are named. */
export interface DevicesOptions extends Omit<DeviceOptions, 'port'> {
  port?: string[];
  all?: boolean;
}

/** Whether several devices were asked for, or may be: several ports, or all of them. */
export function asksForSeveral({ port = [], all }: DevicesOptions): boolean {
  return all === true || port.length > 1;
}

/** The options of the one port, or of none. */
export function singlePort({ port, all: _, ...rest }: DevicesOptions): DeviceOptions {
  const [path] = port ?? [];
  return { ...rest, ...(path === undefined ? {} : { port: path }) };
}

/**
 * The ports that were named, or with `--all` those there are; none is opened.
 * Throws `usage.invalid`, and `link.not-found` where there is none.
 */
export async function chooseTargets(io: Io, options: DevicesOptions): Promise<DeviceTarget[]> {
  if (options.all && options.port !== undefined) {
    throw new DfuError('usage.invalid', '--all and --port exclude each other');
  }
  const labels = options.all ? await allPorts(readFilter(options)) : (options.port ?? []);
  if (labels.length > MAX_DEVICES) {
    throw new DfuError(
      'usage.invalid',
      `${labels.length} ports are more than the ${MAX_DEVICES} of one call`,
      {
        cure: 'Name some with --port, the others in a second call beside it.',
      },
    );
  }
  await assertDistinct(labels);
  const { all, port: _, ...others } = options;
  // The filters have chosen among all ports already.
  const rest = all ? withoutFilter(others) : others;
  const targets: DeviceTarget[] = [];
  for (const label of labels) {
    targets.push({ label, port: await choosePort(io, { ...rest, port: label }), clock: io.clock });
  }
  return targets;
}

/** The port that is meant where one is enough, or several that were named. Throws `usage.invalid`. */
export async function chooseOneOrMore(io: Io, options: DevicesOptions): Promise<DeviceTarget[]> {
  if (asksForSeveral(options)) return chooseTargets(io, options);
  const one = singlePort(options);
  const port = await choosePort(io, one);
  return [{ label: one.port ?? port.name, port, clock: io.clock }];
}

/** The ports of this machine that the filters leave. Throws `usage.invalid`, and what listing throws. */
export async function listPorts(options: DevicesOptions): Promise<SerialPortInfo[]> {
  const filter = readFilter(options);
  return (await listSerialPorts()).filter((port) => fitsFilter(port, filter));
}

/** A port that `listPorts` has found. */
export function targetAt(io: Io, path: string, options: DevicesOptions): DeviceTarget {
  return { label: path, port: makePort(io, path, withoutFilter(options)), clock: io.clock };
}

async function allPorts(filter: PortFilter): Promise<string[]> {
  const ports = (await listSerialPorts()).filter((port) => fitsFilter(port, filter));
  const which = Object.keys(filter).length === 0 ? '' : ' that fits';
  if (ports.length === 0) throw new DfuError('link.not-found', `this machine has no serial port${which}`);
  return ports.map(({ path }) => path);
}

/** Two names of one port would make two runs fight for one device. */
async function assertDistinct(labels: readonly string[]): Promise<void> {
  const names = new Map<string, string>();
  for (const label of labels) {
    // A port that is not there, and a host, are known by their names alone.
    const path = addressOf(label) ?? (await realpath(label).catch(() => label));
    const other = names.get(path);
    if (other !== undefined) {
      const which = other === label ? 'is given twice' : `and ${shown(other)} are the same port`;
      throw new DfuError('usage.invalid', `--port ${shown(label)} ${which}`);
    }
    names.set(path, label);
  }
}

/** Host and port of a bridge, in one form for all its spellings, whatever is spoken there. Throws `usage.invalid`. */
function addressOf(label: string): string | undefined {
  const scheme = (['tcp', 'rfc2217'] as const).find((one) => label.startsWith(`${one}://`));
  return scheme && `//${showAddress(parseTcpUrl(label, scheme)).toLowerCase()}`;
}
