import { describe, expect, test } from 'vitest';
import { DfuError } from '../../src/core/errors.ts';
import { bgapi } from '../../src/flash/bgapi/driver.ts';
import type { Protocol } from '../../src/flash/protocol.ts';
import type { FlashReport } from '../../src/flash/report.ts';
import { type FlashOptions, flashPackage } from '../../src/flash/session.ts';
import type { ByteLink } from '../../src/link/link.ts';
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

describe('what the device tells beats what was said of it', () => {
  /** An application of that version, which answers nothing but restarts; then a bootloader. */
  const running = (told: string): Script => {
    let bootloader = false;
    return (command, hand) => {
      if (bootloader) return false;
      if (command === COMMAND.probe) hand.reply('200200010f00');
      if (command === COMMAND.reset) hand.reply(told, 100);
      bootloader = command === COMMAND.userReset;
      if (bootloader) hand.reply(REPLY.boot, 30);
      return true;
    };
  };
  const image = { bytes: someBytes(600), deviceVersion: '0x00010100' };
  const PKG = verified([image]);

  test.each<[string, string, Partial<FlashOptions>, string]>([
    ['a newer application', systemBoot(1, 2, 0), {}, 'policy.downgrade'],
    ['a newer one by a number that has no place in 8 bits', systemBoot(1, 1, 256), {}, 'policy.downgrade'],
    [
      'another application than the operator said',
      systemBoot(1, 0, 1),
      { operator: { installedVersion: '1.0.0' } },
      'policy.contradiction',
    ],
    [
      'another one, though a downgrade is allowed',
      systemBoot(1, 2, 0),
      { operator: { installedVersion: '1.1.0' }, allowDowngrade: true },
      'policy.contradiction',
    ],
  ])('%s: refused, and the device is brought back untouched', async (_, told, options, code) => {
    const { flash, port } = setUp(running(told));
    const report = await flash(options, PKG);
    expect(report).toMatchObject({
      result: 'failed',
      exit: 5,
      deviceState: 'untouched',
      error: { code, retryable: false },
    });
    expect(report.attempts).toHaveLength(1);
    expect(port.count('upload')).toBe(0);
    expect(port.sent.at(-1)).toBe(COMMAND.reset);
    expectValid('flash-report-v1', report);
  });

  test.each<[string, string, Partial<FlashOptions>, VerifiedPackage]>([
    ['the same version', systemBoot(1, 1, 0), {}, PKG],
    ['a downgrade that is allowed', systemBoot(1, 2, 0), { allowDowngrade: true }, PKG],
    [
      'what the operator said, but for a pre-release that no device tells',
      systemBoot(1, 0, 0),
      { operator: { installedVersion: '1.0.0-rc.1' } },
      PKG,
    ],
    [
      'without deviceVersion nothing is compared: it may be the version of the SDK',
      systemBoot(7, 1, 0),
      { operator: { installedVersion: '1.0.0' } },
      verified([{ bytes: someBytes(600) }]),
    ],
    [
      'a device that counts otherwise than the package contradicts nobody',
      systemBoot(1, 0, 0),
      { operator: { installedVersion: '3.0.0' } },
      verified([image], { version: '3.1.0' }),
    ],
  ])('%s', async (_, told, options, pkg) => {
    const { flash } = setUp(running(told));
    expect(await flash(options, pkg)).toMatchObject({ result: 'flashed' });
  });

  test.each([
    ['the device comes back in its bootloader, which does not know it', true],
    ['the device tells it again', false],
  ])('a newer version told before the link broke is not forgotten: %s', async (_, asleep) => {
    let broken = false;
    const before = running(systemBoot(1, 2, 0));
    const { flash, port } = setUp((command, hand) => {
      if (broken && asleep) return false;
      if (broken || command !== COMMAND.userReset) return before(command, hand);
      broken = true;
      hand.cut();
      return true;
    });
    const report = await flash({}, PKG);
    expect(errorsOf(report)).toEqual(['link.closed', 'policy.downgrade']);
    expect(report).toMatchObject({ exit: 5, deviceState: 'untouched' });
    expect(report.facts).toContainEqual({
      name: 'applicationVersionBefore',
      value: '1.2.0',
      source: 'device',
    });
    expect(port.count('upload')).toBe(0);
  });

  test('the version from before the update stands in the report beside the new one', async () => {
    const { flash } = setUp(running(systemBoot(1, 0, 7)));
    const report = await flash({}, PKG);
    expect(report.facts).toEqual(
      expect.arrayContaining([
        { name: 'applicationVersionBefore', value: '1.0.7', source: 'device' },
        { name: 'applicationVersion', value: '1.1.0', source: 'device' },
        { name: 'applicationBuild', value: '0', source: 'device' },
        { name: 'hardware', value: '1', source: 'device' },
      ]),
    );
    expect(report.notTold).toEqual([]);
  });

  test('a silent new application is not credited with the version of the old one', async () => {
    let sent = false;
    const old = running(systemBoot(1, 0, 7));
    const { flash } = setUp((command, hand) => {
      sent ||= command === COMMAND.finish;
      return (sent && command !== COMMAND.finish) || old(command, hand);
    });
    const report = await flash({}, PKG);
    expect(report).toMatchObject({ confirmation: 'handed-over' });
    expect(report.facts.map(({ name }) => name)).toContain('applicationVersionBefore');
    expect(report.facts.map(({ name }) => name)).not.toContain('applicationVersion');
  });

  test('what came with an attempt that failed is not taken for what was there before', async () => {
    let lost = false;
    const { flash } = setUp((command, hand) => {
      if (command === COMMAND.finish && !lost) {
        lost = true;
        return true;
      }
      // The application of the first attempt starts and tells, before the second goes on.
      if (!lost || command !== COMMAND.resetToDfu) return false;
      hand.reply(systemBoot(1, 1, 0) + REPLY.boot, 30);
      return true;
    });
    const report = await flash(
      { operator: { installedVersion: '1.0.0' } },
      verified([image], { requires: { application: { below: '1.1' } } }),
    );
    expect(report).toMatchObject({ result: 'flashed' });
    expect(report.attempts).toHaveLength(2);
  });

  test('what was not told is listed, so that nothing is passed over in silence', async () => {
    const { flash } = setUp();
    const requires = {
      bootloader: { min: '2' },
      apploader: { min: '1' },
      application: { min: '1' },
    };
    const report = await flash({}, verified([{ bytes: someBytes(8) }], { requires }));
    expect(report).toMatchObject({ result: 'flashed', notTold: ['apploaderVersion', 'applicationVersion'] });
    expectValid('flash-report-v1', report);
    const { flash: another } = setUp();
    expect((await another({}, PKG)).notTold).toEqual(['applicationVersion']);
    const { flash: plain } = setUp();
    expect((await plain()).notTold).toEqual([]);
    const { flash: absent, port } = setUp();
    port.refuse = new DfuError('link.not-found', 'no');
    expect((await absent({}, verified([{ bytes: someBytes(8) }], { requires }))).notTold).toEqual([
      'bootloaderVersion',
      'apploaderVersion',
      'applicationVersion',
    ]);
  });
});

