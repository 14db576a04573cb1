import { expect, test } from 'vitest';
import type { JournalHead, JournalRecord } from '../../src/cli/flash/journal-line.ts';
import { flashDevice } from '../../src/cli/flash/one-device.ts';
import { Station, type StationParts } from '../../src/cli/flash/station-loop.ts';
import { byBootEvent, byPort } from '../../src/cli/flash/station-triggers.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { DfuError } from '../../src/core/errors.ts';
import { pause, within } from '../../src/core/wait.ts';
import { bgapi } from '../../src/flash/bgapi/driver.ts';
import { createGeckoDevice, memoryPort } from '../../src/sim/index.ts';
import { jobOf, target } from './flash-many-support.ts';
import { bench } from './flash-support.ts';

/** A station in virtual time that keeps what it tells. */
async function stationOf(changes: Partial<StationParts> = {}) {
  const { folder } = await bench();
  const job = await jobOf(folder, () => new Date('2030-01-01T00:00:00Z'));
  const { verified } = await job.pkg.judge(job.now().getTime());
  const clock = new VirtualClock();
  const [stop, abort] = [new AbortController(), new AbortController()];
  const told: JournalRecord[] = [];
  const warnings: DfuError[] = [];
  const station = new Station({
    head: { station: 'test', pkg: verified as JournalHead['pkg'] },
    clock,
    now: job.now,
    stop: stop.signal,
    signal: abort.signal,
    flash: (to, run) => flashDevice(job, to, run),
    append: async () => {},
    announce: (record) => void told.push(record),
    warn: (error) => void warnings.push(error),
    progress: () => () => {},
    ...changes,
  });
  const wait = (ms: number) => pause(within(ms, { clock, signal: abort.signal }));
  return { station, clock, told, warnings, wait, stopNow: () => stop.abort() };
}

test('a boot event of a bootloader starts a flash; what the device does by itself after it does not', async () => {
  const { station, clock, told, warnings, wait, stopNow } = await stationOf();
  const device = createGeckoDevice({ clock });
  const port = memoryPort(device, { clock, baudRate: 115_200, name: 'fixture' });
  await wait(1000);
  const ended = byBootEvent(clock, station, bgapi, [{ label: 'fixture', port, clock }], (e) =>
    warnings.push(e),
  );
  await wait(200_000);
  // It was in its bootloader all the time, and told nothing new.
  expect(told).toEqual([]);
  device.powerCycle();
  await wait(60_000);
  expect(told.map(({ result }) => result)).toEqual(['flashed']);
  // The next device, or the same one into its bootloader by hand.
  device.pressReset(true);
  await wait(60_000);
  expect(told).toHaveLength(2);
  // An application that starts is no bootloader.
  device.powerCycle();
  await wait(60_000);
  expect(told).toHaveLength(2);
  stopNow();
  await ended;
  await station.finish();
  expect(warnings).toEqual([]);
});

test('a port that is missing is said once, and looked for until it is there', async () => {
  const { station, clock, told, warnings, wait, stopNow } = await stationOf();
  const device = createGeckoDevice({ clock });
  const port = memoryPort(device, { clock, name: 'fixture' });
  port.unplug(true);
  const ended = byBootEvent(clock, station, bgapi, [{ label: 'fixture', port, clock }], (e) =>
    warnings.push(e),
  );
  await wait(600_000);
  expect(warnings.map(({ code }) => code)).toEqual(['link.not-found']);
  port.plugIn();
  await wait(2000);
  device.powerCycle();
  await wait(60_000);
  expect(told).toHaveLength(1);
  stopNow();
  await ended;
});

test('several that come at once are flashed at once', async () => {
  const { station, clock, told, wait, stopNow } = await stationOf();
  let there: string[] = [];
  const look = async () => there.map((path) => ({ path, key: path }));
  const ended = byPort(
    clock,
    station,
    look,
    (path) => target(clock, path),
    () => {},
  );
  await wait(1000);
  there = ['A', 'B', 'C'];
  await wait(30_000);
  expect(told.map(({ port }) => port).sort()).toEqual(['A', 'B', 'C']);
  there = [];
  await wait(5000);
  there = ['B'];
  await wait(30_000);
  expect(told.map(({ port }) => port).slice(3)).toEqual(['B']);
  stopNow();
  await ended;
  expect(station.counted).toEqual({ flashed: 4, failed: 0, interrupted: 0 });
});

test('nobody is told of what is not in the journal: the station ends, and the record stands in the error', async () => {
  const { station, clock, told } = await stationOf({
    append: () => Promise.reject(new DfuError('output.failed', 'the journal can not be written (ENOSPC)')),
  });
  await station.serve(target(clock, 'A'), 'SN-1');
  expect(told).toEqual([]);
  expect(station.stop.aborted).toBe(true);
  await station.serve(target(clock, 'B'), 'SN-2');
  const error = await station.finish().catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'output.failed' });
  expect(String(error)).toMatch(/ENOSPC\).*flashed \[version\], and not in the journal: \{.*"SN-1"/);
  expect(String(error)).not.toContain('SN-2');
});

test('a program that hangs delays no device, and is waited for at the end', async () => {
  const ends: (() => void)[] = [];
  const { station, clock, told } = await stationOf({
    tellProgram: () => new Promise((resolve) => ends.push(resolve)),
  });
  await station.serve(target(clock, 'A'));
  await station.serve(target(clock, 'A'));
  expect(told).toHaveLength(2);
  let finished = false;
  const finish = station.finish().then(() => {
    finished = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(finished).toBe(false);
  for (const end of ends) end();
  await finish;
});

test('the first Ctrl-C stops the flash that runs, and it is recorded; nothing is begun any more', async () => {
  const { station, clock, told, stopNow } = await stationOf({
    progress:
      () =>
      ({ doneBytes = 0 }) => {
        if (doneBytes > 500) stopNow();
      },
  });
  await station.serve(target(clock, 'A'), 'SN-1');
  await station.serve(target(clock, 'A'), 'SN-2');
  await station.finish();
  expect(told).toMatchObject([
    { device: 'SN-1', result: 'interrupted', code: 'run.interrupted', deviceState: 'bootloader' },
  ]);
});
