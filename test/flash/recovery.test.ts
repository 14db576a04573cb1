import { describe, expect, test } from 'vitest';
import { equalBytes } from '../../src/core/bytes.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { DfuError, ERRORS, type ErrorCode } from '../../src/core/errors.ts';
import { bgapi } from '../../src/flash/bgapi/driver.ts';
import { describeError } from '../../src/flash/report.ts';
import { type FlashOptions, flashPackage } from '../../src/flash/session.ts';
import { xmodem } from '../../src/flash/xmodem/driver.ts';
import { createGeckoDevice, type GeckoDeviceOptions, memoryPort } from '../../src/sim/index.ts';
import { TINY } from '../sim/support.ts';
import { expectValid } from '../support/schema.ts';
import { NEW, OLD, PACKAGE } from '../sweep/scene.ts';
import { OPTIONS, testRun } from './support.ts';

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A device with the old application; what it says is lost where `arrives` says so. */
function bench(arrives: (frame: string) => boolean, device: Partial<GeckoDeviceOptions> = {}) {
  const clock = new VirtualClock();
  const gecko = createGeckoDevice({ clock, part: TINY, image: OLD, ...device });
  const port = memoryPort(gecko, { clock });
  const say = gecko.send;
  gecko.send = (bytes) => {
    if (arrives(hexOf(bytes))) say(bytes);
  };
  const flash = (options: Partial<FlashOptions> = {}, protocol = bgapi) =>
    flashPackage(PACKAGE, port, protocol, { ...OPTIONS, retries: 0, ...options }, testRun(clock));
  return { gecko, port, flash, clock };
}
const isNew = (bytes: Uint8Array<ArrayBuffer>) => equalBytes(bytes, NEW);

describe('a device that runs the new version is found out', () => {
  test('the answer to finish is lost, and no attempt is left: success, by the version that it tells', async () => {
    const { gecko, flash } = bench((frame) => !frame.startsWith('20020003'));
    const report = await flash();
    expect(isNew(gecko.runs().bytes)).toBe(true);
    expect(report).toMatchObject({
      result: 'flashed',
      exit: 0,
      confirmation: 'version',
      deviceState: 'new',
      attempts: [{ error: { code: 'link.timeout' } }],
    });
    expect(report.error).toBeUndefined();
    expectValid('flash-report-v1', report);
  });

  test('the version was there before: nobody can tell, and it stays the time-out that it is', async () => {
    const { flash } = bench((frame) => !frame.startsWith('20020003'), { image: NEW });
    expect(await flash()).toMatchObject({ exit: 6, deviceState: 'unknown', error: { code: 'link.timeout' } });
  });

  test('the cable is pulled when the image was accepted, and comes back', async () => {
    let pulled = false;
    const { gecko, flash, clock, port } = bench((frame) => {
      if (!frame.startsWith('20020003') || pulled) return true;
      pulled = true;
      clock.after(50, () => port.unplug(true));
      clock.after(700, () => port.plugIn());
      return true;
    });
    expect(await flash()).toMatchObject({ result: 'flashed', confirmation: 'version', deviceState: 'new' });
    expect(isNew(gecko.runs().bytes)).toBe(true);
  });

  test('and where it does not: sent and accepted, not seen, and another run may help', async () => {
    const { flash, clock, port } = bench((frame) => {
      if (frame.startsWith('20020003')) clock.after(50, () => port.unplug(true));
      return true;
    });
    expect(await flash()).toMatchObject({
      exit: 9,
      deviceState: 'new',
      error: { code: 'device.confirmation-lost', retryable: true },
    });
  });

  test('over XMODEM: the cable is pulled behind the last word, and comes back', async () => {
    const menu = { bootloader: 'xmodem', app: 'silent' } as const;
    let pulled = false;
    const { gecko, flash, clock, port } = bench((frame) => {
      if (pulled || !Buffer.from(frame, 'hex').includes('complete')) return true;
      pulled = true;
      clock.after(1200, () => port.unplug(true));
      clock.after(1900, () => port.plugIn());
      return true;
    }, menu);
    gecko.pressReset(true);
    const report = await flash({ chunkBytes: 128, entry: 'none' }, xmodem);
    expect(report).toMatchObject({ result: 'flashed', confirmation: 'handed-over', deviceState: 'new' });
    expect(isNew(gecko.runs().bytes)).toBe(true);
  });
});

describe('and so is the reverse', () => {
  test('the old application is called that, where finish was never heard', async () => {
    const { gecko, flash, port, clock } = bench(() => true);
    const receive = gecko.receive.bind(gecko);
    let uploads = 0;
    gecko.receive = (bytes) => {
      // The header alone gets there; then the device restarts of itself, and the line is gone for a moment.
      if (hexOf(bytes).startsWith('20') && hexOf(bytes).slice(4, 8) === '0002' && uploads++ === 0) {
        port.unplug();
        gecko.powerCycle();
        return;
      }
      receive(bytes);
    };
    const report = await flash({ chunkBytes: 4 });
    expect(report).toMatchObject({
      exit: 6,
      deviceState: 'old',
      error: { code: 'link.closed', retryable: true },
    });
    expect(equalBytes(gecko.runs().bytes, OLD)).toBe(true);
    expect(clock.now()).toBeLessThan(60_000);
  });

  test('nobody there: that no application starts is said only where the old one must be gone', async () => {
    for (const [uploads, state] of [
      [1, 'unknown'],
      [3, 'bootloader'],
    ] as const) {
      let count = 0;
      const { gecko, flash, port } = bench((frame) => {
        if (frame === '200200020000' && ++count === uploads) port.unplug(true);
        return true;
      });
      const report = await flash({ chunkBytes: 252 });
      expect(report, `${uploads}`).toMatchObject({ deviceState: state, error: { code: 'link.closed' } });
      if (state === 'bootloader') expect(gecko.runs().refusal).toBeDefined();
    }
  });
});

describe('whether another run will help', () => {
  test('refused once, it may be the line; twice at the same place, it is the image', async () => {
    const signed = { requireSignature: true } as const;
    const once = await bench(() => true, signed).flash();
    expect(once.error).toMatchObject({ code: 'device.image-refused', retryable: true });
    const twice = await bench(() => true, signed).flash({ retries: 3 });
    expect(twice.attempts).toHaveLength(2);
    expect(twice.error).toMatchObject({ code: 'device.image-refused', retryable: false });
  });

  const codes = Object.keys(ERRORS).filter((code) => /^(device|link)\./.test(code)) as ErrorCode[];
  test.each(codes)('%s: what the cure says agrees with it', (code) => {
    const { retryable, cure } = describeError(new DfuError(code, 'x'));
    // Whoever is told to run the command again must not be told that this is useless.
    if (/run the command again|then run/i.test(cure)) expect(retryable).toBe(true);
    // What another run mends is a matter of cable, power, port or the way into the bootloader.
    if (retryable) expect(cure).toMatch(/cable|power|port|program|bootloader/i);
    else expect(cure).not.toMatch(/run the command again/i);
    expect(new DfuError(code, 'x').withDeviceState('unknown').retryable).toBe(retryable);
  });
});
