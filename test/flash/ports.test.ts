import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { DfuError } from '../../src/core/errors.ts';
import { auto, identifyDevice } from '../../src/flash/auto.ts';
import { bgapi } from '../../src/flash/bgapi/driver.ts';
import { parseResetSequence } from '../../src/flash/reset-sequence.ts';
import { type FlashOptions, flashPackage } from '../../src/flash/session.ts';
import type { ByteLink, Port } from '../../src/link/link.ts';
import { twoRates } from '../../src/link/two-rates.ts';
import { createGeckoDevice, type GeckoDeviceOptions, memoryPort } from '../../src/sim/index.ts';
import { application, gblOf, TINY, TINY_START } from '../sim/support.ts';
import { OPTIONS, testRun, verified } from './support.ts';

const OLD = application({ start: TINY_START, bytes: 2000, version: 0x00010000, seed: 1 });
const NEW = application({ start: TINY_START, bytes: 2500, version: 0x00010100, seed: 2 });
const pkgOf = (image: Bytes, deviceVersion = '0x00010100') =>
  verified([{ bytes: gblOf(TINY_START, image), deviceVersion }]);

function bench(device: Partial<GeckoDeviceOptions>) {
  const clock = new VirtualClock();
  const gecko = createGeckoDevice({ clock, part: TINY, image: OLD, ...device });
  const port = memoryPort(gecko, { clock, baudRate: 115_200 });
  const run = testRun(clock);
  const flash = (options: Partial<FlashOptions> = {}, over: Port<ByteLink> = port, pkg = pkgOf(NEW)) =>
    flashPackage(pkg, over, bgapi, { ...OPTIONS, ...options }, run);
  const holds = (image: Bytes) =>
    gecko.runs().refusal === undefined && Buffer.from(gecko.runs().bytes).equals(Buffer.from(image));
  return { clock, gecko, port, run, flash, holds };
}

const reset = parseResetSequence('sonoff');

describe('a device that can not be asked, wired to DTR and RTS', () => {
  const silent = { app: 'silent', modemLines: 'crossed' } as const;

  test('is not reached without them, and the cure names both ways', async () => {
    const { flash } = bench(silent);
    const report = await flash();
    expect(report.error).toMatchObject({ code: 'device.no-bootloader' });
    expect(report.error?.cure).toMatch(/--reset.*--entry manual/);
  });

  test.each(['auto', 'none'] as const)('is reset into its bootloader, with --entry %s', async (entry) => {
    const { flash, holds, run, port } = bench(silent);
    const report = await flash({ reset, entry });
    expect(report).toMatchObject({
      result: 'flashed',
      attempts: [{ attempt: 1 }],
      options: { reset: 'sonoff' },
    });
    expect(holds(NEW)).toBe(true);
    expect(run.messages()).toContain('Resetting the device: sonoff');
    expect(port.lines).toEqual({ dtr: false, rts: false });
  });

  test('that hangs is reset again before the next attempt', async () => {
    const b = bench(silent);
    let cut = false;
    const stuck: Port<ByteLink> = {
      ...b.port,
      name: 'stuck',
      kind: 'bytes',
      open: async (wait) => {
        const link = await b.port.open(wait);
        if (!cut) b.clock.after(720, () => b.port.unplug());
        cut = true;
        return link;
      },
    };
    const report = await b.flash({ reset, entry: 'none' }, stuck);
    expect(report).toMatchObject({ result: 'flashed', attempts: [{ error: { code: 'link.closed' } }, {}] });
    expect(b.run.messages().filter((text) => text.startsWith('Resetting'))).toHaveLength(2);
  });

  test('is not left held in reset by Ctrl-C', async () => {
    const { flash, run, clock, gecko } = bench(silent);
    const lines: unknown[] = [];
    const setLines = gecko.setLines?.bind(gecko);
    gecko.setLines = (now) => {
      lines.push(now);
      setLines?.(now);
    };
    clock.after(50, () => run.stopNow());
    const report = await flash({ reset });
    expect(report).toMatchObject({ result: 'interrupted', exit: 130, deviceState: 'untouched' });
    expect(lines).toEqual([
      { dtr: false, rts: true },
      { dtr: false, rts: false },
    ]);
    expect(gecko.state.running).toBe('application');
  });

  test('an application that starts by the reset tells its version, and is asked then', async () => {
    const { flash, holds } = bench({ modemLines: 'rts' });
    const report = await flash({ reset: parseResetSequence('rts') });
    expect(report).toMatchObject({ result: 'flashed' });
    expect(report.facts).toContainEqual({
      name: 'applicationVersionBefore',
      value: '1.0.0',
      source: 'device',
    });
    expect(holds(NEW)).toBe(true);
  });

  test('a port without lines says so, and nothing is sent', async () => {
    const { flash, port, run } = bench(silent);
    const bare: Port<ByteLink> = {
      kind: 'bytes',
      name: 'bridge',
      open: async (wait) => {
        const link = await port.open(wait);
        return {
          kind: 'bytes',
          inbox: link.inbox,
          closed: link.closed,
          write: link.write.bind(link),
          close: () => link.close(),
        };
      },
    };
    const report = await flash({ reset }, bare);
    expect(report).toMatchObject({
      exit: 6,
      deviceState: 'untouched',
      error: { code: 'link.no-modem-lines' },
    });
    expect(port.frames('to-device')).toBe(0);
    // The port was let go of.
    await (await port.open({ clock: run.clock, until: run.clock.now() + 1, signal: run.signal })).close();
  });
});

