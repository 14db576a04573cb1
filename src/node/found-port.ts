import { DfuError } from '../core/errors.ts';
import { counted, shown } from '../core/text.ts';
import { bounded, type Wait } from '../core/wait.ts';
import type { ByteLink, Port } from '../link/link.ts';
import type { SerialPortInfo } from './serial-list.ts';

/** What is known of the port that is meant; each narrows it down. */
export interface PortFilter {
  /** Four hex digits, lower-case. */
  vendorId?: string;
  productId?: string;
  serialNumber?: string;
}

export interface PortFinder {
  list(): Promise<SerialPortInfo[]>;
  open(path: string): Port<ByteLink>;
}

/**
 * The one USB serial port that the filter fits, looked for when it is opened; when it is opened again, the same adapter,
 * under whatever name it has then. Opening throws `link.not-found`, `link.ambiguous`, and what listing and the port throw.
 */
export function foundPort(filter: PortFilter, finder: PortFinder): Port<ByteLink> {
  return new FoundPort('auto', finder, (ports) => theOne(ports, filter));
}

/** The port of that name; when it is opened again, the same adapter, under whatever name it has then. */
export function namedPort(path: string, finder: PortFinder): Port<ByteLink> {
  return new FoundPort(path, finder, undefined);
}

class FoundPort implements Port<ByteLink> {
  readonly kind = 'bytes';
  readonly #finder: PortFinder;
  readonly #choose: ((ports: readonly SerialPortInfo[]) => SerialPortInfo) | undefined;
  #port: Port<ByteLink> | undefined;
  #name: string;
  /** The adapter, once it was open; a port that is on no USB keeps its name. */
  #known: Promise<SerialPortInfo | undefined> | undefined;

  constructor(
    name: string,
    finder: PortFinder,
    choose: ((ports: readonly SerialPortInfo[]) => SerialPortInfo) | undefined,
  ) {
    this.#name = name;
    this.#finder = finder;
    this.#choose = choose;
    if (choose === undefined) this.#port = finder.open(name);
  }

  get name(): string {
    return this.#port?.name ?? this.#name;
  }

  async open(wait: Wait): Promise<ByteLink> {
    const known = await (this.#known && bounded(this.#known, wait, 'list of serial ports'));
    if (known !== undefined) return this.#use(returned(await this.#list(wait), known), wait);
    if (this.#choose === undefined) return this.#use(undefined, wait);
    return this.#use(this.#choose(await this.#list(wait)), wait);
  }

  #list(wait: Wait): Promise<SerialPortInfo[]> {
    return bounded(this.#finder.list(), wait, 'list of serial ports');
  }

  async #use(info: SerialPortInfo | undefined, wait: Wait): Promise<ByteLink> {
    if (info !== undefined && info.path !== this.#name) {
      this.#name = info.path;
      this.#port = this.#finder.open(info.path);
    }
    if (this.#port === undefined) throw new Error('no port was chosen');
    const link = await this.#port.open(wait);
    this.#known ??= info === undefined ? this.#lookUp() : Promise.resolve(info);
    return link;
  }

  /** Beside the work with the open port. */
  async #lookUp(): Promise<SerialPortInfo | undefined> {
    try {
      const info = (await this.#finder.list()).find(({ path }) => path === this.#name);
      return info?.vendorId === undefined ? undefined : info;
    } catch (error) {
      if (!(error instanceof DfuError)) throw error;
      // Where ports can not be listed, the name is all there is.
      return undefined;
    }
  }
}

/** Throws `link.not-found`, `link.ambiguous`; both name what is there. */
function theOne(ports: readonly SerialPortInfo[], filter: PortFilter): SerialPortInfo {
  const usb = ports.filter(({ vendorId }) => vendorId !== undefined);
  const fitting = usb.filter((port) => fitsFilter(port, filter));
  const [one, another] = fitting;
  if (one !== undefined && another === undefined) return one;
  const wanted = describeFilter(filter);
  if (one === undefined) {
    throw new DfuError('link.not-found', `there is no USB serial port${wanted}; ${listOf(usb)}`, {
      facts: { port: 'auto', candidates: 0 },
      cure: 'Plug the adapter in, wait for it (longer) with --wait, or name the port with --port.',
    });
  }
  throw new DfuError(
    'link.ambiguous',
    `there are ${counted(fitting.length, 'USB serial port')}${wanted}:${lines(fitting)}`,
    { facts: { port: 'auto', candidates: fitting.length } },
  );
}

/** Whether the port is one of those meant. */
export const fitsFilter = (port: SerialPortInfo, filter: PortFilter): boolean =>
  (filter.vendorId === undefined || port.vendorId?.toLowerCase() === filter.vendorId) &&
  (filter.productId === undefined || port.productId?.toLowerCase() === filter.productId) &&
  (filter.serialNumber === undefined || port.serialNumber === filter.serialNumber);

/**
 * The same adapter among those that are there now: by its serial number; else at the same socket, since a device that
 * restarts as something else has other ids there; else by its ids, where nothing better is known of it.
 * Throws `link.not-found`.
 */
function returned(ports: readonly SerialPortInfo[], known: SerialPortInfo): SerialPortInfo {
  const alike = ports.filter(({ interfaceNumber }) => interfaceNumber === known.interfaceNumber);
  const here = (port: SerialPortInfo) => known.location !== undefined && port.location === known.location;
  const sameNumber = alike.filter(
    ({ vendorId, serialNumber }) =>
      known.serialNumber !== undefined && vendorId === known.vendorId && serialNumber === known.serialNumber,
  );
  const sameIds = alike.filter(
    ({ vendorId, productId }) =>
      known.serialNumber === undefined &&
      known.location === undefined &&
      vendorId === known.vendorId &&
      productId === known.productId,
  );
  // Some makers give all their adapters one serial number: then the socket tells which it is.
  const found = only(sameNumber) ?? alike.find(here) ?? only(sameIds);
  if (found !== undefined) return found;
  throw new DfuError('link.not-found', `the adapter that was ${describePort(known)} has not come back`, {
    facts: { port: known.path },
    cure: 'Check its cable and power, plug it in again, and run the command again.',
  });
}

function only<T>([one, ...others]: readonly T[]): T | undefined {
  return others.length === 0 ? one : undefined;
}

function describeFilter({ vendorId, productId, serialNumber }: PortFilter): string {
  const words = [
    ...(vendorId === undefined ? [] : [`vendor ${vendorId}`]),
    ...(productId === undefined ? [] : [`product ${productId}`]),
    ...(serialNumber === undefined ? [] : [`serial number ${shown(serialNumber)}`]),
  ];
  return words.length === 0 ? '' : ` with ${words.join(', ')}`;
}

const listOf = (ports: readonly SerialPortInfo[]): string =>
  ports.length === 0 ? 'this machine has none' : `this machine has:${lines(ports)}`;

const lines = (ports: readonly SerialPortInfo[]): string =>
  ports.map((port) => `\n    ${describePort(port)}`).join('');

/** One line: path, ids, vendor, product, serial number, as far as they are told. */
export function describePort(port: SerialPortInfo): string {
  const ids = port.vendorId === undefined ? undefined : `${port.vendorId}:${port.productId ?? '????'}`;
  const serial = port.serialNumber === undefined ? undefined : `serial number ${port.serialNumber}`;
  return [port.path, ids, port.vendor, port.product, serial]
    .flatMap((part) => (part === undefined ? [] : [shown(part)]))
    .join('  ');
}
