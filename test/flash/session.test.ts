import { describe, expect, test } from 'vitest';
import { DfuError } from '../../src/core/errors.ts';
import { bgapi } from '../../src/flash/bgapi/driver.ts';
import type { FlashReport } from '../../src/flash/report.ts';
import { type FlashOptions, flashPackage } from '../../src/flash/session.ts';
import type { VerifiedPackage } from '../../src/verify/verified-package.ts';
import { expectValid } from '../support/schema.ts';
import {
  COMMAND,
  goodDevice,
  type Hand,
  OPTIONS,
  REPLY,
  ScriptedPort,
  someBytes,
  systemBoot,
  type TestRun,
  testRun,
  verified,
} from './support.ts';

type Script = (command: string, hand: Hand) => boolean;

function setUp(script: Script = () => false) {
  const run = testRun();
  const port = new ScriptedPort(run.clock, goodDevice(script));
  const flash = (
    options: Partial<FlashOptions> = {},
    pkg: VerifiedPackage = verified([{ bytes: someBytes(600) }]),
  ) => flashPackage(pkg, port, bgapi, { ...OPTIONS, ...options }, run);
  return { run, port, flash };
}
const chunksOf = ({ attempts }: FlashReport) => attempts.map(({ chunkBytes }) => chunkBytes);
const errorsOf = ({ attempts }: FlashReport) => attempts.map(({ error }) => error?.code);

describe('a run that goes well', () => {
  test('is reported with evidence, digests and facts, each with its source', async () => {
    const { flash } = setUp();
    const report = await flash({ operator: { product: 'lamp', installedVersion: '1.0.0' } });
    expect(report).toMatchObject({
      formatVersion: 1,
      result: 'flashed',
      exit: 0,
      protocol: 'bgapi',
      port: 'scripted device',
      confirmation: 'booted',
      deviceState: 'new',
      imageBytes: 600,
      package: { packageId: 'ab'.repeat(32), verdict: 'trusted', version: '1.1.0', product: 'lamp' },
      images: [{ name: 'image0', size: 600 }],
      attempts: [{ attempt: 1, chunkBytes: 252 }],
    });
    expect(report.error).toBeUndefined();
    expectValid('flash-report-v1', report);
    expect(report.facts).toEqual(
      expect.arrayContaining([
        { name: 'bootloaderVersion', value: '2.4.1', source: 'device' },
        { name: 'applicationVersion', value: '1.1.0', source: 'device' },
        { name: 'installedVersion', value: '1.0.0', source: 'operator' },
        { name: 'version', value: '1.1.0', source: 'package' },
      ]),
    );
    // 4 s of watching are part of it.
    expect(report.durationMs).toBeGreaterThanOrEqual(4000);
  });
});

describe('starting over', () => {
  test('a lost answer costs an attempt; the next one sends the image from its start, in smaller chunks', async () => {
    const { flash, port } = setUp((command, { times }) => command === 'upload' && times === 2);
    const report = await flash();
    expect(report.result).toBe('flashed');
    expect(chunksOf(report)).toEqual([252, 128]);
    expect(errorsOf(report)).toEqual(['link.timeout', undefined]);
    expect(port.sent.filter((c) => /^20..0002/.test(c)).map((c) => (c.length - 10) / 2)).toEqual([
      252, 252, 128, 128, 128, 128, 88,
    ]);
  });

  test('252, 128, 48, 48, and then it ends; another run may help, it says', async () => {
    const { flash, run } = setUp((command) => command === 'upload');
    const report = await flash();
    expect(chunksOf(report)).toEqual([252, 128, 48, 48]);
    expect(report).toMatchObject({
      result: 'failed',
      exit: 6,
      error: { code: 'link.timeout', retryable: true },
    });
    expectValid('flash-report-v1', report);
    expect(run.messages().filter((m) => m.startsWith('Starting over'))).toHaveLength(3);
  });

  test('as often as was allowed', async () => {
    for (const retries of [0, 1]) {
      const { flash } = setUp((command) => command === 'upload');
      expect((await flash({ retries })).attempts).toHaveLength(retries + 1);
    }
  });

  test('after a restart of the device and after a lost connection', async () => {
    const { flash } = setUp((command, hand) => {
      if (command !== 'upload' || hand.times > 2) return false;
      if (hand.times === 1) hand.reply(REPLY.bootFailure + REPLY.boot);
      else hand.cut();
      return true;
    });
    const report = await flash();
    expect(errorsOf(report)).toEqual(['device.restarted', 'link.closed', undefined]);
  });

  test('a port that vanished may come back', async () => {
    const { flash, port, run } = setUp((command, hand) => {
      if (command !== 'upload' || hand.times > 1) return false;
      hand.cut();
      port.refuse = new DfuError('link.not-found', 'gone');
      run.clock.after(1500, () => {
        port.refuse = undefined;
      });
      return true;
    });
    expect(errorsOf(await flash())).toEqual(['link.closed', 'link.not-found', undefined]);
  });

  test('a port that never was there is not tried again', async () => {
    for (const code of ['link.not-found', 'link.busy', 'link.forbidden'] as const) {
      const { flash, port } = setUp();
      port.refuse = new DfuError(code, 'no');
      const report = await flash();
      expect(report).toMatchObject({ exit: 6, deviceState: 'untouched', error: { code } });
      expect(report.attempts).toHaveLength(1);
    }
  });
});

