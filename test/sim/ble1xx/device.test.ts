import { describe, expect, test } from 'vitest';
import { toHex } from '../../../src/core/bytes.ts';
import { VirtualClock } from '../../../src/core/clock.ts';
import { pause, within } from '../../../src/core/wait.ts';
import { type Ble1xxDeviceOptions, createBle1xxDevice } from '../../../src/sim/index.ts';
import { hex } from '../support.ts';

const SET_ADDRESS = '0004090100100000';
const FINISH = '00000903';
const OK = { setAddress: '000209010000', upload: '000209020000', finish: '000209030000' };
const BOOT = '8004090001000000';
const upload = (length: number, data = 'a5'.repeat(length)) =>
  `00${(length + 1).toString(16).padStart(2, '0')}0902${length.toString(16).padStart(2, '0')}${data}`;

function bench(options: Partial<Ble1xxDeviceOptions> = {}) {
  const clock = new VirtualClock();
  const device = createBle1xxDevice({ clock, ...options });
  let sent: string[] = [];
  device.send = (bytes) => sent.push(toHex(bytes));
  const signal = new AbortController().signal;
  const wait = (ms: number) => pause(within(ms, { clock, signal }));
  return {
    device,
    wait,
    /** What the device says to that, in hex. */
    async says(bytes: string, ms = 500): Promise<string[]> {
      sent = [];
      device.receive(hex(bytes));
      await wait(ms);
      return sent;
    },
    async started(): Promise<string[]> {
      sent = [];
      await wait(500);
      return sent;
    },
  };
}

describe('the bootloader', () => {
  test('tells its start once, and writes what it is sent from the address on', async () => {
    const { device, says, started } = bench();
    expect(await started()).toEqual([BOOT]);
    expect(await says(SET_ADDRESS)).toEqual([OK.setAddress]);
    expect(await says(upload(64))).toEqual([OK.upload]);
    expect(await says(upload(1, '7f'))).toEqual([OK.upload]);
    expect(await says(FINISH)).toEqual([OK.finish]);
    expect(toHex(device.runs().bytes)).toBe(`${'a5'.repeat(64)}7f`);
    expect(device.runs().whole).toBe(true);
    expect(device.flash.violations).toEqual([]);
  });

  test.each([0, 3, 5, 48, 63, 65, 128])(
    'fails on a piece of %i bytes until the next address',
    async (length) => {
      const { says, started } = bench();
      await started();
      await says(SET_ADDRESS);
      expect(await says(upload(length))).toEqual(['000209028001']);
      expect(await says(upload(4))).not.toEqual([OK.upload]);
      expect(await says(FINISH)).not.toEqual([OK.finish]);
      expect(await says(SET_ADDRESS)).toEqual([OK.setAddress]);
      expect(await says(upload(4))).toEqual([OK.upload]);
      expect(await says(FINISH)).toEqual([OK.finish]);
    },
  );

  test('refuses a piece whose two lengths differ', async () => {
    const { device, says, started } = bench();
    await started();
    await says(SET_ADDRESS);
    expect(await says(`0005090208${'00'.repeat(4)}`)).toEqual(['000209029501']);
    expect(device.flash.operations).toBe(0);
  });

  test.each([
    ['00080000', 'below the application'],
    ['ff0f0000', 'one byte below'],
    ['00f80100', 'the page with the settings'],
  ])('does not go to %s, %s', async (address) => {
    const { says, started } = bench();
    await started();
    expect(await says(`00040901${address}`)).toEqual(['000209018001']);
  });

  test('does not run over into the page with the settings', async () => {
    const { device, says, started } = bench();
    await started();
    expect(await says('00040901c0f70100')).toEqual([OK.setAddress]);
    expect(await says(upload(64))).toEqual([OK.upload]);
    expect(await says(upload(1))).toEqual(['000209028001']);
    expect(device.flash.read(0x1f800, 1)[0]).toBe(0xff);
  });

  test('writes nothing before an address was set', async () => {
    const { device, says, started } = bench();
    await started();
    expect(await says(upload(4))).toEqual(['000209028101']);
    expect(device.flash.operations).toBe(0);
  });

  test('says nothing to commands of other classes, to other generations, and to half a command', async () => {
    const { says, started } = bench();
    await started();
    for (const other of ['00000008', '0001000000', '2004000100000000'])
      expect(await says(other, 5000)).toEqual([]);
    expect(await says('000409', 1100)).toEqual([]);
    expect(await says(SET_ADDRESS)).toEqual([OK.setAddress]);
  });

  test('restarts by reset(1), and starts no half an image by reset(0)', async () => {
    const { device, says, started } = bench();
    await started();
    expect(await says('0001090001')).toEqual([BOOT]);
    await says(SET_ADDRESS);
    await says(upload(4));
    expect(await says('0001090000')).toEqual([BOOT]);
    expect(device.state.running).toBe('bootloader');
  });
});

test('half an image starts where the model is told so, and nothing answers then', async () => {
  const { device, says, started } = bench({ halfAnImage: 'starts' });
  await started();
  await says(SET_ADDRESS);
  await says(upload(4));
  expect(await says('0001090000')).toEqual([]);
  expect(device.state.running).toBe('application');
  expect(await says('00000008')).toEqual([]);
});

describe('the application', () => {
  const image = new Uint8Array(16).fill(1);

  test('tells its start, answers, and takes the way into the bootloader', async () => {
    const { says, started } = bench({ image });
    expect(await started()).toEqual(['800c00000100030002007a0003000102']);
    expect(await says('00000008')).toEqual(['000c00080100030002007a0003000102']);
    expect(await says('0001000001')).toEqual([BOOT]);
  });

  test('in packet mode wants the length in front', async () => {
    const { says, started } = bench({ image, packetMode: { application: true } });
    await started();
    expect(await says('00000008', 5000)).toEqual([]);
    expect(await says('0400000008')).toHaveLength(1);
  });
});
