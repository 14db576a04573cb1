import { describe, expect, test } from 'vitest';
import { DfuError } from '../../../src/core/errors.ts';
import { bgapi } from '../../../src/flash/bgapi/driver.ts';
import type { FlashPlan } from '../../../src/flash/protocol.ts';
import {
  ATTEMPT,
  COMMAND,
  errorOf,
  goodDevice,
  type Hand,
  PLAN,
  planOf,
  REPLY,
  ScriptedPort,
  someBytes,
  systemBoot,
  type TestRun,
  testRun,
  verified,
} from '../support.ts';

type Script = (command: string, hand: Hand) => boolean;

/** A run against a good device, except for what the script does instead. */
function setUp(script: Script = () => false): { port: ScriptedPort; run: TestRun } {
  const run = testRun();
  return { run, port: new ScriptedPort(run.clock, goodDevice(script)) };
}
const execute = (port: ScriptedPort, run: TestRun, plan: FlashPlan = planOf(bgapi, 600)) =>
  bgapi.execute(port, plan, run, ATTEMPT);

/** The image bytes that the uploads carried. */
const uploaded = (port: ScriptedPort): string =>
  port.sent
    .filter((c) => /^20..0002/.test(c))
    .map((c) => c.slice(10))
    .join('');

describe('an update', () => {
  test('sends the whole image in order, in chunks of at most 252 bytes, each with lead byte 0x20', async () => {
    const { port, run } = setUp();
    const outcome = await execute(port, run);
    const uploads = port.sent.filter((c) => /^....0002/.test(c));
    expect(uploads.map((c) => (c.length - 10) / 2)).toEqual([252, 252, 96]);
    expect(uploads.every((c) => c.startsWith('20'))).toBe(true);
    expect(uploaded(port)).toBe(Buffer.from(someBytes(600)).toString('hex'));
    expect(outcome).toMatchObject({ confirmation: 'booted', deviceState: 'new' });
  });

  test('counts the bytes both ways between first upload and finish', async () => {
    const { port, run } = setUp();
    const { wireBytes } = await execute(port, run);
    expect(wireBytes).toBe(600 + 3 * (5 + 6) + 4 + 6);
  });

  test('never has two requests outstanding', async () => {
    let outstanding = 0;
    const { port, run } = setUp((command, hand) => {
      if (![COMMAND.probe, 'upload', COMMAND.finish].includes(command as never)) return false;
      outstanding++;
      expect(outstanding).toBe(1);
      run.clock.after(50, () => {
        outstanding--;
      });
      hand.reply(
        command === 'upload' ? REPLY.upload : command === COMMAND.finish ? REPLY.finish : REPLY.setAddress,
        50,
      );
      return true;
    });
    await execute(port, run);
  });

  test('finishes every image in a session of its own, in order', async () => {
    const { port, run } = setUp();
    const pkg = verified([{ bytes: someBytes(300) }, { bytes: someBytes(100) }]);
    await execute(port, run, bgapi.plan(pkg, PLAN));
    const steps = port.sent.map((c) => (/^20..0002/.test(c) ? 'upload' : c));
    expect(steps.slice(-8)).toEqual([
      'upload',
      'upload',
      COMMAND.finish,
      COMMAND.resetToDfu,
      COMMAND.probe,
      'upload',
      COMMAND.finish,
      COMMAND.reset,
    ]);
  });

  test('tells progress over all images, and the facts the device told', async () => {
    const { port, run } = setUp();
    await execute(
      port,
      run,
      bgapi.plan(verified([{ bytes: someBytes(300) }, { bytes: someBytes(100) }]), PLAN),
    );
    const uploads = run.progress.filter(({ phase }) => phase === 'upload');
    expect(uploads.map(({ doneBytes }) => doneBytes)).toEqual([252, 300, 400]);
    expect(uploads.every(({ totalBytes }) => totalBytes === 400)).toBe(true);
    expect(run.progress.find(({ facts }) => facts)?.facts).toEqual({
      running: 'bootloader',
      bootloaderVersion: '2.4.1',
    });
  });
});

