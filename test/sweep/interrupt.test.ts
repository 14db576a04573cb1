import { expect, test } from 'vitest';
import { testRun } from '../flash/support.ts';
import { flash, judge, recover, type Scene, scene } from './scene.ts';

/** Calls `act` when the device has received that many frames. */
function atFrame({ device }: Scene, frame: number, act: () => void): void {
  const receive = device.receive.bind(device);
  let count = 0;
  device.receive = (bytes) => {
    if (count++ === frame) act();
    receive(bytes);
  };
}

test.each([
  ['once', 'stopNow'],
  ['for the second time', 'abortNow'],
] as const)(
  'the operator stops %s at every frame: the run ends, and the next one completes',
  async (_, how) => {
    const clean = scene();
    expect((await flash(clean)).result).toBe('flashed');
    const frames = clean.port.frames('to-device');
    clean.device.powerOff();

    const results = new Map<string, number>();
    for (let frame = 0; frame < frames; frame++) {
      const what = `stopped at frame ${frame}`;
      const stopped = scene();
      const run = testRun(stopped.clock);
      atFrame(stopped, frame, () => run[how]());
      const report = await flash(stopped, {}, run);
      expect(['interrupted', 'flashed'], what).toContain(report.result);
      if (report.result === 'interrupted') expect(report.exit, what).toBe(130);
      judge(report, stopped.device, what);
      results.set(report.result, (results.get(report.result) ?? 0) + 1);
      await recover(stopped, what);
    }
    expect((results.get('interrupted') ?? 0) + (results.get('flashed') ?? 0)).toBe(frames);
    // The last frames are the reset and what follows it: the image is there by then.
    expect(results.get('interrupted') ?? 0).toBeGreaterThanOrEqual(frames - 3);
  },
);
