import { describe, expect, test } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { bgapi } from '../../src/flash/bgapi/driver.ts';
import { type FlashOptions, flashPackage } from '../../src/flash/session.ts';
import {
  type ApplicationKind,
  createGeckoDevice,
  type Fault,
  type GeckoDeviceOptions,
  type GeckoPart,
  memoryPort,
} from '../../src/sim/index.ts';
import type { VerifiedPackage } from '../../src/verify/verified-package.ts';
import { application, gblOf, TINY, TINY_START } from '../sim/support.ts';
import { OPTIONS, testRun, verified } from './support.ts';

const OLD = application({ start: TINY_START, bytes: 2000, version: 0x00010000, seed: 1 });
const NEW = application({ start: TINY_START, bytes: 2500, version: 0x00010100, seed: 2 });
const pkgOf = (image: Bytes, deviceVersion = '0x00010100'): VerifiedPackage =>
  verified([{ bytes: gblOf(TINY_START, image), deviceVersion }]);
const PACKAGE = pkgOf(NEW);

function bench(device: Partial<GeckoDeviceOptions> = {}, faults: readonly Fault[] = []) {
  const clock = new VirtualClock();
  const gecko = createGeckoDevice({ clock, part: TINY, image: OLD, ...device });
  const port = memoryPort(gecko, { clock, baudRate: 115200, faults });
  const run = testRun(clock);
  const flash = (options: Partial<FlashOptions> = {}, pkg: VerifiedPackage = PACKAGE) =>
    flashPackage(pkg, port, bgapi, { ...OPTIONS, ...options }, run);
  const holds = (image: Bytes) =>
    gecko.runs().refusal === undefined && Buffer.from(gecko.runs().bytes).equals(Buffer.from(image));
  return { clock, gecko, port, run, flash, holds };
}

describe('a virtual Gecko is updated', () => {
  test.each<[string, Partial<GeckoDeviceOptions>]>([
    ['from a running application', {}],
    ['from one that knows user_reset_to_dfu only', { entry: 'user' }],
    ['from one that knows system_reset only', { entry: 'system' }],
    ['from a blank device', { image: new Uint8Array() }],
    ['by a bootloader that wants whole words', { strict: true }],
  ])('%s', async (_, options) => {
    const { flash, holds } = bench(options);
    expect(await flash()).toMatchObject({ result: 'flashed', confirmation: 'version', deviceState: 'new' });
    expect(holds(NEW)).toBe(true);
  });

  test.each<[string, (b: ReturnType<typeof bench>) => Promise<void>]>([
    [
      'half an image, and the error of one',
      async ({ port, run, clock }) => {
        const link = await port.open({ clock, until: clock.now() + 1000, signal: run.signal });
        const wait = { clock, until: clock.now() + 60_000, signal: run.signal };
        await link.write(Uint8Array.of(0x20, 0x01, 0x01, 0x01, 0x01), wait);
        await new Promise<void>((done) => void clock.after(500, done));
        await link.write(Uint8Array.of(0x20, 0x05, 0x00, 0x02, 0x04, 1, 2, 3, 4), wait);
        await new Promise<void>((done) => void clock.after(500, done));
        await link.close();
      },
    ],
    [
      'half a packet',
      async ({ port, run, clock }) => {
        const link = await port.open({ clock, until: clock.now() + 1000, signal: run.signal });
        const wait = { clock, until: clock.now() + 60_000, signal: run.signal };
        await link.write(Uint8Array.of(0x20, 0x01, 0x01, 0x01, 0x01), wait);
        await new Promise<void>((done) => void clock.after(500, done));
        await link.write(Uint8Array.of(0x20, 0xfd, 0x00, 0x02, 0xfc, 1, 2, 3, 4), wait);
        await link.close();
      },
    ],
  ])('whose bootloader holds %s', async (_, before) => {
    const b = bench();
    await before(b);
    expect(await b.flash()).toMatchObject({ result: 'flashed', attempts: [{ attempt: 1 }] });
    expect(b.holds(NEW)).toBe(true);
  });

  test('with the hand of the operator, where the application is silent', async () => {
    const b = bench({ app: 'silent' });
    b.clock.after(20_000, () => b.gecko.pressReset(true));
    expect(await b.flash({ entry: 'manual' })).toMatchObject({
      result: 'flashed',
      confirmation: 'handed-over',
    });
    expect(b.holds(NEW)).toBe(true);
  });

  test('with two images, one session each', async () => {
    const stack = application({ start: TINY_START, bytes: 1000, seed: 5 });
    const { flash, holds } = bench();
    const pkg = verified([
      { bytes: gblOf(TINY_START, stack) },
      { bytes: gblOf(TINY_START, NEW), deviceVersion: '0x00010100' },
    ]);
    expect(await flash({}, pkg)).toMatchObject({ result: 'flashed', confirmation: 'version' });
    expect(holds(NEW)).toBe(true);
  });

  test('at the efficiency that was promised, for an image of 64 KiB', async () => {
    const image = application({ start: 0x6000, bytes: 65_536 });
    const { flash } = bench({ part: PART_64K, image: new Uint8Array() });
    const report = await flash({}, verified([{ bytes: gblOf(0x6000, image) }]));
    expect(report.result).toBe('flashed');
    expect(report.imageBytes / (report.wireBytes ?? Number.POSITIVE_INFINITY)).toBeGreaterThanOrEqual(0.95);
  });
});

