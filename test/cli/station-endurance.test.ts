import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { JournalHead } from '../../src/cli/flash/journal-line.ts';
import { flashDevice } from '../../src/cli/flash/one-device.ts';
import { Station } from '../../src/cli/flash/station-loop.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { jobOf, target } from './flash-many-support.ts';
import { bench } from './flash-support.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface Held {
  bytes: number;
  handles: number;
}

/** What is held when nothing is under way. */
async function held(): Promise<Held> {
  // What finalisers let go of is gone after the second.
  for (let i = 0; i < 2; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { bytes: heapUsed + arrayBuffers, handles: process.getActiveResourcesInfo().length };
}

test('500 flashes in one process leave no memory, no handle and no listener behind', async () => {
  const { folder } = await bench();
  const job = await jobOf(folder, () => new Date('2030-01-01T00:00:00Z'));
  const { verified } = await job.pkg.judge(job.now().getTime());
  const [stop, abort] = [new AbortController(), new AbortController()];
  const clock = new VirtualClock();
  const never = () => {};
  const station = new Station({
    head: { station: undefined, pkg: verified as JournalHead['pkg'] },
    ...{ clock, now: job.now, stop: stop.signal, signal: abort.signal },
    flash: (to, run) => flashDevice({ ...job, flashOptions: { ...job.flashOptions, retries: 0 } }, to, run),
    append: async () => {},
    ...{ announce: never, warn: never, progress: () => never },
  });
  const flash = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const device = target(clock, `device ${i}`);
      // Every tenth vanishes: what fails may hold on to things, too.
      if (i % 10 === 9) device.port.unplug(true);
      await station.serve(device, `SN-${i}`);
    }
  };
  // Code is compiled and caches are filled by then.
  await flash(100);
  const before = await held();
  await flash(400);
  const after = await held();
  expect(station.counted).toEqual({ flashed: 450, failed: 50, interrupted: 0 });
  expect(after.handles).toBe(before.handles);
  // A device has 512 KiB of flash: not even one of the 400 is left.
  expect(after.bytes - before.bytes).toBeLessThan(400_000);
  for (const signal of [station.stop, stop.signal, abort.signal]) {
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1);
  }
});
