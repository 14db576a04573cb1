import { describe, expect, test } from 'vitest';
import { concat, toHex, u16le } from '../../../src/core/bytes.ts';
import { application, Bench, BOOT, bareApplication, hex, TINY_START } from '../support.ts';

const image = application({ start: TINY_START, bytes: 800, version: 0x00020304 });
const systemBoot = (...version: [number, number, number]) =>
  toHex(concat([hex('a0 12 01 00'), ...version.map(u16le), hex('0000 01000402 0100 00000000')]));

const TO_DFU = '20 00 ff 02';
const RESET_TO_DFU = '20 01 01 01 01';
const RESET = '20 01 01 01 00';
const SET_ADDRESS = '20 04 00 01 00 00 00 00';

async function running(options: ConstructorParameters<typeof Bench>[0]): Promise<Bench> {
  const bench = new Bench({ image, ...options });
  await bench.settle();
  return bench;
}

describe('a bgapi application', () => {
  test('announces the version in the properties of the image that is in flash', async () => {
    const bench = await running({});
    expect(bench.take()).toEqual([systemBoot(2, 3, 4)]);
  });

  test('without properties announces 0.0.0', async () => {
    const bench = await running({ image: bareApplication(0x20001000, TINY_START) });
    expect(bench.take()).toEqual([systemBoot(0, 0, 0)]);
  });

  test.each([
    ['set_address', SET_ADDRESS, '200200010f00'],
    ['system_hello', '20 00 01 00', '200201000f00'],
    ['dfu_reset(1)', '20 01 00 00 01', '200200000f00'],
  ])('answers %s with "not supported"', async (_, command, answer) => {
    const bench = await running({});
    bench.take();
    expect(await bench.ask(command)).toBe(answer);
    expect(bench.device.state.running).toBe('application');
  });

  test.each([TO_DFU, RESET_TO_DFU])('goes to the bootloader with %s', async (command) => {
    const bench = await running({});
    bench.take();
    expect(await bench.ask(command)).toBe(BOOT);
  });

  test('restarts with system_reset(0)', async () => {
    const bench = await running({});
    bench.take();
    expect(await bench.ask(RESET)).toBe(systemBoot(2, 3, 4));
  });

  test('gives up half a command', async () => {
    const bench = await running({});
    bench.take();
    expect(await bench.ask('20 04 01 07 00')).toBe('silence');
    expect(await bench.ask(SET_ADDRESS)).toBe('200200010f00');
  });

  test('answers nothing that came behind a reset', async () => {
    const bench = await running({});
    bench.take();
    bench.device.receive(hex(RESET_TO_DFU + SET_ADDRESS));
    await bench.settle();
    expect(bench.take()).toEqual([BOOT]);
  });

  test('of an SDK that knows user_reset_to_dfu only restarts with system_reset(1)', async () => {
    const bench = await running({ entry: 'user' });
    bench.take();
    expect(await bench.ask(RESET_TO_DFU)).toBe(systemBoot(2, 3, 4));
    expect(await bench.ask(TO_DFU)).toBe(BOOT);
  });

  test('of an SDK that does not know user_reset_to_dfu says so', async () => {
    const bench = await running({ entry: 'system' });
    bench.take();
    expect(await bench.ask(TO_DFU)).toBe('2002ff020f00');
    expect(await bench.ask(RESET_TO_DFU)).toBe(BOOT);
  });
});

describe('a silent application', () => {
  test('says nothing, answers nothing and can not be sent to the bootloader', async () => {
    const bench = await running({ app: 'silent' });
    for (const command of [SET_ADDRESS, TO_DFU, RESET_TO_DFU, RESET]) {
      expect(await bench.ask(command)).toBe('silence');
    }
    expect(bench.device.state.running).toBe('application');
  });

  test.each([
    ['user', TO_DFU, RESET_TO_DFU],
    ['system', RESET_TO_DFU, TO_DFU],
  ] as const)('with the way in "%s" knows that one', async (entry, known, unknown) => {
    const bench = await running({ app: 'silent', entry });
    expect(await bench.ask(unknown)).toBe('silence');
    expect(await bench.ask(known)).toBe(BOOT);
  });
});

describe('an application that came up old', () => {
  test.each([
    [0x00020304, [2, 3, 3]],
    [0x00020300, [2, 2, 0]],
    [0x00020000, [1, 0, 0]],
    [0x00000000, [0, 0, 0]],
  ] as const)('with 0x%x in flash announces an older version', async (version, shown) => {
    const bench = await running({
      app: 'old-version',
      image: application({ start: TINY_START, bytes: 800, version }),
    });
    expect(bench.take()).toEqual([systemBoot(...(shown as [number, number, number]))]);
  });
});

describe('an application in a crash loop', () => {
  test('announces itself again and again', async () => {
    const bench = new Bench({
      image,
      app: 'crash-loop',
      bootMs: 20,
      applicationBootMs: 100,
      crashAfterMs: 300,
    });
    await bench.wait(4200 - 1);
    bench.device.powerOff();
    expect(bench.take()).toEqual(Array(10).fill(systemBoot(2, 3, 4)));
  });

  test('can be sent to the bootloader before it crashes, and stays there', async () => {
    const bench = await running({ image, app: 'crash-loop' });
    bench.take();
    expect(await bench.ask(TO_DFU)).toBe(BOOT);
    await bench.wait(10_000);
    expect(bench.take()).toEqual([]);
  });
});
