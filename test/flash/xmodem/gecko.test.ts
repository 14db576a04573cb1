import { describe, expect, test } from 'vitest';
import { type Bytes, concat } from '../../../src/core/bytes.ts';
import { VirtualClock } from '../../../src/core/clock.ts';
import { type FlashOptions, flashPackage } from '../../../src/flash/session.ts';
import { xmodem } from '../../../src/flash/xmodem/driver.ts';
import {
  createGeckoDevice,
  type Fault,
  type GeckoDeviceOptions,
  type LinkFault,
  type MemoryPort,
  memoryPort,
} from '../../../src/sim/index.ts';
import type { VerifiedPackage } from '../../../src/verify/verified-package.ts';
import {
  application,
  bareApplication,
  gbl,
  gblOf,
  header,
  hex,
  ID,
  prog,
  TINY,
  TINY_START,
  tag,
} from '../../sim/support.ts';
import { errorOf, OPTIONS, testRun, verified } from '../support.ts';

const OLD = application({ start: TINY_START, bytes: 2000, version: 0x00010000, seed: 1 });
const NEW = application({ start: TINY_START, bytes: 2500, version: 0x00010100, seed: 2 });
const NO_STACK = bareApplication(0x10, TINY_START + 0x41);
const packageOf = (...files: Bytes[]): VerifiedPackage => verified(files.map((bytes) => ({ bytes })));
const PACKAGE = packageOf(gblOf(TINY_START, NEW));
const XMODEM: FlashOptions = { ...OPTIONS, chunkBytes: 128 };

/** A device at its menu, since nobody has told it to go. */
function bench(device: Partial<GeckoDeviceOptions> = {}, faults: readonly Fault[] = []) {
  const clock = new VirtualClock();
  const options = { clock, part: TINY, image: OLD, bootloader: 'xmodem' as const, ...device };
  const gecko = createGeckoDevice(options);
  gecko.pressReset(true);
  const port = memoryPort(gecko, { clock, baudRate: 115200, faults });
  const run = testRun(clock);
  const flash = (options: Partial<FlashOptions> = {}, pkg: VerifiedPackage = PACKAGE) =>
    flashPackage(pkg, port, xmodem, { ...XMODEM, ...options }, run);
  const holds = (image: Bytes) =>
    gecko.runs().refusal === undefined && Buffer.from(gecko.runs().bytes).equals(Buffer.from(image));
  return { clock, gecko, port, run, flash, holds };
}

/** Writes bytes as an earlier program would have, and lets go of the port. */
async function before(port: MemoryPort, clock: VirtualClock, ...writes: [Bytes, number][]): Promise<void> {
  const { signal } = new AbortController();
  const link = await port.open({ clock, until: clock.now() + 1000, signal });
  for (const [bytes, thenMs] of writes) {
    await link.write(bytes, { clock, until: clock.now() + 1000, signal });
    await new Promise<void>((done) => void clock.after(thenMs, done));
  }
  await link.close();
}

