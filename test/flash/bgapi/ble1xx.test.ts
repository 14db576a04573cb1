import { describe, expect, test } from 'vitest';
import { toHex } from '../../../src/core/bytes.ts';
import { VirtualClock } from '../../../src/core/clock.ts';
import { ble1xx, ble1xxPacket } from '../../../src/flash/bgapi/driver.ts';
import { flashPackage } from '../../../src/flash/session.ts';
import {
  type Ble1xxDevice,
  type Ble1xxDeviceOptions,
  createBle1xxDevice,
  type Fault,
  memoryPort,
} from '../../../src/sim/index.ts';
import {
  errorOf,
  OPTIONS,
  PLAN,
  someBytes,
  type TestImage,
  type TestRun,
  testRun,
  verified,
} from '../support.ts';

const OLD = someBytes(500).reverse();
const raw = (bytes: number, image: Partial<TestImage> = {}): TestImage => ({
  bytes: someBytes(bytes),
  format: 'raw',
  startAddress: '0x00001000',
  ...image,
});

interface Bench {
  device: Ble1xxDevice;
  run: TestRun;
  /** Every command that reached the device, in hex. */
  sent: string[];
  flash(image?: TestImage, options?: Partial<typeof OPTIONS>): ReturnType<typeof flashPackage>;
  identify(): ReturnType<typeof ble1xx.identify>;
}

function bench(
  options: Partial<Ble1xxDeviceOptions> = {},
  faults: readonly Fault[] = [],
  protocol = ble1xx,
): Bench {
  const clock = new VirtualClock();
  const device = createBle1xxDevice({ clock, image: OLD, ...options });
  const sent: string[] = [];
  const port = memoryPort(device, { clock, faults });
  const receive = device.receive.bind(device);
  device.receive = (bytes) => {
    sent.push(toHex(bytes));
    receive(bytes);
  };
  const run = testRun(clock);
  return {
    ...{ device, run, sent },
    flash: (image = raw(300), more = {}) =>
      flashPackage(verified([image]), port, protocol, { ...OPTIONS, chunkBytes: 64, ...more }, run),
    identify: () => protocol.identify(port, run),
  };
}

const chunkLengths = (sent: readonly string[]) =>
  sent.filter((c) => /^00..0902/.test(c)).map((c) => Number.parseInt(c.slice(8, 10), 16));

describe('an update', () => {
  test('asks the application, sets the address, sends pieces of powers of two, finishes, and starts it', async () => {
    const { device, sent, flash } = bench();
    const report = await flash(raw(64 + 44));
    expect(report).toMatchObject({ result: 'flashed', confirmation: 'booted', deviceState: 'new' });
    expect(device.runs()).toEqual({ bytes: someBytes(108), whole: true });
    expect(chunkLengths(sent)).toEqual([64, 32, 8, 4]);
    const from = sent.indexOf('0001000001');
    expect(sent.slice(from + 1).filter((c) => !/^00..0902/.test(c))).toEqual([
      '0004090100100000',
      '00000903',
      '0001090000',
    ]);
  });

  test('says before anything else that it is experimental, and what can not be known', async () => {
    const { run, flash } = bench();
    await flash();
    expect(run.progress[0]?.message).toMatch(/^Warning: .*experimental.*checks no image/);
    expect(run.messages()).toHaveLength(1);
  });

  test('works on a device that sits in its bootloader without having told so, and needs no restart of it', async () => {
    const { device, sent, flash } = bench({ image: new Uint8Array() });
    const report = await flash();
    expect(report).toMatchObject({ result: 'flashed', deviceState: 'new' });
    expect(device.runs().whole).toBe(true);
    expect(sent.filter((c) => c === '0001090001')).toEqual([]);
  });

  test('writes where the image says', async () => {
    const { device, flash } = bench({ image: new Uint8Array() });
    await flash(raw(300, { startAddress: '0x00002800' }));
    expect(device.flash.read(0x2800, 300)).toEqual(someBytes(300));
    expect(device.flash.read(0x1000, 0x1800).every((byte) => byte === 0xff)).toBe(true);
  });

  test('of a silent application is not begun: the device can not be reached', async () => {
    const { device, flash } = bench({ app: 'silent' });
    const report = await flash();
    expect(report).toMatchObject({
      exit: 6,
      deviceState: 'untouched',
      error: { code: 'device.no-bootloader' },
    });
    expect(device.flash.operations).toBe(0);
  });

  test('whose application crashes again and again is told so', async () => {
    const report = await bench({ app: 'crash-loop' }).flash();
    expect(report).toMatchObject({ exit: 9, error: { code: 'device.crash-loop' } });
  });

  test('is confirmed by the version that the application tells, where the package says one', async () => {
    const { flash } = bench();
    const report = await flash(raw(300, { deviceVersion: '0x00010302' }), { confirm: 'version' });
    expect(report).toMatchObject({ result: 'flashed', confirmation: 'version' });
  });

  test('that is older than what runs is refused, and the old application runs again', async () => {
    const { device, flash } = bench();
    const report = await flash(raw(300, { deviceVersion: '0x00010301' }));
    expect(report).toMatchObject({ exit: 5, deviceState: 'untouched', error: { code: 'policy.downgrade' } });
    expect(device.state.running).toBe('application');
    expect(device.flash.operations).toBe(0);
  });
});