test('Ctrl-C ends the wait for a port at once', async () => {
  const { flash, run, clock } = bench({});
  const never: Port<ByteLink> = {
    kind: 'bytes',
    name: 'nowhere',
    open: (wait) =>
      new Promise((_, reject) => {
        wait.signal.addEventListener('abort', () => reject(new DfuError('run.interrupted', 'stopped')));
      }),
  };
  clock.after(100, () => run.stopNow());
  expect(await flash({}, never)).toMatchObject({
    result: 'interrupted',
    exit: 130,
    deviceState: 'untouched',
  });
});

describe('an application that talks at another baud rate than its bootloader', () => {
  const device = { bootloaderBaudRate: 115_200, applicationBaudRate: 460_800 };
  const rates = { bootloader: 115_200, application: 460_800 };

  test('is not reached at one rate', async () => {
    expect(await bench(device).flash()).toMatchObject({ error: { code: 'device.no-bootloader' } });
  });

  test.each<[string, Partial<GeckoDeviceOptions>]>([
    ['any', {}],
    ['user_reset_to_dfu', { entry: 'user' }],
    ['system_reset', { entry: 'system' }],
  ])(
    'is asked at its own to enter the bootloader (%s), and heard at its own when it starts',
    async (_, entry) => {
      const b = bench({ ...device, ...entry });
      const report = await b.flash({}, twoRates(b.port, rates));
      expect(report).toMatchObject({
        result: 'flashed',
        confirmation: 'version',
        attempts: [{ attempt: 1 }],
      });
      expect(report.facts).toContainEqual({
        name: 'applicationVersionBefore',
        value: '1.0.0',
        source: 'device',
      });
      expect(b.holds(NEW)).toBe(true);
    },
  );

  test('a downgrade is seen, and the device goes back to what it ran', async () => {
    const b = bench({ ...device, image: NEW });
    const report = await b.flash({}, twoRates(b.port, rates), pkgOf(OLD, '0x00010000'));
    expect(report).toMatchObject({ error: { code: 'policy.downgrade' }, deviceState: 'untouched' });
    expect(b.gecko.state.running).toBe('application');
    expect(b.holds(NEW)).toBe(true);
  });

  test('an application that does not start is found out at the rate of the bootloader', async () => {
    const b = bench(device);
    const broken = gblOf(
      TINY_START,
      NEW.map((byte, i) => (i === 4 ? 0xff : i === 5 ? 0xff : byte)),
    );
    const report = await b.flash({}, twoRates(b.port, rates), verified([{ bytes: broken }]));
    expect(report).toMatchObject({ error: { code: 'device.back-in-bootloader' }, deviceState: 'bootloader' });
  });

  test('a blank device needs the one of the bootloader alone', async () => {
    const b = bench({ ...device, image: new Uint8Array() });
    expect(await b.flash({}, twoRates(b.port, rates))).toMatchObject({ confirmation: 'version' });
  });

  test.each([
    ['bgapi', bgapi],
    ['auto', auto],
  ])('is identified by %s', async (_, protocol) => {
    const b = bench(device);
    const { device: told } = await identifyDevice(protocol, twoRates(b.port, rates), b.run);
    expect(told).toMatchObject({ running: 'application', applicationVersion: '1.0.0' });
  });
});
