import { beforeAll, describe, expect, test } from 'vitest';
import type { Direction, LinkFault } from '../../src/sim/index.ts';
import { hex } from '../sim/support.ts';
import { flash, holds, judge, NEW, recover, scene } from './scene.ts';

const DIRECTIONS: readonly Direction[] = ['to-device', 'to-host'];
const NOT_THERE = 'device.no-bootloader';
/** Of a clean run. */
const frames = { 'to-device': 0, 'to-host': 0 };

type Strike = (at: { direction: Direction; frame: number }) => LinkFault;

const bits = (count: number): Strike[] =>
  Array.from({ length: count }, (_, bit) => (at) => ({ ...at, kind: 'corrupt', bit }));
const noise = (...texts: string[]): Strike[] =>
  texts.map((text) => (at) => ({ ...at, kind: 'noise', bytes: hex(text) }));

const STRIKES: Record<string, readonly Strike[]> = {
  'is lost': [(at) => ({ ...at, kind: 'lose' })],
  // Header, length byte and first data byte bit by bit, and some further in.
  'has a bit turned': [
    ...bits(48),
    ...[77, 400, 1001, 2047].map(
      (bit): Strike =>
        (at) => ({ ...at, kind: 'corrupt', bit }),
    ),
  ],
  'comes twice': [(at) => ({ ...at, kind: 'double' })],
  'comes late': [30, 450, 900, 3100, 6000, 16_000].map(
    (ms): Strike =>
      (at) => ({ ...at, kind: 'delay', ms }),
  ),
  // Rubbish, and what looks like the start of a frame in either direction.
  'comes after noise': noise(
    '00',
    'ff00ff00',
    '20',
    '2031',
    '203100',
    '20310002',
    '20fc0002fb',
    'a0',
    'a0ff0000',
  ),
  // Whole answers and events that nobody gave.
  'comes after a forged one': noise(
    '200200020000',
    '200200024600',
    '200200010000',
    '200200030000',
    'a004000001000402',
    'a00200014600',
  ),
  'is where the link breaks': [(at) => ({ ...at, kind: 'cut' })],
};

beforeAll(async () => {
  const clean = scene();
  expect((await flash(clean)).result).toBe('flashed');
  for (const direction of DIRECTIONS) frames[direction] = clean.port.frames(direction);
  clean.device.powerOff();
});

test('a clean run has frames to strike in both directions', () => {
  // At least: probe or entry, set address, five uploads, finish, reset; and what the device says to it.
  expect(frames['to-device']).toBeGreaterThanOrEqual(9);
  expect(frames['to-host']).toBeGreaterThanOrEqual(9);
});

describe.each([
  ['one run', 0],
  ['a run that may start over', 3],
])('in %s', (_, retries) => {
  test.each(Object.entries(STRIKES))('every frame %s', async (name, all) => {
    // What starting over mends, it mends wherever the bit was: every fourth one will do.
    const strikes = retries > 0 && all.length > 20 ? all.filter((_, i) => i % 4 === 0) : all;
    let runs = 0;
    for (const direction of DIRECTIONS) {
      for (let frame = 0; frame < frames[direction]; frame++) {
        for (const [variant, strike] of strikes.entries()) {
          const what = `frame ${frame} ${direction} ${name}, variant ${variant}`;
          const faulty = scene([strike({ direction, frame })]);
          const report = await flash(faulty, { retries });
          expect(faulty.port.struck, what).toHaveLength(1);
          judge(report, faulty.device, what, name !== 'comes after a forged one');
          // A device that is silent for longer than it is asked whether it is there is not there: nothing was begun.
          const absent = strike({ direction, frame }).kind === 'delay' && report.error?.code === NOT_THERE;
          // A version that the line made another is not compared as it was: refused, with nothing changed.
          const misheard = report.error?.code === 'policy.downgrade';
          if (absent || misheard) expect(report.deviceState, what).toBe('untouched');
          else if (retries > 0) expect(holds(faulty.device, NEW), `${what}: one fault is mended`).toBe(true);
          await recover(faulty, what);
          runs++;
        }
      }
    }
    expect(runs).toBe((frames['to-device'] + frames['to-host']) * strikes.length);
  });
});
