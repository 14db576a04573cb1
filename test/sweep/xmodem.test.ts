import { beforeAll, describe, expect, test } from 'vitest';
import { xmodem } from '../../src/flash/xmodem/driver.ts';
import {
  type Direction,
  type Fault,
  type GeckoDeviceOptions,
  type LinkFault,
  randomFaults,
  type Torn,
} from '../../src/sim/index.ts';
import { testRun } from '../flash/support.ts';
import { hex } from '../sim/support.ts';
import { flash, holds, judge, NEW, recover, type Scene, scene } from './scene.ts';

const frames = { 'to-device': 0, 'to-host': 0 };
const OPERATIONS = 278;

/** A device with a menu and an old application that is silent: only the operator's hand leads into the bootloader. */
function menuScene(faults: readonly Fault[] = [], device: Partial<GeckoDeviceOptions> = {}): Scene {
  const made = scene(faults, { bootloader: 'xmodem', app: 'silent', ...device });
  const { clock, device: gecko } = made;
  return {
    ...made,
    how: {
      protocol: xmodem,
      options: { chunkBytes: 128, entry: 'manual' },
      run() {
        let asked = false;
        return testRun(clock, ({ message = '', facts }) => {
          // As a person does: some time later, and once more where nothing came of it.
          if (facts !== undefined) asked = false;
          if (!message.includes('hold its bootloader pin')) return;
          asked = true;
          for (const ms of [300, 20_000]) {
            clock.after(ms, () => {
              if (asked && gecko.state.running === 'application') gecko.pressReset(true);
            });
          }
        });
      },
    },
  };
}

beforeAll(async () => {
  const clean = menuScene();
  const report = await flash(clean);
  expect(report).toMatchObject({ result: 'flashed', confirmation: 'handed-over', deviceState: 'new' });
  expect(holds(clean.device, NEW)).toBe(true);
  expect(clean.device.flash.operations).toBe(OPERATIONS);
  for (const direction of ['to-device', 'to-host'] as const) frames[direction] = clean.port.frames(direction);
  clean.device.powerOff();
});

describe('over XMODEM the power is cut', () => {
  test.each<[string, Torn, number]>([
    ['every', 'half', 1],
    ['every fourth', 'before', 4],
    ['every fourth', 'after', 4],
  ])('at %s flash operation (%s it is done), and stays off', async (_, torn, step) => {
    for (let operation = 0; operation < OPERATIONS; operation += step) {
      const what = `cut ${torn} operation ${operation}`;
      const cut = menuScene([{ kind: 'power', operation, torn }]);
      const report = await flash(cut, { retries: 0 });
      expect(cut.device.state.running, what).toBe('off');
      expect(report.result, what).toBe('failed');
      judge(report, cut.device, what);
      await recover(cut, what);
    }
  });

  test('at every third flash operation, and comes back while the run goes on', async () => {
    let flashed = 0;
    for (let operation = 0; operation < OPERATIONS; operation += 3) {
      const what = `cut at operation ${operation}, back after a while`;
      const cut = menuScene([{ kind: 'power', operation }]);
      let over = false;
      const look = () => {
        if (over) return;
        if (cut.device.state.running === 'off') cut.clock.after(2000, () => cut.device.powerOn());
        else cut.clock.after(50, look);
      };
      look();
      const report = await flash(cut);
      over = true;
      judge(report, cut.device, what);
      if (report.result === 'flashed') flashed++;
      await recover(cut, what);
    }
    expect(flashed, 'the run mends it by itself').toBe(Math.ceil(OPERATIONS / 3));
  });
});

type Strike = (at: { direction: Direction; frame: number }) => LinkFault;
const bits = (...places: number[]): Strike[] =>
  places.map(
    (bit): Strike =>
      (at) => ({ ...at, kind: 'corrupt', bit }),
  );
const noise = (...texts: string[]): Strike[] =>
  texts.map((text) => (at) => ({ ...at, kind: 'noise', bytes: hex(text) }));

const STRIKES: Record<string, readonly Strike[]> = {
  'is lost': [(at) => ({ ...at, kind: 'lose' })],
  'has a bit turned': bits(0, 1, 2, 3, 4, 5, 6, 7, 9, 14, 17, 22, 30, 77, 400, 1001, 1050, 1060),
  'comes twice': [(at) => ({ ...at, kind: 'double' })],
  'comes late': [30, 900, 3100, 6000, 16_000].map(
    (ms): Strike =>
      (at) => ({ ...at, kind: 'delay', ms }),
  ),
  // Rubbish, and bytes that mean something to one side or the other.
  'comes after noise': noise('00', 'ff00ff00', '01', '0102fd', '04', '06', '15', '18', '1818', '43', '33'),
  'is where the link breaks': [(at) => ({ ...at, kind: 'cut' })],
};

describe.each([
  ['one run', 0],
  ['a run that may start over', 3],
])('over XMODEM, in %s', (_, retries) => {
  test.each(Object.entries(STRIKES))('every frame %s', async (name, all) => {
    const strikes = retries > 0 && all.length > 12 ? all.filter((_, i) => i % 3 === 0) : all;
    for (const direction of ['to-device', 'to-host'] as const) {
      for (let frame = 0; frame < frames[direction]; frame++) {
        for (const [variant, strike] of strikes.entries()) {
          const what = `frame ${frame} ${direction} ${name}, variant ${variant}`;
          const faulty = menuScene([strike({ direction, frame })]);
          const report = await flash(faulty, { retries });
          expect(faulty.port.struck, what).toHaveLength(1);
          judge(report, faulty.device, what);
          if (retries > 0) expect(holds(faulty.device, NEW), `${what}: one fault is mended`).toBe(true);
          await recover(faulty, what);
        }
      }
    }
  });
});

test('over XMODEM, several faults at random, with and without the power', async () => {
  let struck = 0;
  for (let seed = 1; seed <= 120; seed++) {
    const faults = randomFaults(seed, { count: 1 + (seed % 6), frames: 24 });
    const what = `seed ${seed}`;
    const faulty = menuScene(
      seed % 2 === 0 ? faults : [...faults, { kind: 'power', operation: (seed * 61) % OPERATIONS }],
    );
    const report = await flash(faulty);
    struck += faulty.port.struck.length;
    judge(report, faulty.device, what);
    await recover(faulty, what);
  }
  expect(struck).toBeGreaterThan(120);
});

describe('over XMODEM, the operator stops', () => {
  test.each(['stopNow', 'abortNow'] as const)('(%s) at every frame', async (how) => {
    for (let frame = 0; frame < frames['to-device']; frame++) {
      const what = `stopped at frame ${frame}`;
      const stopped = menuScene();
      const run = testRun(stopped.clock, ({ message = '' }) => {
        if (message.includes('hold its bootloader pin')) stopped.device.pressReset(true);
      });
      const receive = stopped.device.receive.bind(stopped.device);
      let count = 0;
      stopped.device.receive = (bytes) => {
        if (count++ === frame) run[how]();
        receive(bytes);
      };
      const report = await flash(stopped, {}, run);
      expect(['interrupted', 'flashed'], what).toContain(report.result);
      judge(report, stopped.device, what);
      await recover(stopped, what);
    }
  });
});