describe('a virtual Gecko with a menu is updated', () => {
  test.each<[string, Partial<GeckoDeviceOptions>]>([
    ['as it comes', {}],
    ['that prints its menu twice', { menu: { copies: 2 } }],
    ['that prints NULs around it', { menu: { nuls: 3 } }],
    ['that does both', { menu: { copies: 2, nuls: 5 } }],
    ['of an older kind', { menu: { title: 'EM3xx Serial Bootloader' } }],
    ['with nothing in flash', { image: new Uint8Array() }],
    ['that answers late', { latencyMs: 2500 }],
  ])('%s', async (_, options) => {
    const { flash, holds } = bench(options);
    expect(await flash()).toMatchObject({
      result: 'flashed',
      confirmation: 'handed-over',
      deviceState: 'new',
      attempts: [{ attempt: 1 }],
    });
    expect(holds(NEW)).toBe(true);
  });

  test('that prints no menu, where the operator says that it is there', async () => {
    const silent = bench({ menu: { silent: true } });
    expect(await silent.flash({ entry: 'none' })).toMatchObject({
      result: 'flashed',
      confirmation: 'handed-over',
    });
    expect(silent.holds(NEW)).toBe(true);
    const other = bench({ menu: { silent: true } });
    expect(await other.flash()).toMatchObject({ error: { code: 'device.no-bootloader' } });
    const wrong = bench({ menu: { silent: true } });
    const report = await wrong.flash({ entry: 'none' }, packageOf(gblOf(TINY_START, NO_STACK)));
    expect(report.error?.code).toBe('device.back-in-bootloader');
  });

  test('and tells the version of its bootloader', async () => {
    const { flash } = bench({ menu: { copies: 2 } });
    expect((await flash()).facts).toContainEqual({
      name: 'bootloaderVersion',
      value: '2.4.1',
      source: 'device',
    });
  });

  test.each<[string, [Bytes, number][]]>([
    ['asking for the first block', [[hex('31'), 2500]]],
    [
      'asking again and again',
      [
        [hex('31'), 100],
        [hex('0100'), 20_000],
      ],
    ],
    [
      'in the midst of a packet',
      [
        [hex('31'), 100],
        [hex('0101fe112233'), 10],
      ],
    ],
    [
      'behind the first block',
      [
        [hex('31'), 100],
        [packet(1), 10],
      ],
    ],
  ])('that hangs in an upload of somebody else, %s', async (_, writes) => {
    const { flash, holds, port, clock } = bench();
    await new Promise<void>((done) => void clock.after(100, done));
    await before(port, clock, ...writes);
    expect(await flash()).toMatchObject({ result: 'flashed', attempts: [{ attempt: 1 }] });
    expect(holds(NEW)).toBe(true);
  });

  test('by the hand of the operator, where an application runs that can not be asked', async () => {
    const { flash, gecko, run, holds, clock } = bench({ app: 'silent' });
    gecko.pressReset();
    clock.after(30_000, () => gecko.pressReset(true));
    expect(await flash({ entry: 'manual' })).toMatchObject({ result: 'flashed' });
    expect(run.messages()).toEqual([expect.stringContaining('hold its bootloader pin')]);
    expect(holds(NEW)).toBe(true);
  });

  test('an image whose last block is full, and one byte more', async () => {
    for (const bytes of [1024, 1028]) {
      const file = gbl(header(), prog(TINY_START, NEW.subarray(0, bytes - 16 - 12 - 12)));
      expect(file).toHaveLength(bytes);
      const { flash, gecko } = bench();
      await flash({ retries: 0, confirm: 'none' }, packageOf(file));
      expect(gecko.flash.operations).toBeGreaterThan(0);
    }
  });

  test('bootloader first, application behind it, one upload each', async () => {
    const bootloader = gbl(
      header(),
      tag(ID.bootloader, concat([hex('00000502 00000008'), new Uint8Array(64)])),
    );
    const { flash, holds, gecko } = bench();
    const pkg = verified([{ bytes: bootloader, role: 'bootloader' }, { bytes: gblOf(TINY_START, NEW) }]);
    expect(await flash({}, pkg)).toMatchObject({ result: 'flashed' });
    expect(gecko.state.bootloaderVersion).toBe(0x02050000);
    expect(holds(NEW)).toBe(true);
  });
});

describe('over a line with faults, in one attempt', () => {
  test.each<LinkFault['kind']>(['lose', 'corrupt', 'double', 'delay'])('%s', async (kind) => {
    // Ten packets in the midst of the image, and ten answers.
    for (const direction of ['to-device', 'to-host'] as const) {
      for (let frame = 8; frame < 18; frame++) {
        const fault = { direction, frame, kind, bit: 300, ms: 1500 } as LinkFault;
        // An answer of one byte that changed is another byte: what it would have said comes again by itself.
        const b = bench({}, [fault]);
        const report = await b.flash({ retries: 0 });
        expect(report.error?.message, `${direction} ${frame}`).toBeUndefined();
        expect(b.holds(NEW)).toBe(true);
        expect(b.gecko.flash.violations).toEqual([]);
      }
    }
  });
});

