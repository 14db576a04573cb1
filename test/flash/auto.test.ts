import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { auto, identifyDevice } from '../../src/flash/auto.ts';
import { bgapiPresence } from '../../src/flash/bgapi/presence.ts';
import { type FlashOptions, flashPackage } from '../../src/flash/session.ts';
import { xmodemPresence } from '../../src/flash/xmodem/presence.ts';
import {
  createBle1xxDevice,
  createGeckoDevice,
  type GeckoDeviceOptions,
  type LinkFault,
  memoryPort,
} from '../../src/sim/index.ts';
import { application, gblOf, hex, TINY, TINY_START } from '../sim/support.ts';
import { errorOf, testRun, verified } from './support.ts';

const OLD = application({ start: TINY_START, bytes: 1300, version: 0x00010000, seed: 1 });
const NEW = application({ start: TINY_START, bytes: 1500, version: 0x00010100, seed: 2 });
const PACKAGE = verified([{ bytes: gblOf(TINY_START, NEW), deviceVersion: '0x00010100' }]);

function bench(device: Partial<GeckoDeviceOptions> = {}) {
  const clock = new VirtualClock();
  const gecko = createGeckoDevice({ clock, part: TINY, image: OLD, ...device });
  const port = memoryPort(gecko, { clock, baudRate: 115200 });
  const run = testRun(clock);
  const sent: number[] = [];
  const receive = gecko.receive.bind(gecko);
  gecko.receive = (bytes: Bytes) => {
    sent.push(...bytes);
    receive(bytes);
  };
  const options: FlashOptions = { entry: 'auto', confirm: 'auto', retries: 0, operator: {} };
  return {
    clock,
    gecko,
    port,
    run,
    sent,
    settled: () => new Promise<void>((done) => void clock.after(500, done)),
    flash: (over: Partial<FlashOptions> = {}) =>
      flashPackage(PACKAGE, port, auto, { ...options, ...over }, run),
    holds: (image: Bytes) => Buffer.from(gecko.runs().bytes).equals(Buffer.from(image)),
    found: () => run.progress.flatMap(({ found }) => found ?? []),
  };
}

const APPLICATION = 'an application that speaks BGAPI';
const BOOTLOADER = 'a BGAPI bootloader';
const MENU = 'the menu of an XMODEM bootloader';
const BLANK = { image: new Uint8Array() };

