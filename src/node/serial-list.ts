import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DfuError } from '../core/errors.ts';
import { codeOf } from './files.ts';
import { loadSerialPort } from './serial.ts';

/** A serial port of this machine; what its driver or its USB device tells. */
export interface SerialPortInfo {
  path: string;
  /** Four hex digits. */
  vendorId?: string;
  productId?: string;
  vendor?: string;
  product?: string;
  serialNumber?: string;
  /** The USB socket, as the system names it: `1-1.4`. */
  location?: string;
  /** Of an adapter with several ports, two hex digits. */
  interfaceNumber?: string;
}

/**
 * All serial ports, by path. Throws `link.driver-missing` where the system has to be asked through
 * `serialport`, `link.failed`.
 */
export async function listSerialPorts(): Promise<SerialPortInfo[]> {
  const ports = process.platform === 'linux' ? await listOfSysfs('/sys/class/tty') : await listOfDriver();
  return ports.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Linux keeps all of it in files: no helper program is needed, and product names come along. `root` is
 * `/sys/class/tty`, except in tests.
 */
export async function listOfSysfs(root: string): Promise<SerialPortInfo[]> {
  const names = await readdir(root).catch(noneOf<string[]>([], root));
  const ports = await Promise.all(names.map((name) => describeTty(root, name)));
  return ports.filter((port) => port !== undefined);
}

/** What is not there is `none`; what can not be looked at is an error, not an empty list. */
function noneOf<T>(none: T, path: string): (cause: unknown) => T {
  return (cause) => {
    if (codeOf(cause) === 'ENOENT') return none;
    throw new DfuError('link.failed', `the serial ports can not be listed: ${path} (${codeOf(cause)})`, {
      cure: 'Name the port with --port; check that you may read /sys.',
      cause,
    });
  };
}

async function describeTty(root: string, name: string): Promise<SerialPortInfo | undefined> {
  // Consoles and pseudo-terminals have no device behind them.
  const link = join(root, name, 'device');
  const device = await realpath(link).catch(noneOf(undefined, link));
  if (device === undefined) return undefined;
  // The kernel makes ttyS0 to ttyS31 whether there is hardware or not; type 0 says that there is none.
  if ((await line(join(root, name, 'type'))) === '0') return undefined;
  const port: SerialPortInfo = { path: `/dev/${name}` };
  for (let folder = device; folder !== dirname(folder); folder = dirname(folder)) {
    Object.assign(port, await only('interfaceNumber', join(folder, 'bInterfaceNumber')));
    const vendorId = await line(join(folder, 'idVendor'));
    if (vendorId === undefined) continue;
    return {
      ...port,
      vendorId,
      ...(await only('productId', join(folder, 'idProduct'))),
      ...(await only('vendor', join(folder, 'manufacturer'))),
      ...(await only('product', join(folder, 'product'))),
      ...(await only('serialNumber', join(folder, 'serial'))),
      location: basename(folder),
    };
  }
  return port;
}

async function only<K extends string>(key: K, file: string): Promise<Partial<Record<K, string>>> {
  const value = await line(file);
  return value === undefined || value === '' ? {} : ({ [key]: value } as Record<K, string>);
}

/** What a file of the kernel says; `undefined` where there is no such file. */
async function line(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}

async function listOfDriver(): Promise<SerialPortInfo[]> {
  const { SerialPort } = await loadSerialPort();
  return (await SerialPort.list()).map((port) => {
    // Windows tells a name for people, which the types do not know.
    const name = (port as { friendlyName?: string }).friendlyName;
    return {
      path: callOutPath(port.path),
      ...(port.vendorId && { vendorId: port.vendorId.toLowerCase() }),
      ...(port.productId && { productId: port.productId.toLowerCase() }),
      ...(port.manufacturer && { vendor: port.manufacturer }),
      ...(name && { product: name }),
      ...(port.serialNumber && { serialNumber: port.serialNumber }),
      ...(port.locationId && { location: port.locationId }),
    };
  });
}

/** macOS has two names for each port; that with `tty.` is for calls that come in, and waits for a carrier. */
const callOutPath = (path: string): string => path.replace(/^\/dev\/tty\./, '/dev/cu.');