describe('entry', () => {
  test('a bootloader that answers without a boot event is restarted: its parser may hold half an image', async () => {
    const { port, run } = setUp();
    await execute(port, run);
    expect(port.sent.slice(0, 3)).toEqual([COMMAND.probe, COMMAND.resetToDfu, COMMAND.probe]);
  });

  test('a device that starts by itself within 200 ms is taken as it is', async () => {
    const { port, run } = setUp();
    port.say(REPLY.bootFailure, 100);
    port.say(REPLY.boot, 101);
    await execute(port, run);
    expect(port.count(COMMAND.resetToDfu)).toBe(0);
    expect(port.sent[0]).toBe(COMMAND.probe);
  });

  test('a boot event from before the restart does not count', async () => {
    const { port, run } = setUp((command, hand) => {
      if (command === COMMAND.probe && hand.times === 1) hand.reply(REPLY.setAddress + REPLY.boot);
      // The first restart gets lost.
      else return command === COMMAND.resetToDfu && hand.times === 1;
      return true;
    });
    await execute(port, run);
    expect(port.count(COMMAND.resetToDfu)).toBe(2);
    expect(port.sent.lastIndexOf(COMMAND.resetToDfu)).toBeLessThan(
      port.sent.findIndex((c) => /^20fd/.test(c)),
    );
  });

  test('a boot event that comes while the probe waits for its answer is kept', async () => {
    const { port, run } = setUp((command, { times }) => command === COMMAND.probe && times === 1);
    port.say(REPLY.boot, 400);
    await execute(port, run);
    expect(port.count(COMMAND.resetToDfu)).toBe(0);
  });

  test.each([
    ['user_reset_to_dfu', COMMAND.userReset],
    ['system_reset(1)', COMMAND.resetToDfu],
  ])('an application that knows only %s', async (_, known) => {
    let inBootloader = false;
    const { port, run } = setUp((command, hand) => {
      if (inBootloader) return false;
      if (command === known) {
        inBootloader = true;
        hand.reply(REPLY.boot, 30);
      } else if (command === COMMAND.probe) hand.reply('200200010f00');
      return true;
    });
    await execute(port, run);
    expect(inBootloader).toBe(true);
  });

  test('a device that answers only after half a packet timed out is found', async () => {
    const { port, run } = setUp(() => run.clock.now() < 3000);
    await execute(port, run);
    expect(port.count('upload')).toBe(3);
  });

  test.each(['auto', 'bgapi'] as const)('%s gives up in bounded time, and calls nobody', async (entry) => {
    const { port, run } = setUp(() => true);
    const error = await errorOf(execute(port, run, planOf(bgapi, 600, { entry })));
    expect(error).toMatchObject({
      code: 'device.no-bootloader',
      deviceState: 'untouched',
      facts: { answered: false },
    });
    expect(run.clock.now()).toBeLessThan(20_000);
    expect(run.messages()).toEqual([]);
  });

  test('manual sends nothing before the device has started, and ends after a minute', async () => {
    const { port, run } = setUp();
    const error = await errorOf(execute(port, run, planOf(bgapi, 600, { entry: 'manual' })));
    expect(error.code).toBe('device.no-bootloader');
    expect(port.sent).toEqual([]);
    expect(run.messages()).toHaveLength(1);
    expect(run.clock.now()).toBeLessThan(61_000);
  });

  test('manual goes on with the boot event', async () => {
    const { port, run } = setUp();
    port.say(REPLY.boot, 30_000);
    await execute(port, run, planOf(bgapi, 600, { entry: 'manual' }));
    expect(port.count('upload')).toBe(3);
  });

  test('a second attempt does not call the operator again', async () => {
    const { port, run } = setUp();
    await bgapi.execute(port, planOf(bgapi, 600, { entry: 'manual' }), run, { ...ATTEMPT, number: 2 });
    expect(run.messages()).toEqual([]);
  });

  test('none never asks an application', async () => {
    const { port, run } = setUp((command) => command === COMMAND.probe);
    const error = await errorOf(execute(port, run, planOf(bgapi, 600, { entry: 'none' })));
    expect(error.code).toBe('device.no-bootloader');
    expect(new Set(port.sent)).toEqual(new Set([COMMAND.probe]));
  });

  test('a second boot event during set address is followed', async () => {
    const { port, run } = setUp((command, hand) => {
      if (command !== COMMAND.probe || hand.times !== 2) return false;
      hand.reply(REPLY.boot);
      return true;
    });
    await execute(port, run);
    expect(port.count('upload')).toBe(3);
  });

  test('what the device told is judged once, before anything on it is changed', async () => {
    const { port, run } = setUp();
    const told: unknown[] = [];
    const judge = (facts: unknown) => {
      told.push(facts);
      throw new DfuError('policy.downgrade', 'no');
    };
    const error = await errorOf(bgapi.execute(port, planOf(bgapi, 600), run, { number: 1, judge }));
    expect(error).toMatchObject({ code: 'policy.downgrade', deviceState: 'untouched' });
    expect(told).toEqual([{ running: 'bootloader', bootloaderVersion: '2.4.1' }]);
    expect(port.count('upload')).toBe(0);
    const two = bgapi.plan(verified([{ bytes: someBytes(8) }, { bytes: someBytes(8) }]), PLAN);
    let judged = 0;
    await bgapi.execute(port, two, run, { number: 1, judge: () => void judged++ });
    expect(judged).toBe(1);
  });

  test.each([
    ['is restarted once to tell its version, where that is compared', '0x00010100', 1],
    ['is not restarted where its version compares with nothing', undefined, 0],
  ])('an application that answers %s', async (_, deviceVersion, restarts) => {
    let inBootloader = false;
    const { port, run } = setUp((command, hand) => {
      if (inBootloader) return false;
      if (command === COMMAND.probe) hand.reply('200200010f00');
      if (command === COMMAND.reset) hand.reply(systemBoot(1, 0, 7), 100);
      // It knows this one at the second time only.
      if (command === COMMAND.userReset && hand.times === 2) {
        inBootloader = true;
        hand.reply(REPLY.boot, 30);
      }
      return true;
    });
    const told: unknown[] = [];
    const image = deviceVersion === undefined ? {} : { deviceVersion };
    const judge = (facts: unknown) => void told.push(facts);
    await bgapi.execute(port, planOf(bgapi, 600, {}, image), run, { number: 1, judge });
    const before = port.sent.slice(
      0,
      port.sent.findIndex((c) => /^20fd/.test(c)),
    );
    expect(before.filter((c) => c === COMMAND.reset)).toHaveLength(restarts);
    expect(told).toEqual([
      {
        running: 'bootloader',
        bootloaderVersion: '2.4.1',
        ...(restarts > 0 && { applicationVersion: '1.0.7', applicationBuild: '0', hardware: '1' }),
      },
    ]);
  });
});