describe('a line that fails', () => {
  const upload = (n: number) => 5 + n;

  test('once an answer is lost, the update starts over at the start address', async () => {
    const { device, sent, flash } = bench({}, [{ kind: 'lose', direction: 'to-host', frame: upload(0) }]);
    const report = await flash();
    expect(report).toMatchObject({ result: 'flashed', attempts: { length: 2 } });
    expect(device.runs()).toEqual({ bytes: someBytes(300), whole: true });
    expect(sent.filter((c) => c === '0004090100100000').length).toBeGreaterThanOrEqual(2);
  });

  test('a piece that came twice is noticed by its answers, and never called a success', async () => {
    for (let frame = 0; frame < 12; frame++) {
      const { device, flash } = bench({}, [{ kind: 'double', direction: 'to-device', frame }]);
      const report = await flash();
      expect(report.result, `frame ${frame}`).toBe('flashed');
      expect(device.runs(), `frame ${frame}`).toEqual({ bytes: someBytes(300), whole: true });
    }
    const { device, flash } = bench({}, [{ kind: 'double', direction: 'to-device', frame: 6 }]);
    const report = await flash(undefined, { retries: 0 });
    expect(report).toMatchObject({
      result: 'failed',
      deviceState: 'bootloader',
      error: { code: 'device.out-of-step', retryable: true },
    });
    expect(device.state.running).toBe('bootloader');
  });

  test('half an image is never started: the device is left in its bootloader', async () => {
    const { device, run, sent, flash } = bench({ halfAnImage: 'starts' });
    let uploads = 0;
    const receive = device.receive.bind(device);
    device.receive = (bytes) => {
      receive(bytes);
      if (bytes[3] === 2 && bytes[2] === 9 && ++uploads === 3) run.stopNow();
    };
    const report = await flash();
    expect(report).toMatchObject({ result: 'interrupted', deviceState: 'bootloader' });
    expect(device.state.running).toBe('bootloader');
    expect(sent).not.toContain('0001090000');
  });

  test('where the bootloader starts half an image after a power cut, nothing more than that is claimed', async () => {
    const { device, flash } = bench({ halfAnImage: 'starts' }, [{ kind: 'power', operation: 9 }]);
    expect(await flash(undefined, { retries: 0 })).toMatchObject({ exit: 6, deviceState: 'unknown' });
    device.powerOn();
    expect(await flash()).toMatchObject({ exit: 6, error: { code: 'device.no-bootloader' } });
  });
});

