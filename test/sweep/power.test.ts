import { describe, expect, test } from 'vitest';
import type { Torn } from '../../src/sim/index.ts';
import { TINY } from '../sim/support.ts';
import { flash, holds, judge, NEW, OLD, recover, type Scene, scene } from './scene.ts';

/** A page and a word are one operation each. */
const OPERATIONS = Math.ceil(NEW.length / TINY.pageBytes) + NEW.length / 4;

test('an update takes the operations that the sweep goes through', async () => {
  const clean = scene();
  const report = await flash(clean);
  expect(report).toMatchObject({ result: 'flashed', confirmation: 'version', deviceState: 'new' });
  expect(clean.device.flash.operations).toBe(OPERATIONS);
  expect(holds(clean.device, NEW)).toBe(true);
});

describe('the power is cut', () => {
  test.each<[Torn, string, Uint8Array]>([
    ['before', 'the old application', OLD],
    ['half', 'the old application', OLD],
    ['after', 'the old application', OLD],
    ['half', 'no application', new Uint8Array()],
  ])(
    'at every flash operation (%s it is done) of a device with %s, and stays off',
    async (torn, _, image) => {
      let runs = 0;
      for (let operation = 0; operation < OPERATIONS; operation++) {
        const what = `cut ${torn} operation ${operation}`;
        const cut = scene([{ kind: 'power', operation, torn }], { image });
        const report = await flash(cut, { retries: 0 });
        expect(cut.device.state.running, what).toBe('off');
        expect(report.result, what).toBe('failed');
        judge(report, cut.device, what);
        await recover(cut, what);
        runs++;
      }
      expect(runs).toBe(OPERATIONS);
    },
  );

  test('at every flash operation and comes back while the run goes on', async () => {
    let runs = 0;
    let flashed = 0;
    for (let operation = 0; operation < OPERATIONS; operation++) {
      const what = `cut at operation ${operation}, back after a while`;
      const cut = scene([{ kind: 'power', operation }]);
      const watching = keepPowered(cut, 100 + ((operation * 37) % 5000));
      const report = await flash(cut);
      watching.stop();
      judge(report, cut.device, what);
      if (report.result === 'flashed') flashed++;
      await recover(cut, what);
      runs++;
    }
    expect(runs).toBe(OPERATIONS);
    expect(flashed, 'the run mends it by itself').toBe(OPERATIONS);
  });
});

/** Turns the device on again some time after it lost its power. */
function keepPowered({ clock, device }: Scene, afterMs: number): { stop(): void } {
  let over = false;
  const look = () => {
    if (over) return;
    if (device.state.running === 'off') clock.after(afterMs, () => device.powerOn());
    else clock.after(50, look);
  };
  look();
  return {
    stop() {
      over = true;
    },
  };
}