describe('auto', () => {
  test.each<[string, Partial<GeckoDeviceOptions>, string[], string]>([
    ['a BGAPI application', {}, [APPLICATION], 'bgapi'],
    ['a BGAPI bootloader', BLANK, [BOOTLOADER], 'bgapi'],
    ['a menu', { ...BLANK, bootloader: 'xmodem' }, [MENU], 'xmodem'],
    ['a menu with NULs', { ...BLANK, bootloader: 'xmodem', menu: { copies: 2, nuls: 4 } }, [MENU], 'xmodem'],
    ['a BGAPI application above a menu', { bootloader: 'xmodem' }, [APPLICATION, MENU], 'xmodem'],
    ['an application that only listens', { app: 'silent', entry: 'system' }, [], 'bgapi'],
    ['the same above a menu', { app: 'silent', entry: 'system', bootloader: 'xmodem' }, [MENU], 'xmodem'],
  ])('finds %s, says so, and flashes it', async (_, device, found, protocol) => {
    const b = bench(device);
    await b.settled();
    const report = await b.flash();
    expect(report, report.error?.message).toMatchObject({ result: 'flashed', protocol, deviceState: 'new' });
    expect(report.options.chunkBytes).toBe(protocol === 'bgapi' ? 252 : 128);
    expect(b.found()).toEqual(found);
    expect(b.holds(NEW)).toBe(true);
  });

  test('an application whose menu can not give the evidence asked for runs again afterwards', async () => {
    const b = bench({ bootloader: 'xmodem' });
    await b.settled();
    const report = await b.flash({ confirm: 'version' });
    expect(report.error?.code).toBe('flash.confirmation-impossible');
    await b.settled();
    expect(b.gecko.state.running).toBe('application');
    expect(b.holds(OLD)).toBe(true);
    expect(['old', 'unknown']).toContain(report.deviceState);
  });

  test.each<[string, Partial<GeckoDeviceOptions>, string, 'bootloader' | 'application']>([
    ['a BGAPI application', {}, 'bgapi', 'application'],
    ['a BGAPI bootloader', BLANK, 'bgapi', 'bootloader'],
    ['a menu', { ...BLANK, bootloader: 'xmodem' }, 'xmodem', 'bootloader'],
  ])('identifies %s and leaves it as it was', async (_, device, name, running) => {
    const b = bench(device);
    await b.settled();
    const { protocol, device: told } = await identifyDevice(auto, b.port, b.run);
    expect([protocol.name, told.running]).toEqual([name, running]);
    expect(told.bootloaderVersion).toBe('2.4.1');
    await b.settled();
    expect(b.gecko.state.running).toBe(running);
    expect(b.gecko.flash.operations).toBe(0);
  });

  test.each<[string, string]>([
    ['waits for its first block', '31'],
    ['asks for a block again and again', '31 0100'],
  ])('a receiver that %s is brought back to its menu', async (_, keys) => {
    const b = bench({ ...BLANK, bootloader: 'xmodem' });
    await b.settled();
    for (const byte of hex(keys)) {
      b.gecko.receive(Uint8Array.of(byte));
      await b.settled();
    }
    expect(await b.flash()).toMatchObject({ result: 'flashed', protocol: 'xmodem' });
  });

  test('nobody there is told, with the cure; nothing was touched', async () => {
    const b = bench();
    b.gecko.powerOff();
    expect(await b.flash()).toMatchObject({
      result: 'failed',
      exit: 6,
      deviceState: 'untouched',
      error: { code: 'device.no-answer', cure: expect.stringContaining('bootloader pin') },
    });
    const error = await errorOf(identifyDevice(auto, b.port, b.run));
    expect(error.code).toBe('device.no-answer');
    expect(error.message).toContain('neither BGAPI, nor the menu');
  });

  test.each(['bgapi', 'xmodem'] as const)('the hand of the operator brings out %s', async (bootloader) => {
    const b = bench({ app: 'silent', bootloader });
    await b.settled();
    b.clock.after(20_000, () => b.gecko.pressReset(true));
    const report = await b.flash({ entry: 'manual' });
    expect(report, report.error?.message).toMatchObject({ result: 'flashed', protocol: bootloader });
    expect(b.run.messages()).toEqual([expect.stringContaining('hold its bootloader pin')]);
  });

  test('the operator was asked in vain', async () => {
    const b = bench({ app: 'silent' });
    expect(await b.flash({ entry: 'manual' })).toMatchObject({
      deviceState: 'untouched',
      error: { code: 'device.no-bootloader' },
    });
  });

  test('a confirmation that the protocol found can not give is refused before anything is sent', async () => {
    const b = bench({ ...BLANK, bootloader: 'xmodem' });
    await b.settled();
    const report = await b.flash({ confirm: 'version' });
    expect(report).toMatchObject({ exit: 2, deviceState: 'untouched' });
    expect(report.error?.code).toBe('flash.confirmation-impossible');
    expect(b.gecko.flash.operations).toBe(0);
  });

  test('Ctrl-C ends the looking', async () => {
    const b = bench();
    b.gecko.powerOff();
    b.clock.after(600, () => b.run.stopNow());
    expect(await b.flash()).toMatchObject({ exit: 130, deviceState: 'untouched' });
  });
});

test('no probe holds a key that does something, and none for a menu holds what begins a BGAPI command', () => {
  const keys = [0x31, 0x32];
  for (const { probe } of [bgapiPresence, xmodemPresence]) {
    expect([...probe].filter((byte) => keys.includes(byte))).toEqual([]);
  }
  expect([...xmodemPresence.probe]).not.toContain(0x20);
  // A receiver of XMODEM must leave at the first byte, before it could take the others for a packet.
  expect(bgapiPresence.probe[0]).toBe(0x20);
});

describe('a BLE1xx bootloader', () => {
  const late: LinkFault = { kind: 'delay', direction: 'to-device', frame: 0, ms: 30 };
  test.each<[string, LinkFault[]]>([
    ['asked at once', []],
    ['that got the first probe late, and takes its end for the beginning of a command', [late]],
  ])('%s is found', async (_, faults) => {
    const clock = new VirtualClock();
    const port = memoryPort(createBle1xxDevice({ clock }), { clock, baudRate: 115200, faults });
    await new Promise<void>((done) => void clock.after(500, done));
    const { protocol, device } = await identifyDevice(auto, port, testRun(clock));
    expect(protocol.name).toBe('ble1xx');
    expect(device.running).toBe('bootloader');
  });
});
