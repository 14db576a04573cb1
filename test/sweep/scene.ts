import { expect } from 'vitest';
import { type Bytes, equalBytes } from '../../src/core/bytes.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { bgapi } from '../../src/flash/bgapi/driver.ts';
import type { Protocol, Run } from '../../src/flash/protocol.ts';
import type { FlashReport } from '../../src/flash/report.ts';
import { type FlashOptions, flashPackage } from '../../src/flash/session.ts';
import type { ByteLink, Port } from '../../src/link/link.ts';
import {
  createGeckoDevice,
  type Fault,
  type GeckoDevice,
  type GeckoDeviceOptions,
  type MemoryPort,
  memoryPort,
} from '../../src/sim/index.ts';
import { OPTIONS, testRun, verified } from '../flash/support.ts';
import { application, gblOf, TINY, TINY_START } from '../sim/support.ts';

export const OLD = application({ start: TINY_START, bytes: 1300, version: 0x00010000, seed: 7 });
export const NEW = application({ start: TINY_START, bytes: 1100, version: 0x00010100, seed: 8 });
export const PACKAGE = verified([{ bytes: gblOf(TINY_START, NEW), deviceVersion: '0x00010100' }]);

/** No run may take longer than this, whatever happens on the way. */
const LONGEST_RUN_MS = 15 * 60_000;

/** A device with the old application, and a cable to it. */
export interface Scene {
  clock: VirtualClock;
  device: GeckoDevice;
  port: MemoryPort;
  how?: How;
}

/** How a scene's device is flashed, where not by BGAPI. */
export interface How {
  protocol: Protocol<ByteLink>;
  options: Partial<FlashOptions>;
  /** A run with the operator beside the device. */
  run(): Run;
}

export function scene(
  faults: readonly Fault[] = [],
  device: Partial<GeckoDeviceOptions> = {},
  baudRate?: number,
): Scene {
  const clock = new VirtualClock();
  const gecko = createGeckoDevice({ clock, part: TINY, image: OLD, ...device });
  return { clock, device: gecko, port: memoryPort(gecko, { clock, faults, ...(baudRate && { baudRate }) }) };
}

/** One run of dfu-flash's work on the scene. Throws when it does not end. */
export async function flash(
  { clock, port, how }: { clock: VirtualClock; port: Port<ByteLink>; how?: How },
  options: Partial<FlashOptions> = {},
  run: Run = how?.run() ?? testRun(clock),
): Promise<FlashReport> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(LONGEST_RUN_MS, () => reject(new Error('the run did not end')));
    flashPackage(PACKAGE, port, how?.protocol ?? bgapi, { ...OPTIONS, ...how?.options, ...options }, run)
      .then(resolve, reject)
      .finally(cancel);
  });
}

export const holds = (device: GeckoDevice, image: Bytes): boolean => equalBytes(device.runs().bytes, image);

/** What a report claims must be so. `believed` false: the device was made to say what is not so. */
export function judge(report: FlashReport, device: GeckoDevice, what: string, believed = true): void {
  const flashed = report.result === 'flashed';
  expect(report.exit === 0, `${what}: exit ${report.exit} of a run that ${report.result}`).toBe(flashed);
  if (flashed) {
    expect(holds(device, NEW), `${what}: success is claimed`).toBe(true);
    expect(report.deviceState, what).toBe('new');
  }
  switch (report.deviceState) {
    case 'new':
      expect(holds(device, NEW), `${what}: the new image is claimed`).toBe(true);
      break;
    case 'old':
      expect(holds(device, OLD), `${what}: the old image is claimed`).toBe(true);
      break;
    case 'untouched':
      expect(device.flash.operations, `${what}: flash is said to be untouched`).toBe(0);
      break;
    case 'bootloader':
      if (believed)
        expect(device.state.running, `${what}: no application is said to run`).not.toBe('application');
  }
}

/** Power off and on, a cable without faults, one more run: the new image must run. */
export async function recover({ clock, device, port: faulty, how }: Scene, what: string): Promise<void> {
  faulty.unplug(true);
  // A cut that the first run did not get to.
  device.cutPowerAt(Number.POSITIVE_INFINITY);
  device.powerCycle();
  const report = await flash({ clock, port: memoryPort(device, { clock }), ...(how && { how }) });
  expect(report.error?.message, `${what}: second run`).toBeUndefined();
  expect(report.result, what).toBe('flashed');
  expect(holds(device, NEW), `${what}: the new image is in flash after the second run`).toBe(true);
  expect(device.state.running, what).toBe('application');
  expect(device.flash.violations, what).toEqual([]);
  device.powerOff();
}