const PART_64K: GeckoPart = {
  flashBase: 0,
  flashBytes: 0x20000,
  pageBytes: 2048,
  ramBase: 0x20000000,
  layouts: [{ bootloader: 'main', applicationStart: 0x6000, bootloaderStart: 0, bootloaderBytes: 0x6000 }],
};

describe('what the application does afterwards is told as it is', () => {
  test.each<[ApplicationKind, object]>([
    ['bgapi', { exit: 0, confirmation: 'version' }],
    ['old-version', { exit: 9, error: { code: 'device.wrong-version' } }],
    ['crash-loop', { exit: 9, error: { code: 'device.crash-loop' } }],
    ['silent', { exit: 0, confirmation: 'handed-over' }],
  ])('%s', async (app, wanted) => {
    const { flash } = bench({ app, image: new Uint8Array() });
    expect(await flash()).toMatchObject(wanted);
  });

  test('an image for another address is accepted, and does not start', async () => {
    const lost = application({ start: TINY_START, bytes: 600 });
    lost.set([0xff, 0xff, 0xff, 0x00], 4);
    const { flash } = bench();
    expect(await flash({}, pkgOf(lost))).toMatchObject({
      exit: 7,
      deviceState: 'bootloader',
      error: { code: 'device.back-in-bootloader' },
    });
  });

  test('an unsigned image is refused by a device that wants signed ones', async () => {
    const { flash } = bench({ requireSignature: true });
    const report = await flash();
    expect(report).toMatchObject({ exit: 7, error: { code: 'device.image-refused', retryable: false } });
    expect(report.attempts).toHaveLength(2);
  });

  test('damaged bytes are refused twice; the device is left in its bootloader and takes the right ones', async () => {
    const { flash, holds } = bench();
    const gbl = gblOf(TINY_START, NEW);
    gbl[1000] = (gbl[1000] ?? 0) ^ 1;
    expect(await flash({}, verified([{ bytes: gbl }]))).toMatchObject({ exit: 7, deviceState: 'bootloader' });
    expect(await flash()).toMatchObject({ result: 'flashed' });
    expect(holds(NEW)).toBe(true);
  });

  test('something that is no GBL leaves the old application, which runs again', async () => {
    const { flash, gecko, holds } = bench();
    const report = await flash({}, verified([{ bytes: concat([NEW.slice(0, 400)]) }]));
    expect(report).toMatchObject({ exit: 7, deviceState: 'old' });
    expect(gecko.state.running).toBe('application');
    expect(holds(OLD)).toBe(true);
  });

  test('stopped by the operator in the middle', async () => {
    const b = bench();
    const emit = b.run.emit;
    b.run.emit = (progress) => {
      if ((progress.doneBytes ?? 0) > 1000) b.run.stopNow();
      emit(progress);
    };
    expect(await b.flash()).toMatchObject({ exit: 130, deviceState: 'bootloader' });
    expect(b.gecko.state.running).toBe('bootloader');
  });

  test('stopped by the operator before the first byte: the application runs as before', async () => {
    const b = bench();
    const emit = b.run.emit;
    b.run.emit = (progress) => {
      if (progress.facts !== undefined) b.run.stopNow();
      emit(progress);
    };
    expect(await b.flash()).toMatchObject({ exit: 130, deviceState: 'untouched' });
    expect(b.gecko.state.running).toBe('application');
  });
});

describe('line faults are mended by starting over', () => {
  test.each<[string, Fault]>([
    ['a lost upload', { direction: 'to-device', frame: 6, kind: 'lose' }],
    ['a lost answer', { direction: 'to-host', frame: 6, kind: 'lose' }],
    ['a changed bit', { direction: 'to-device', frame: 6, kind: 'corrupt', bit: 500 }],
    ['a doubled upload', { direction: 'to-device', frame: 6, kind: 'double' }],
    ['a doubled answer', { direction: 'to-host', frame: 6, kind: 'double' }],
    ['a late answer', { direction: 'to-host', frame: 6, kind: 'delay', ms: 3500 }],
    ['noise', { direction: 'to-device', frame: 6, kind: 'noise', bytes: Uint8Array.of(0x20, 0x21, 0x22) }],
    ['a cut', { direction: 'to-device', frame: 6, kind: 'cut' }],
  ])('%s', async (_, fault) => {
    const { flash, holds, port } = bench({}, [fault]);
    expect(await flash()).toMatchObject({ result: 'flashed', confirmation: 'version' });
    expect(port.struck).toHaveLength(1);
    expect(holds(NEW)).toBe(true);
  });
});

describe('identify', () => {
  test('leaves application and bootloader as they are', async () => {
    const { gecko, port, run } = bench();
    expect(await bgapi.identify(port, run)).toMatchObject({
      running: 'application',
      applicationVersion: '1.0.0',
    });
    expect(gecko.state.running).toBe('application');
    const blank = bench({ image: new Uint8Array() });
    expect(await bgapi.identify(blank.port, blank.run)).toEqual({
      running: 'bootloader',
      bootloaderVersion: '2.4.1',
    });
    expect(blank.gecko.state.running).toBe('bootloader');
  });
});
