import { describe, expect, test } from 'vitest';
import { equalBytes } from '../../src/core/bytes.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { ble1xx } from '../../src/flash/bgapi/driver.ts';
import type { FlashReport } from '../../src/flash/report.ts';
import { type FlashOptions, flashPackage } from '../../src/flash/session.ts';
import {
  type Ble1xxDevice,
  createBle1xxDevice,
  type Direction,
  type Fault,
  type LinkFault,
  type MemoryPort,
  memoryPort,
  randomFaults,
  type Torn,
} from '../../src/sim/index.ts';
import { OPTIONS, someBytes, testRun, verified } from '../flash/support.ts';
import { hex } from '../sim/support.ts';

const OLD = someBytes(400).reverse();
/** Its end takes several pieces. */
const NEW = someBytes(128 + 44).map((byte) => byte ^ 0x5a);
/** Reaches into a second page. */
const LARGE = someBytes(2048 + 128);
const START = 0x1000;
const packageOf = (bytes: typeof NEW) => verified([{ bytes, format: 'raw', startAddress: '0x00001000' }]);
const LONGEST_RUN_MS = 15 * 60_000;
const OPERATIONS = 1 + NEW.length / 4;

interface Scene {
  clock: VirtualClock;
  device: Ble1xxDevice;
  port: MemoryPort;
}

function scene(faults: readonly Fault[] = []): Scene {
  const clock = new VirtualClock();
  const device = createBle1xxDevice({ clock, image: OLD });
  return { clock, device, port: memoryPort(device, { clock, faults }) };
}

function flash(
  { clock, port }: Scene,
  options: Partial<FlashOptions> = {},
  image = NEW,
): Promise<FlashReport> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(LONGEST_RUN_MS, () => reject(new Error('the run did not end')));
    flashPackage(packageOf(image), port, ble1xx, { ...OPTIONS, chunkBytes: 64, ...options }, testRun(clock))
      .then(resolve, reject)
      .finally(cancel);
  });
}

const holds = ({ flash: memory }: Ble1xxDevice, image: Uint8Array): boolean =>
  equalBytes(memory.read(START, image.length), image);

/** What a report claims must be so, except for what no host of this bootloader can see. */
function judge(report: FlashReport, device: Ble1xxDevice, what: string, unseen = false): void {
  const flashed = report.result === 'flashed';
  expect(report.exit === 0, `${what}: exit ${report.exit}`).toBe(flashed);
  if (flashed) expect(report.deviceState, what).toBe('new');
  if (report.deviceState === 'new' && !unseen) {
    expect(holds(device, NEW), `${what}: the new image is claimed`).toBe(true);
    expect(device.runs().whole, what).toBe(true);
  }
  if (report.deviceState === 'old') expect(holds(device, OLD), what).toBe(true);
  if (report.deviceState === 'untouched') expect(device.flash.operations, what).toBe(0);
  if (report.deviceState === 'bootloader' && !unseen)
    expect(device.state.running, what).not.toBe('application');
}

/** Power off and on, a cable without faults, one more run: the new image must run. */
async function recover({ clock, device, port: faulty }: Scene, what: string): Promise<void> {
  faulty.unplug(true);
  device.cutPowerAt(Number.POSITIVE_INFINITY);
  device.powerCycle();
  const report = await flash({ clock, device, port: memoryPort(device, { clock }) });
  expect(report.error?.message, `${what}: second run`).toBeUndefined();
  expect(holds(device, NEW), `${what}: the new image is there after the second run`).toBe(true);
  expect(device.runs().whole, what).toBe(true);
  expect(device.flash.violations, what).toEqual([]);
  device.powerOff();
}

async function framesOfACleanRun(): Promise<Record<Direction, number>> {
  const clean = scene();
  expect(await flash(clean)).toMatchObject({ result: 'flashed', confirmation: 'booted' });
  expect(clean.device.flash.operations).toBe(OPERATIONS);
  const frames = {
    'to-device': clean.port.frames('to-device'),
    'to-host': clean.port.frames('to-host'),
  };
  expect(Math.min(...Object.values(frames))).toBeGreaterThanOrEqual(9);
  return frames;
}

describe('the power is cut', () => {
  test.each<Torn>(['before', 'half', 'after'])('at every flash operation, %s it is done', async (torn) => {
    for (let operation = 0; operation < OPERATIONS; operation++) {
      const what = `cut ${torn} operation ${operation}`;
      const cut = scene([{ kind: 'power', operation, torn }]);
      const report = await flash(cut, { retries: 0 });
      expect(report.result, what).toBe('failed');
      judge(report, cut.device, what);
      await recover(cut, what);
    }
  });

  test('around the second page of an image', async () => {
    for (let operation = 510; operation < 518; operation++) {
      const what = `cut operation ${operation}`;
      const cut = scene([{ kind: 'power', operation }]);
      expect((await flash(cut, { retries: 0 }, LARGE)).deviceState, what).toBe('bootloader');
      cut.device.powerCycle();
      expect((await flash(cut, {}, LARGE)).result, what).toBe('flashed');
      expect(holds(cut.device, LARGE), what).toBe(true);
      expect(cut.device.flash.violations, what).toEqual([]);
    }
  });
});