describe('a refused image', () => {
  const refusing = (command: string, hand: Hand): boolean => {
    if (command === 'upload' && hand.times % 2 === 0) hand.reply(REPLY.uploadRefused);
    else if (command === 'upload') hand.reply(REPLY.upload);
    else return false;
    return true;
  };

  test('is sent once more, since a line fault looks the same; refused at the same place, it is the image', async () => {
    let uploads = 0;
    const { flash } = setUp((command, hand) => {
      if (command === COMMAND.probe) uploads = 0;
      if (command !== 'upload') return false;
      uploads += 1;
      hand.reply(uploads === 2 ? REPLY.uploadRefused : REPLY.upload);
      return true;
    });
    const report = await flash();
    expect(errorsOf(report)).toEqual(['device.image-refused', 'device.image-refused']);
    expect(report).toMatchObject({ exit: 7, error: { code: 'device.image-refused', retryable: false } });
  });

  test('by a line fault is mended', async () => {
    const { flash } = setUp(
      (command, hand) => command === 'upload' && hand.times < 3 && refusing(command, hand),
    );
    expect(errorsOf(await flash())).toEqual(['device.image-refused', undefined]);
  });

  test('at another place each time is still the line', async () => {
    const { flash } = setUp((command, hand) => {
      const refused = command === 'upload' && [2, 5].includes(hand.times);
      if (refused) hand.reply(REPLY.uploadRefused);
      return refused;
    });
    expect(errorsOf(await flash())).toEqual(['device.image-refused', 'device.image-refused', undefined]);
  });

  test('leaves the device with its old application, where that still starts', async () => {
    let refused = false;
    const { flash } = setUp((command, hand) => {
      if (command !== 'upload') return false;
      refused = true;
      hand.reply(REPLY.uploadRefused);
      return true;
    });
    expect(await flash()).toMatchObject({ exit: 7, deviceState: 'old' });
    expect(refused).toBe(true);
  });

  test('leaves the device in its bootloader, where nothing starts', async () => {
    let refused = false;
    const { flash } = setUp((command, hand) => {
      if (command === 'upload') {
        refused = true;
        hand.reply(REPLY.uploadRefused);
        return true;
      }
      if (!refused || command !== COMMAND.resetToDfu) return false;
      hand.reply(REPLY.bootFailure + REPLY.boot, 30);
      return true;
    });
    expect(await flash()).toMatchObject({ exit: 7, deviceState: 'bootloader' });
  });
});

describe('what ends a run at once', () => {
  test('a device that does not fit goes back to its application untouched', async () => {
    const { flash, port } = setUp();
    const pkg = verified([{ bytes: someBytes(8) }], { requires: { bootloader: { min: '3' } } });
    const report = await flash({}, pkg);
    expect(report).toMatchObject({
      exit: 5,
      deviceState: 'untouched',
      error: { code: 'device.requirement-not-met', retryable: false },
    });
    expect(port.count('upload')).toBe(0);
    expect(port.sent.at(-1)).toBe(COMMAND.reset);
    expect(report.facts).toContainEqual({ name: 'bootloaderVersion', value: '2.4.1', source: 'device' });
  });

  test('a confirmation that falls short is not sent again', async () => {
    const { flash } = setUp((command, hand) => {
      if (command !== COMMAND.reset) return false;
      hand.reply(systemBoot(9, 9, 9));
      return true;
    });
    const pkg = verified([{ bytes: someBytes(8), deviceVersion: '0x00010100' }]);
    const report = await flash({}, pkg);
    expect(report).toMatchObject({ exit: 9, result: 'failed', error: { code: 'device.wrong-version' } });
    expect(report.attempts).toHaveLength(1);
    expect(report.confirmation).toBeUndefined();
    expect(report.facts).toContainEqual({ name: 'applicationVersion', value: '9.9.9', source: 'device' });
  });

  test('the first Ctrl-C in the upload: no attempt more, and the state the device is in', async () => {
    const { flash, run } = setUp((command, { times }) => {
      if (command === 'upload' && times === 2) run.stopNow();
      return false;
    });
    const report = await flash();
    expect(report).toMatchObject({
      result: 'interrupted',
      exit: 130,
      deviceState: 'old',
      error: { code: 'run.interrupted', retryable: true },
    });
    expect(report.attempts).toHaveLength(1);
  });

  test('the second Ctrl-C: nothing more is sent', async () => {
    const { flash, run, port } = setUp((command) => {
      if (command === 'upload') run.abortNow();
      return command === 'upload';
    });
    const report = await flash();
    expect(report).toMatchObject({ result: 'interrupted', exit: 130, deviceState: 'bootloader' });
    expect(port.sent.at(-1)).toMatch(/^20fd0002/);
  });

  test('Ctrl-C between two attempts', async () => {
    const { flash, run } = setUp((command) => command === 'upload');
    run.clock.after(3500, () => run.stopNow());
    const report = await flash();
    expect(report.attempts).toHaveLength(1);
    expect(report).toMatchObject({ result: 'interrupted', exit: 130, deviceState: 'old' });
  });

  test('what nobody foresaw is not taken for an answer of the device', async () => {
    const { flash } = setUp(() => {
      throw new Error('a bug');
    });
    await expect(flash()).rejects.toThrow('a bug');
  });
});

describe('the state of the device over several attempts', () => {
  async function lastAttemptOf(run: TestRun, port: ScriptedPort): Promise<FlashReport> {
    const pkg = verified([{ bytes: someBytes(600) }]);
    return flashPackage(pkg, port, bgapi, { ...OPTIONS, entry: 'bgapi', retries: 1 }, run);
  }

  test('an attempt that could not even begin does not make it untouched again', async () => {
    let dead = false;
    const run = testRun();
    const port = new ScriptedPort(
      run.clock,
      goodDevice((command) => {
        dead ||= command === 'upload';
        return dead;
      }),
    );
    expect(await lastAttemptOf(run, port)).toMatchObject({
      exit: 6,
      deviceState: 'bootloader',
      error: { code: 'device.no-bootloader' },
    });
  });
});
