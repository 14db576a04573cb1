import { describe, expect, test } from 'vitest';
import { bgapi } from '../../../src/flash/bgapi/driver.ts';
import type { Confirmation } from '../../../src/flash/protocol.ts';
import {
  ATTEMPT,
  COMMAND,
  errorOf,
  goodDevice,
  type Hand,
  planOf,
  REPLY,
  ScriptedPort,
  systemBoot,
  testRun,
} from '../support.ts';

interface Case {
  asked?: Confirmation;
  deviceVersion?: string;
}

/** An update whose device does, after the reset into the application, what `after` says; it does not answer otherwise then. */
async function confirm(
  after: (hand: Hand, run: ReturnType<typeof testRun>) => void,
  { asked, deviceVersion }: Case = {},
) {
  const run = testRun();
  let started = false;
  const port = new ScriptedPort(
    run.clock,
    goodDevice((command, hand) => {
      if (command === COMMAND.reset) {
        started = true;
        after(hand, run);
      }
      return started;
    }),
  );
  const plan = planOf(
    bgapi,
    600,
    { confirm: asked ?? 'handed-over' },
    deviceVersion === undefined ? {} : { deviceVersion },
  );
  return { run, port, outcome: bgapi.execute(port, plan, run, ATTEMPT) };
}
const outcomeOf = async (...args: Parameters<typeof confirm>) => (await confirm(...args)).outcome;
const failureOf = async (...args: Parameters<typeof confirm>) => errorOf((await confirm(...args)).outcome);
const boot = (hand: Hand) => hand.reply(systemBoot(), 100);

describe('confirmation is graded evidence', () => {
  test('version: the application told the one that was expected', async () => {
    const outcome = await outcomeOf(boot, { deviceVersion: '0x00010100' });
    expect(outcome).toMatchObject({ confirmation: 'version', deviceState: 'new' });
    expect(outcome.facts).toEqual({
      running: 'application',
      applicationVersion: '1.1.0',
      applicationBuild: '0',
      hardware: '1',
      bootloaderVersion: '2.4.1',
    });
  });

  test('booted: it told one, none was expected', async () => {
    expect(await outcomeOf(boot)).toMatchObject({ confirmation: 'booted' });
  });

  test('handed-over: silence, and none answers', async () => {
    const { outcome, run } = await confirm(() => {});
    expect(await outcome).toMatchObject({ confirmation: 'handed-over', deviceState: 'new' });
    expect(run.clock.now()).toBeGreaterThanOrEqual(4000);
  });

  test('none: nothing is looked at', async () => {
    const { outcome, run } = await confirm((hand) => hand.reply(REPLY.bootFailure + REPLY.boot), {
      asked: 'none',
    });
    expect(await outcome).toMatchObject({ confirmation: 'none' });
    expect(run.clock.now()).toBeLessThan(2000);
  });

  test('an application that says nothing by itself, but answers, has booted', async () => {
    const run = testRun();
    let started = false;
    const port = new ScriptedPort(
      run.clock,
      goodDevice((command, hand) => {
        if (started && command === COMMAND.probe) hand.reply('200200018401');
        started ||= command === COMMAND.reset;
        return started;
      }),
    );
    expect(await bgapi.execute(port, planOf(bgapi, 600), run, ATTEMPT)).toMatchObject({
      confirmation: 'booted',
    });
  });

  test('what an application prints is no answer', async () => {
    const text = Buffer.from(
      'ok boot 123\r\n and more than enough of it to fill a frame '.repeat(8),
    ).toString('hex');
    expect(await outcomeOf((hand) => hand.reply(text, 4100))).toMatchObject({ confirmation: 'handed-over' });
  });
});