type Strike = (at: { direction: Direction; frame: number }) => LinkFault;
const noise = (...texts: string[]): Strike[] =>
  texts.map((text) => (at) => ({ ...at, kind: 'noise', bytes: hex(text) }));

const STRIKES: Record<string, readonly Strike[]> = {
  'is lost': [(at) => ({ ...at, kind: 'lose' })],
  'comes twice': [(at) => ({ ...at, kind: 'double' })],
  'comes late': [450, 3100, 16_000].map(
    (ms): Strike =>
      (at) => ({ ...at, kind: 'delay', ms }),
  ),
  'comes after noise': noise('ff', '20', '00', '0041', '004109', '80'),
  // What the line makes up and a device takes for a command of ours, or we for its answer: nobody can tell.
  'comes after a forged one': noise(
    '0041090240',
    '000209020000',
    '000209030000',
    '800409000100000'.concat('0'),
  ),
  'is where the link breaks': [(at) => ({ ...at, kind: 'cut' })],
};

describe.each([
  ['one run', 0],
  ['a run that may start over', 3],
])('in %s', (_, retries) => {
  test.each(Object.entries(STRIKES))('every frame %s', async (name, strikes) => {
    const frames = await framesOfACleanRun();
    for (const direction of ['to-device', 'to-host'] as const) {
      for (let frame = 0; frame < frames[direction]; frame++) {
        for (const [variant, strike] of strikes.entries()) {
          const what = `frame ${frame} ${direction} ${name}, variant ${variant}`;
          const faulty = scene([strike({ direction, frame })]);
          const report = await flash(faulty, { retries });
          expect(faulty.port.struck, what).toHaveLength(1);
          judge(report, faulty.device, what, name === 'comes after a forged one');
          await recover(faulty, what);
        }
      }
    }
  });
});

describe('a bit is turned', () => {
  /** Behind header and length byte. */
  const FIRST_DATA_BIT = 5 * 8;
  const HEADER_BITS = 4 * 8;
  /** The probe, the question for an application and the way in come before. */
  const SET_ADDRESS_FRAME = 3;

  test('in an answer: no false success', async () => {
    const frames = await framesOfACleanRun();
    for (let frame = 0; frame < frames['to-host']; frame++) {
      for (let bit = 0; bit < 48; bit += 5) {
        const what = `bit ${bit} of frame ${frame} to the host`;
        const faulty = scene([{ kind: 'corrupt', direction: 'to-host', frame, bit }]);
        judge(await flash(faulty, { retries: 1 }), faulty.device, what);
        await recover(faulty, what);
      }
    }
  });

  test('in what comes before the data of an upload, or of the address: it is noticed', async () => {
    for (let frame = 0; frame < 8; frame++) {
      const bits = frame === SET_ADDRESS_FRAME ? HEADER_BITS : FIRST_DATA_BIT;
      for (let bit = 0; bit < bits; bit++) {
        const what = `bit ${bit} of frame ${frame} to the device`;
        const faulty = scene([{ kind: 'corrupt', direction: 'to-device', frame, bit }]);
        const report = await flash(faulty, { retries: 1 });
        judge(report, faulty.device, what);
        await recover(faulty, what);
      }
    }
  });

  test('in address or data: nobody can notice it, as the warning of each run says', async () => {
    const faulty = scene([{ kind: 'corrupt', direction: 'to-device', frame: 6, bit: FIRST_DATA_BIT + 9 }]);
    const report = await flash(faulty);
    expect(report.result).toBe('flashed');
    const found = faulty.device.flash.read(START, NEW.length);
    expect(found.filter((byte, i) => byte !== NEW[i])).toHaveLength(1);
  });
});

test('several faults at random: no hang, and the next run completes', async () => {
  let struck = 0;
  for (let seed = 1; seed <= 120; seed++) {
    const kinds = ['lose', 'double', 'delay', 'noise', 'cut'] as const;
    const faults = randomFaults(seed, { count: 1 + (seed % 4), frames: 20, kinds });
    const faulty = scene([
      ...faults,
      ...(seed % 2 ? [] : [{ kind: 'power' as const, operation: (seed * 61) % OPERATIONS }]),
    ]);
    const report = await flash(faulty);
    struck += faulty.port.struck.length;
    judge(
      report,
      faulty.device,
      `seed ${seed}`,
      report.result === 'flashed' && severalInSteps(faulty.port.struck),
    );
    await recover(faulty, `seed ${seed}`);
  }
  expect(struck).toBeGreaterThan(120);
});

/** A command that came twice and its second answer lost: the device tells nobody. */
function severalInSteps(struck: readonly LinkFault[]): boolean {
  return struck.some(({ kind }) => kind === 'double') && struck.some(({ kind }) => kind === 'lose');
}