describe('a protocol that says its own sizes of chunks', () => {
  const protocol = (over: Partial<Protocol<ByteLink>>): Protocol<ByteLink> => ({ ...bgapi, ...over });
  const failing: Script = (command) => command === 'upload';

  test('is asked in those', async () => {
    const { run, port } = setUp(failing);
    const own = protocol({ chunkBytes: { default: 64, smaller: [32, 16] } });
    const pkg = verified([{ bytes: someBytes(600) }]);
    const { chunkBytes: _, ...options } = OPTIONS;
    expect(chunksOf(await flashPackage(pkg, port, own, options, run))).toEqual([64, 32, 16, 16]);
  });

  test('and can not plan with the next: a report tells of the run, and the device is brought back', async () => {
    const { run, port } = setUp(failing);
    const own = protocol({ chunkBytes: { default: 64, smaller: [50] } });
    const pkg = verified([{ bytes: someBytes(600) }]);
    const { chunkBytes: _, ...options } = OPTIONS;
    const report = await flashPackage(pkg, port, own, options, run);
    expect(report).toMatchObject({ result: 'failed', exit: 2, deviceState: 'old' });
    expect(report.error).toMatchObject({ code: 'usage.invalid' });
    expect(errorsOf(report)).toEqual(['link.timeout']);
    expectValid('flash-report-v1', report);
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
    // Nothing was answered yet: whether the old application is gone, nobody knows.
    expect(report).toMatchObject({ result: 'interrupted', exit: 130, deviceState: 'unknown' });
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
      deviceState: 'unknown',
      error: { code: 'device.no-bootloader' },
    });
  });
});