describe('a fault while the start is watched is not taken for one of the image', () => {
  test('one restart is a glitch of the power: quiet afterwards, the last start counts', async () => {
    const outcome = await outcomeOf(
      (hand) => {
        hand.reply(systemBoot(1, 0, 0), 100);
        hand.reply(systemBoot(), 3900);
      },
      { asked: 'version', deviceVersion: '0x00010100' },
    );
    expect(outcome).toMatchObject({ confirmation: 'version', facts: { applicationVersion: '1.1.0' } });
  });

  test('a reset that was heard as one into the bootloader is sent once more', async () => {
    const outcome = await outcomeOf((hand) => hand.reply(hand.times === 1 ? REPLY.boot : systemBoot(), 100));
    expect(outcome).toMatchObject({ confirmation: 'booted', deviceState: 'new' });
  });

  test('an application that answers, and whose boot event was lost, is asked to tell its version', async () => {
    const { run } = await confirm(() => {});
    let resets = 0;
    const port = new ScriptedPort(
      run.clock,
      goodDevice((command, hand) => {
        if (command === COMMAND.reset && ++resets === 1) return true;
        if (command !== COMMAND.probe || resets === 0) return false;
        // An application refuses what is the bootloader's.
        hand.reply('200200018101');
        return true;
      }),
    );
    const plan = planOf(bgapi, 600, { confirm: 'version' }, { deviceVersion: '0x00010100' });
    const outcome = await bgapi.execute(port, plan, run, ATTEMPT);
    expect(outcome).toMatchObject({ confirmation: 'version', deviceState: 'new' });
  });
});

describe('what is not good enough', () => {
  test.each([
    ['a boot failure', REPLY.bootFailure + REPLY.boot],
    ['a boot event', REPLY.boot],
  ])('%s, however late in the window: back in the bootloader', async (_, frames) => {
    const error = await failureOf((hand) => hand.reply(frames, 3900));
    expect(error).toMatchObject({ code: 'device.back-in-bootloader', exit: 7, deviceState: 'bootloader' });
  });

  test('an application that starts and then falls back into the bootloader', async () => {
    const error = await failureOf((hand) => {
      hand.reply(systemBoot(), 100);
      hand.reply(REPLY.bootFailure, 2000);
    });
    expect(error.code).toBe('device.back-in-bootloader');
  });

  test('starts again and again are a crash loop, also when they come slowly', async () => {
    const error = await failureOf((hand) => {
      for (const ms of [100, 3900, 7700]) hand.reply(systemBoot(), ms);
    });
    expect(error).toMatchObject({ code: 'device.crash-loop', exit: 9 });
  });

  test('another version than expected, whatever was asked for', async () => {
    for (const asked of ['version', 'booted', 'handed-over'] as const) {
      const error = await failureOf(boot, { asked, deviceVersion: '0x00010101' });
      expect(error).toMatchObject({
        code: 'device.wrong-version',
        exit: 9,
        facts: { expected: '1.1.1', found: '1.1.0' },
      });
    }
    expect(await outcomeOf(boot, { asked: 'none', deviceVersion: '0x00010101' })).toMatchObject({
      confirmation: 'none',
    });
  });

  test('a part of the version above 255 is not mistaken for another', async () => {
    // 1.0.256 in the bits of 1.1.0.
    const error = await failureOf((hand) => hand.reply(systemBoot(1, 0, 256), 10), {
      deviceVersion: '0x00010100',
    });
    expect(error.code).toBe('device.wrong-version');
  });

  test('less than asked for', async () => {
    expect(await failureOf(() => {}, { asked: 'booted' })).toMatchObject({
      code: 'device.not-confirmed',
      exit: 9,
      deviceState: 'new',
    });
    expect(await failureOf(() => {}, { asked: 'version', deviceVersion: '0x00010100' })).toMatchObject({
      code: 'device.not-confirmed',
    });
  });

  test('a link that ends now does not undo what is in flash', async () => {
    const error = await failureOf((hand) => hand.cut());
    expect(error).toMatchObject({ code: 'device.confirmation-lost', deviceState: 'new', retryable: true });
  });

  test('a lost reset is sent once more; a bootloader that stays is told', async () => {
    const run = testRun();
    const stays = (command: string) => command === COMMAND.reset;
    const port = new ScriptedPort(run.clock, goodDevice(stays));
    const error = await errorOf(bgapi.execute(port, planOf(bgapi, 600), run, ATTEMPT));
    expect(error.code).toBe('device.back-in-bootloader');
    expect(port.count(COMMAND.reset)).toBe(2);

    const lost = testRun();
    const losing = new ScriptedPort(
      lost.clock,
      goodDevice((command, { times }) => command === COMMAND.reset && times === 1),
    );
    expect(await bgapi.execute(losing, planOf(bgapi, 600), lost, ATTEMPT)).toMatchObject({
      confirmation: 'booted',
    });
  });

  test('the second Ctrl-C ends the watch; the image is in flash', async () => {
    const error = await failureOf((_, run) => {
      run.clock.after(500, () => run.abortNow());
    });
    expect(error).toMatchObject({ code: 'run.interrupted', deviceState: 'new' });
  });
});