describe('a virtual Gecko with a menu that refuses', () => {
  const damaged = (at: number): Bytes => {
    const file = gblOf(TINY_START, NEW);
    file[at] = (file[at] ?? 0) ^ 1;
    return file;
  };
  test.each<[string, Bytes, Partial<GeckoDeviceOptions>, string, Record<string, unknown>]>([
    ['a CRC', damaged(500), {}, 'checksum (CRC-32) is wrong', { scope: 'file', status: 0x43 }],
    ['no signature', gblOf(TINY_START, NEW), { requireSignature: true }, 'signed', { status: 0x4f }],
    ['a tag', gbl(header(), tag(0x12345678, hex('00000000'))), {}, 'does not know', { status: 0x44 }],
    ['encryption', gbl(header(1), tag(ID.encInit, new Uint8Array(16))), {}, 'encrypted', { status: 0x50 }],
    ['a version', gbl(header(0, 0x04000000)), {}, 'format or a version', { status: 0x41 }],
    ['tags out of order', gbl(header(), header()), {}, 'tags out of order', { scope: 'file', status: 0x18 }],
    [
      'half an image',
      gblOf(TINY_START, NEW).slice(0, 1000),
      {},
      'ended before',
      { scope: 'block', status: 0x18 },
    ],
  ])('%s, and says why', async (_, file, device, words, facts) => {
    const { flash } = bench(device);
    const report = await flash({}, packageOf(file));
    expect(report).toMatchObject({
      result: 'failed',
      exit: 7,
      error: { code: 'device.image-refused', facts },
    });
    expect(report.error?.message).toContain(words);
    expect(report.attempts).toHaveLength(2);
  });

  test('to start it: the menu is back', async () => {
    const { flash } = bench();
    const report = await flash({}, packageOf(gblOf(TINY_START, NO_STACK)));
    expect(report).toMatchObject({
      exit: 7,
      deviceState: 'bootloader',
      error: { code: 'device.back-in-bootloader' },
    });
  });
});

describe('who stops', () => {
  test('leaves the upload between two packets, and the menu is there', async () => {
    const { clock, gecko, port } = bench();
    const run = testRun(clock, ({ doneBytes = 0 }) => doneBytes > 500 && run.stopNow());
    const report = await flashPackage(PACKAGE, port, xmodem, XMODEM, run);
    expect(report).toMatchObject({ result: 'interrupted', exit: 130, deviceState: 'bootloader' });
    expect(gecko.state.running).toBe('bootloader');
    expect(gecko.state.upload?.verified).toBe(false);
  });

  test('before anything was sent: nothing was', async () => {
    const { flash, run, gecko } = bench();
    run.stopNow();
    expect(await flash()).toMatchObject({ exit: 130, deviceState: 'untouched' });
    expect(gecko.flash.operations).toBe(0);
  });
});

describe('what can not be', () => {
  test.each([
    [{ chunkBytes: 64 }, 'usage.invalid'],
    [{ entry: 'bgapi' as const }, 'usage.invalid'],
    [{ confirm: 'version' as const }, 'flash.confirmation-impossible'],
    [{ confirm: 'booted' as const }, 'flash.confirmation-impossible'],
  ])('%j', async (options, code) => {
    const { flash } = bench();
    expect((await errorOf(flash(options))).code).toBe(code);
  });

  test('a raw image', async () => {
    const { flash } = bench();
    const pkg = verified([{ bytes: NEW, format: 'raw' }]);
    expect((await errorOf(flash({}, pkg))).code).toBe('flash.format-not-supported');
  });

  test('nobody there', async () => {
    const { flash, gecko, port, run } = bench();
    gecko.powerOff();
    expect(await flash()).toMatchObject({
      deviceState: 'untouched',
      error: { code: 'device.no-bootloader' },
    });
    expect((await errorOf(xmodem.identify(port, run))).code).toBe('device.no-answer');
  });
});

test('a device that floods the line with answers is given up in time, and quickly', async () => {
  const { clock, port, run, gecko } = bench();
  gecko.receive = () => {};
  const flood = new Uint8Array(300_000).fill(0x43);
  for (let at = 100; at < 60_000; at += 10_000) clock.after(at, () => gecko.send(flood));
  const startedAt = performance.now();
  expect(await flashPackage(PACKAGE, port, xmodem, XMODEM, run)).toMatchObject({
    deviceState: 'untouched',
    error: { code: 'device.no-bootloader' },
  });
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test('identify tells the version and leaves the menu', async () => {
  const { port, run, gecko } = bench();
  expect(await xmodem.identify(port, run)).toEqual({ running: 'bootloader', bootloaderVersion: '2.4.1' });
  expect(gecko.state.running).toBe('bootloader');
});

/** Written by hand: the first block of nothing but 0xff. */
function packet(number: number): Bytes {
  return concat([Uint8Array.of(1, number, 255 - number), new Uint8Array(128).fill(0xff), hex('eda9')]);
}