describe('the upload', () => {
  test('a lost answer is never mended by sending again', async () => {
    const { port, run } = setUp((command, { times }) => command === 'upload' && times === 2);
    const error = await errorOf(execute(port, run));
    expect(error).toMatchObject({ code: 'link.timeout', retryable: true, deviceState: 'bootloader' });
    expect(port.count('upload')).toBe(2);
    expect(error.message).toContain('offset 252');
  });

  test('a doubled answer does not run ahead: each chunk waits for its own', async () => {
    let unanswered = 0;
    const { port, run } = setUp((command, hand) => {
      if (command !== 'upload') return false;
      expect(unanswered).toBe(0);
      unanswered++;
      run.clock.after(20, () => {
        unanswered--;
      });
      hand.reply(hand.times === 1 ? REPLY.upload + REPLY.upload : REPLY.upload, 20);
      return true;
    });
    expect(await execute(port, run)).toMatchObject({ strayResponses: 1 });
  });

  test('noise that looks like the start of a frame does not swallow the answer', async () => {
    const { port, run } = setUp((command, hand) => {
      if (command !== 'upload' || hand.times !== 2) return false;
      hand.reply(`2050${REPLY.upload}`);
      return true;
    });
    expect(await execute(port, run)).toMatchObject({ confirmation: 'booted', strayResponses: 0 });
    expect(port.count('upload')).toBe(3);
    expect(uploaded(port)).toBe(Buffer.from(someBytes(600)).toString('hex'));
  });

  test.each([
    ['an upload', 'upload', REPLY.uploadRefused, 'bootloader'],
    ['finish', COMMAND.finish, REPLY.finishRefused, 'unknown'],
  ])('a refusal of %s is told in words', async (_, command, reply, deviceState) => {
    const { port, run } = setUp((sent, hand) => {
      if (sent !== command) return false;
      hand.reply(reply);
      return true;
    });
    const error = await errorOf(execute(port, run));
    expect(error).toMatchObject({
      code: 'device.image-refused',
      exit: 7,
      deviceState,
      facts: { status: 0x46 },
    });
    expect(error.message).toContain('SECURITY_IMAGE_CHECKSUM_ERROR');
  });

  test('the sticky error: what is refused once ends the attempt, though later uploads are acknowledged', async () => {
    const { port, run } = setUp((command, hand) => {
      if (command !== 'upload' || hand.times !== 1) return false;
      hand.reply(REPLY.uploadRefused);
      return true;
    });
    await errorOf(execute(port, run));
    expect(port.count('upload')).toBe(1);
    expect(port.count(COMMAND.finish)).toBe(0);
  });

  test('a restart in the middle is noticed at once', async () => {
    const { port, run } = setUp((command, hand) => {
      if (command !== 'upload' || hand.times !== 2) return false;
      hand.reply(REPLY.bootFailure + REPLY.boot, 10);
      return true;
    });
    const error = await errorOf(execute(port, run));
    expect(error).toMatchObject({ code: 'device.restarted', retryable: true, deviceState: 'bootloader' });
    expect(run.clock.now()).toBeLessThan(1000);
  });

  test('a lost connection says so', async () => {
    const { port, run } = setUp((command, hand) => {
      if (command !== 'upload') return false;
      hand.cut();
      return true;
    });
    expect(await errorOf(execute(port, run))).toMatchObject({
      code: 'link.closed',
      deviceState: 'bootloader',
    });
  });

  test('finish may take its time', async () => {
    const { port, run } = setUp((command, hand) => {
      if (command !== COMMAND.finish) return false;
      hand.reply(REPLY.finish, 14_000);
      return true;
    });
    expect(await execute(port, run)).toMatchObject({ confirmation: 'booted', deviceState: 'new' });
    expect(port.count(COMMAND.finish)).toBe(1);
    expect(run.clock.now()).toBeGreaterThan(14_000);
  });

  test('when the last chunk went out and no answer came, nobody knows what is in flash', async () => {
    const { port, run } = setUp((command, { times }) => command === 'upload' && times === 3);
    expect(await errorOf(execute(port, run))).toMatchObject({ code: 'link.timeout', deviceState: 'unknown' });
  });
});