describe('packet mode', () => {
  test('puts the length before each command', async () => {
    const both = { application: true, bootloader: true };
    const { device, sent, flash } = bench({ packetMode: both }, [], ble1xxPacket);
    expect(await flash()).toMatchObject({ result: 'flashed', protocol: 'ble1xx-packet' });
    expect(device.runs().whole).toBe(true);
    expect(sent.every((c) => Number.parseInt(c.slice(0, 2), 16) === c.length / 2 - 1)).toBe(true);
    expect(sent).toContain('080004090100100000');
  });

  test('of the bootloader only: one run brings the device there, the next one with packet mode updates it', async () => {
    const first = bench({ packetMode: { bootloader: true } });
    expect(await first.flash(undefined, { retries: 0 })).toMatchObject({ exit: 6, deviceState: 'untouched' });
    expect(first.device.state.running).toBe('bootloader');
    const port = memoryPort(first.device, { clock: first.run.clock });
    const options = { ...OPTIONS, chunkBytes: 64 };
    const report = await flashPackage(verified([raw(300)]), port, ble1xxPacket, options, first.run);
    expect(report).toMatchObject({ result: 'flashed', deviceState: 'new' });
  });
});

describe('identify', () => {
  test.each([
    ['an application', {}, { running: 'application', applicationVersion: '1.3.2', applicationBuild: '122' }],
    ['a bootloader', { image: new Uint8Array() }, { running: 'bootloader', bootloaderVersion: '1' }],
  ])('%s', async (_, options, told) => {
    expect(await bench(options).identify()).toMatchObject(told);
  });

  test('nothing', async () => {
    expect(await errorOf(bench({ app: 'silent' }).identify())).toMatchObject({ code: 'device.no-answer' });
  });
});

describe('the plan', () => {
  const plan = (image: TestImage, options: Partial<typeof PLAN> = {}, part?: string) =>
    ble1xx.plan(verified([image], { target: { product: 'lamp', ...(part && { part }) } }), {
      ...PLAN,
      chunkBytes: 64,
      ...options,
    });

  test.each([
    [300, 64, 4 + 3],
    [64, 64, 1],
    [63, 64, 6],
    [4, 1, 4],
    [100, 32, 4],
  ])('%i bytes in chunks of %i take %i requests', (bytes, chunkBytes, requests) => {
    expect(plan(raw(bytes), { chunkBytes }).sessions[0]?.requests).toBe(requests);
  });

  test.each([0, 3, 48, 128, 252, 1.5])('a chunk of %d bytes is refused', (chunkBytes) => {
    expect(() => plan(raw(300), { chunkBytes })).toThrow(expect.objectContaining({ code: 'usage.invalid' }));
  });

  test('a GBL is refused', () => {
    expect(() => plan(raw(300, { format: 'gbl' }))).toThrow(
      expect.objectContaining({ code: 'flash.format-not-supported' }),
    );
  });

  test.each([
    ['the bootloader', '0x00000000', 300, undefined],
    ['just below the application', '0x00000800', 300, undefined],
    ['the middle of a page', '0x00001004', 300, undefined],
    ['the page with the settings', '0x0003f800', 4, undefined],
    ['the last byte before it and one more', '0x0003f000', 2052, undefined],
    ['behind the flash of the part', '0x0001f800', 4, 'ble112f128'],
    ['nowhere said', undefined, 300, undefined],
  ])('%s is not written', (_, startAddress, bytes, part) => {
    const { startAddress: __, ...image } = raw(bytes);
    expect(() => plan({ ...image, ...(startAddress && { startAddress }) }, {}, part)).toThrow(
      expect.objectContaining({ code: 'flash.address-not-writable' }),
    );
  });

  test.each([
    ['0x00001000', 0x3e800, undefined],
    ['0x0003f000', 2048, undefined],
    ['0x00001000', 0x1e800, 'ble112f128'],
  ])('from %s on, %i bytes are', (startAddress, bytes, part) => {
    expect(plan(raw(bytes, { startAddress }), {}, part).totalBytes).toBe(bytes);
  });
});
