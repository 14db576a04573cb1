import { access } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { pause, within } from '../../core/wait.ts';
import type { Protocol } from '../../flash/protocol.ts';
import type { ByteLink } from '../../link/link.ts';
import type { SerialPortInfo } from '../../node/serial-list.ts';
import type { Io } from '../io.ts';
import { InputLines } from './input-lines.ts';
import type { DeviceTarget } from './one-device.ts';
import { PortWatch, type SeenPort } from './port-watch.ts';
import type { Station } from './station-loop.ts';

const LOOK_EVERY_MS = 500;
/** Between two tries to open a port that can not be opened. */
const REOPEN_MS = 1000;
/** So long one wait for a boot event lasts; then follows the next. */
const LISTEN_MS = 60_000;
/** After a flash the device restarts by itself: its boot events within this time ask for nothing. */
const OWN_RESTART_MS = 3000;

/** Serial numbers on standard input: each line starts a flash at `target`. Resolves at the end of input and at Ctrl-C. */
export function byInput(
  io: Io,
  station: Station,
  target: () => DeviceTarget,
  warn: (error: DfuError) => void,
): Promise<void> {
  const lines = new InputLines();
  let busy = false;
  const notTaken = (why: string) => warn(new DfuError('station.not-taken', why));
  return new Promise((resolve) => {
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      stopReading();
      station.stop.removeEventListener('abort', end);
      if (lines.pending) notTaken('the last line has no end and is not taken');
      resolve();
    };
    const stopReading = io.onInput((bytes) => {
      for (const { text, wrong } of lines.push(bytes)) {
        if (wrong !== undefined) notTaken(`a line ${wrong}`);
        else if (busy) notTaken(`"${shown(text)}" came while a device was being flashed: whose id is it?`);
        else {
          busy = true;
          station.serve(target(), text).then(() => {
            busy = false;
          });
        }
      }
    }, end);
    if (station.stop.aborted) end();
    else station.stop.addEventListener('abort', end);
  });
}

/** Ports that come: each is flashed once, and again when it was away. Resolves at Ctrl-C. Throws what `look` throws. */
export async function byPort(
  clock: Clock,
  station: Station,
  look: () => Promise<SeenPort[]>,
  target: (path: string) => DeviceTarget,
  leftAlone: (paths: readonly string[]) => void,
): Promise<void> {
  const watch = new PortWatch();
  for (let first = true; ; first = false) {
    const present = await look();
    const come = watch.look(clock.now(), present);
    if (first && present.length > 0) leftAlone(present.map(({ path }) => path));
    for (const { key, path } of come) {
      station.serve(target(path)).then(() => watch.done(key, clock.now()));
    }
    if (!(await waited(LOOK_EVERY_MS, clock, station.stop))) return;
  }
}

/** A bootloader that tells its start at one of the ports: it is flashed. Resolves at Ctrl-C. */
export async function byBootEvent(
  clock: Clock,
  station: Station,
  protocol: Protocol<ByteLink>,
  targets: readonly DeviceTarget[],
  warn: (error: DfuError) => void,
): Promise<void> {
  await Promise.all(targets.map((target) => listen(clock, station, protocol, target, warn)));
}

async function listen(
  clock: Clock,
  station: Station,
  protocol: Protocol<ByteLink>,
  target: DeviceTarget,
  warn: (error: DfuError) => void,
): Promise<void> {
  const { awaitStart } = protocol;
  if (awaitStart === undefined) throw new TypeError('a protocol without boot events');
  const run = { clock, stop: station.stop, signal: station.stop, emit: () => {} };
  let quietUntil = Number.NEGATIVE_INFINITY;
  let said: string | undefined;
  while (!station.stop.aborted) {
    try {
      const heard = await awaitStart(target.port, run, LISTEN_MS);
      said = undefined;
      if (!heard || clock.now() < quietUntil) continue;
    } catch (error) {
      if (!(error instanceof DfuError)) throw error;
      if (error.code === 'run.interrupted') return;
      // Said once: a fixture without its adapter may stand there for a day.
      if (said !== error.code) warn(error);
      said = error.code;
      if (!(await waited(REOPEN_MS, clock, station.stop))) return;
      continue;
    }
    await station.serve(target);
    quietUntil = clock.now() + OWN_RESTART_MS;
  }
}

/** `false` when the wait was ended. */
async function waited(ms: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
  try {
    await pause(within(ms, { clock, signal }));
    return true;
  } catch (error) {
    if (error instanceof DfuError && error.code === 'run.interrupted') return false;
    throw error;
  }
}

/**
 * The ports of a list, those on USB by their socket: a device that comes back under another name is no new one. Never by
 * what depends on the others in the list, or unplugging one would make another look new.
 */
export function seenPorts(ports: readonly SerialPortInfo[]): SeenPort[] {
  return ports.map(({ path, location, interfaceNumber = '' }) => ({
    path,
    key: location === undefined ? path : `usb at ${location} ${interfaceNumber}`,
  }));
}

/** Which of these paths exist. */
export async function existing(paths: readonly string[]): Promise<SeenPort[]> {
  const there = await Promise.all(
    paths.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return paths.flatMap((path, i) => (there[i] ? [{ path, key: path }] : []));
}
