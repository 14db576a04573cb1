import { lstat, readlink, symlink, unlink } from 'node:fs/promises';
import type { Bytes } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import type { Part } from '../../images/parts.ts';
import type { FarEnd } from '../../node/far-end.ts';
import { codeOf } from '../../node/files.ts';
import { openPseudoTerminal } from '../../node/pty.ts';
import { parseListenAddress } from '../../node/tcp.ts';
import { listenTcp } from '../../node/tcp-listener.ts';
import {
  APPLICATION_KINDS,
  BLE1XX_APPLICATION_KINDS,
  type Ble1xxDevice,
  createBle1xxDevice,
  createGeckoDevice,
  type GeckoDevice,
  Wire,
} from '../../sim/index.ts';
import { type Io, pathOf } from '../io.ts';
import { parseChoice, parseNumber } from '../options.ts';
import { printJson } from '../program.ts';
import { FlashFile, readFlashFile } from './flash-file.ts';
import { bootloaderOf, parseSimulatedDevice, type SimulatedDevice, simulatedPart } from './simulated-port.ts';

export interface SimulateOptions {
  /** `true` without a link. */
  pty?: string | true;
  /** `true` without an address. */
  tcp?: string | true;
  baud?: string;
  flashFile?: string;
  app?: string;
  part?: string;
  bootloader?: string;
  json?: boolean;
}

const MAX_BAUD_RATE = 10_000_000;
const LOOPBACK = '127.0.0.1';
const ANY_PORT = '0';
const DEFAULT_APP = 'bgapi';

/** dfu-flash simulate: a virtual device for other programs, until Ctrl-C. */
export async function simulate(io: Io, name: string, options: SimulateOptions): Promise<number> {
  const kind = parseSimulatedDevice('device', name);
  const make = await readDevice(io, kind, options);
  const baudRate =
    options.baud === undefined ? undefined : parseNumber('--baud', options.baud, 1, MAX_BAUD_RATE);
  const wire = await openWire(options);
  try {
    const unlinkWire = await linkTo(io, wire, options.pty);
    try {
      // Made when there is somebody to hear it: a blank device tells its start at once.
      const { device, part } = make();
      connect(io, device, wire, baudRate);
      announce(io, { device: kind, part: part.name, address: linkName(options) ?? wire.address }, options);
      await runUntilInterrupt(io, device, options.flashFile);
    } finally {
      await unlinkWire();
    }
  } finally {
    await wire.close();
  }
  return 0;
}

/** At a baud rate bytes take their time, both ways at once, as on a serial line. */
function connect(io: Io, device: VirtualDevice, wire: FarEnd, baudRate: number | undefined): void {
  const direction = (deliver: (bytes: Bytes) => void): ((bytes: Bytes) => void) => {
    if (baudRate === undefined) return deliver;
    const line = new Wire({ clock: io.clock, baudRate }, deliver);
    return (bytes) => void line.carry([bytes], 0, bytes.length);
  };
  device.send = direction((bytes) => wire.send(bytes));
  wire.onReceive(direction((bytes) => device.receive(bytes)));
}

type VirtualDevice = GeckoDevice | Ble1xxDevice;

interface Made {
  device: VirtualDevice;
  part: Part;
}

/** All that can be wrong with the options is found here, before anything is opened. */
async function readDevice(io: Io, kind: SimulatedDevice, options: SimulateOptions): Promise<() => Made> {
  if (options.pty !== undefined && options.tcp !== undefined) {
    throw new DfuError('usage.invalid', '--pty and --tcp exclude each other');
  }
  const part = simulatedPart(kind, options.part);
  const layout =
    options.bootloader === undefined
      ? part.layouts[0].bootloader
      : parseChoice(
          '--bootloader',
          options.bootloader,
          part.layouts.map(({ bootloader }) => bootloader),
        );
  const flash =
    options.flashFile === undefined ? undefined : await readFlashFile(io, options.flashFile, part.flashBytes);
  const given = { clock: io.clock, part, ...(flash && { flash }) };
  if (kind === 'ble112') {
    const app = parseChoice('--app', options.app ?? DEFAULT_APP, BLE1XX_APPLICATION_KINDS);
    return () => ({ part, device: createBle1xxDevice({ ...given, app }) });
  }
  const app = parseChoice('--app', options.app ?? DEFAULT_APP, APPLICATION_KINDS);
  const bootloader = bootloaderOf(kind);
  return () => ({ part, device: createGeckoDevice({ ...given, bootloader, layout, app }) });
}

function openWire({ tcp }: SimulateOptions): Promise<FarEnd> {
  if (tcp === undefined) return openPseudoTerminal();
  return listenTcp(parseListenAddress(tcp === true ? ANY_PORT : tcp, LOOPBACK));
}

/** The first line on standard output says where the device is, so that scripts can wait for it. */
function announce(
  io: Io,
  what: { device: string; part: string; address: string },
  { json }: SimulateOptions,
): void {
  if (json) printJson(io, { formatVersion: 1, ...what });
  else io.out(`${what.address}\n`);
  io.err(`A virtual ${what.device} (${what.part}) is at ${shown(what.address)}. Ctrl-C ends it.\n`);
}

function runUntilInterrupt(io: Io, device: VirtualDevice, flashFile: string | undefined): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const file = flashFile === undefined ? undefined : new FlashFile(io, flashFile, device.flash, reject);
    const ignore = io.onInterrupt(() => {
      ignore();
      device.powerOff();
      if (file === undefined) resolve();
      else file.end().then(resolve, reject);
    });
  });
}

function linkName({ pty }: SimulateOptions): string | undefined {
  return typeof pty === 'string' ? pty : undefined;
}

/** Puts a symbolic link in place of an older one, never of anything else; gives what removes it. */
async function linkTo(io: Io, wire: FarEnd, link: string | true | undefined): Promise<() => Promise<void>> {
  if (typeof link !== 'string') return async () => {};
  const path = pathOf(io, link);
  try {
    const there = await lstat(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (there !== undefined && !there.isSymbolicLink()) {
      throw new DfuError('output.exists', `${shown(link)} exists and is no symbolic link`, {
        cure: 'Choose another name for the link.',
      });
    }
    if (there !== undefined) await unlink(path);
    await symlink(wire.address, path);
  } catch (cause) {
    if (cause instanceof DfuError) throw cause;
    throw new DfuError('output.failed', `the link ${shown(link)} can not be made (${codeOf(cause)})`, {
      cause,
    });
  }
  return async () => {
    // Unless another run has put its own link there.
    if ((await readlink(path).catch(() => undefined)) === wire.address) await unlink(path);
  };
}