describe('Ctrl-C', () => {
  test('the first stops between two uploads', async () => {
    const { port, run } = setUp((command, { times }) => {
      if (command === 'upload' && times === 2) run.stopNow();
      return false;
    });
    const error = await errorOf(execute(port, run));
    expect(error).toMatchObject({ code: 'run.interrupted', exit: 130, deviceState: 'bootloader' });
    expect(port.count('upload')).toBe(2);
  });

  test('after the last upload the update is brought to its end', async () => {
    const { port, run } = setUp((command, { times }) => {
      if (command === 'upload' && times === 3) run.stopNow();
      return false;
    });
    expect(await execute(port, run)).toMatchObject({ confirmation: 'booted' });
  });

  test('while the operator is waited for, nothing was touched', async () => {
    const { port, run } = setUp(() => true);
    run.clock.after(5000, () => run.stopNow());
    const error = await errorOf(execute(port, run, planOf(bgapi, 600, { entry: 'manual' })));
    expect(error).toMatchObject({ code: 'run.interrupted', deviceState: 'untouched' });
    expect(run.clock.now()).toBeLessThan(6000);
  });

  test('the second ends every wait at once', async () => {
    const { port, run } = setUp((command) => command === 'upload');
    run.clock.after(1000, () => run.abortNow());
    const error = await errorOf(execute(port, run));
    expect(error).toMatchObject({ code: 'run.interrupted', deviceState: 'bootloader' });
    expect(run.clock.now()).toBeLessThan(1100);
  });
});

describe('plans', () => {
  test('count the requests, and print without a device', () => {
    const plan = planOf(bgapi, 600);
    expect(plan.sessions.map(({ requests }) => requests)).toEqual([3]);
    expect(plan.totalBytes).toBe(600);
  });

  test('refuse what is no verified package', async () => {
    const plan = planOf(bgapi, 600);
    const lookAlike = { ...plan.package };
    expect(() => bgapi.plan(lookAlike, PLAN)).toThrow(TypeError);
    const { port, run } = setUp();
    await expect(execute(port, run, { ...plan, package: lookAlike })).rejects.toThrow(TypeError);
    expect(port.opened).toBe(0);
  });

  test('refuse raw images, with the cure', async () => {
    const error = await errorOf(Promise.resolve().then(() => planOf(bgapi, 600, {}, { format: 'raw' })));
    expect(error.code).toBe('flash.format-not-supported');
    expect(error.cure).toContain('--image-format gbl');
  });

  test.each([0, 2, 50, 253, 256, 1.5])('refuse chunks of %d bytes', async (chunkBytes) => {
    const error = await errorOf(Promise.resolve().then(() => planOf(bgapi, 600, { chunkBytes })));
    expect(error.code).toBe('usage.invalid');
  });

  test('refuse to confirm a version that the package does not say', async () => {
    const error = await errorOf(Promise.resolve().then(() => planOf(bgapi, 600, { confirm: 'version' })));
    expect(error.code).toBe('flash.confirmation-impossible');
    planOf(bgapi, 600, { confirm: 'version' }, { deviceVersion: '0x00010100' });
  });
});

describe('identify', () => {
  test('a bootloader tells its version and stays a bootloader', async () => {
    const { port, run } = setUp();
    expect(await bgapi.identify(port, run)).toEqual({ running: 'bootloader', bootloaderVersion: '2.4.1' });
    expect(port.sent.at(-1)).toBe(COMMAND.resetToDfu);
  });

  test('an application tells both versions', async () => {
    const { port, run } = setUp((command, hand) => {
      if (command === COMMAND.reset) hand.reply(systemBoot(), 100);
      return true;
    });
    expect(await bgapi.identify(port, run)).toEqual({
      running: 'application',
      applicationVersion: '1.1.0',
      applicationBuild: '0',
      hardware: '1',
      bootloaderVersion: '2.4.1',
    });
  });

  test('nobody there is an error', async () => {
    const { port, run } = setUp(() => true);
    expect((await errorOf(bgapi.identify(port, run))).code).toBe('device.no-answer');
  });
});
