import { describe, expect, test } from 'vitest';
import { type Bytes, concat } from '../../../src/core/bytes.ts';
import { VirtualClock } from '../../../src/core/clock.ts';
import { Inbox } from '../../../src/core/inbox.ts';
import { Channel } from '../../../src/flash/bgapi/channel.ts';
import { bgapi } from '../../../src/flash/bgapi/driver.ts';
import type { ByteLink } from '../../../src/link/link.ts';
import {
  ATTEMPT,
  COMMAND,
  errorOf,
  goodDevice,
  type Hand,
  hex,
  planOf,
  REPLY,
  ScriptedPort,
  systemBoot,
  testRun,
} from '../support.ts';

/** An event that nobody waits for, answers that nobody asked for, text, half frames. */
const FLOODS = {
  events: 'a0020304aabb',
  answers: '200203040000',
  'starts of the application': systemBoot(),
  text: '68656c6c6f0d0a',
  'half frames': 'a0ff',
};

/** A device that sends `kibibytes` each millisecond, for ever, from the moment that `begins` says; it does all else right. */
function flooding(flood: string, kibibytes: number, begins: (command: string) => boolean) {
  const run = testRun(new VirtualClock());
  const piece = concat(Array.from({ length: 1024 / 8 }, () => hex(flood)));
  let flooded = false;
  const port = new ScriptedPort(
    run.clock,
    goodDevice((command: string, _: Hand) => {
      if (!flooded && begins(command)) {
        flooded = true;
        const pour = () => {
          for (let i = 0; i < kibibytes; i++) port.pour(piece);
          run.clock.after(1, pour);
        };
        pour();
      }
      return false;
    }),
  );
  return { run, port };
}

describe('a device that never stops to send', () => {
  const moments: [string, (command: string) => boolean][] = [
    ['entry', () => true],
    ['upload', (command) => command === 'upload'],
    ['start', (command) => command === COMMAND.reset],
  ];
  const cases = moments.flatMap(([moment, begins]) =>
    Object.entries(FLOODS).map(([name, flood]) => [name, moment, flood, begins] as const),
  );

  test.each(cases)('%s, from %s on: the run ends in its time', async (_, __, flood, begins) => {
    const { run, port } = flooding(flood, 1, begins);
    let ended = false;
    run.clock.after(60_000, () => {
      if (!ended) run.abortNow();
    });
    const end = await bgapi
      .execute(port, planOf(bgapi, 600), run, ATTEMPT)
      .catch((error: unknown) => error as { code: string });
    ended = true;
    expect('code' in end ? end.code : 'done').not.toBe('run.interrupted');
    expect(run.clock.now()).toBeLessThan(60_000);
  });

  test('starts without end while an answer is waited for are not kept without end', async () => {
    const { run, port } = flooding(systemBoot(), 8, (command) => command === COMMAND.probe);
    expect(await errorOf(bgapi.identify(port, run))).toMatchObject({
      code: 'link.flooded',
      exit: 6,
      retryable: false,
    });
    expect(run.clock.now()).toBeLessThan(1000);
  });

  test('the second Ctrl-C ends it though there is always something to read', async () => {
    const { run, port } = flooding(FLOODS.text, 1, () => true);
    run.clock.after(100, () => run.abortNow());
    const error = await errorOf(
      bgapi.execute(port, planOf(bgapi, 600, { entry: 'manual' }), run, ATTEMPT).finally(() => {}),
    ).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'run.interrupted' });
  });

  test('a boot event in the flood is found all the same', async () => {
    const { run, port } = flooding(FLOODS.text, 1, (command) => command === COMMAND.probe);
    run.clock.after(300, () => port.pour(hex(REPLY.boot)));
    const outcome = bgapi.execute(port, planOf(bgapi, 600, { confirm: 'none' }), run, ATTEMPT);
    expect(await outcome).toMatchObject({ deviceState: 'new' });
  });
});

describe('a link that always has something to read', () => {
  /** Time goes on, but never is there a moment in which a timer could fire. */
  function busyChannel(stopAt = Number.POSITIVE_INFINITY) {
    let now = 0;
    const signal = new AbortController();
    class Endless extends Inbox<Bytes> {
      override async take(): Promise<Bytes> {
        now += 10;
        if (now === stopAt) signal.abort();
        if (now > 10_000) throw new Error('the wait did not end');
        return hex(FLOODS.text);
      }
    }
    const link: ByteLink = {
      kind: 'bytes',
      inbox: new Endless(),
      closed: new Promise(() => {}),
      close: async () => {},
      write: async () => {},
    };
    const clock = { now: () => now, after: () => () => {} };
    return new Channel(link, { ...testRun(), clock, signal: signal.signal });
  }

  test('gets to its deadline', async () => {
    expect(await busyChannel().nextEvent(500)).toBeUndefined();
  });

  test('and to a Ctrl-C', async () => {
    expect(await errorOf(busyChannel(100).nextEvent(5000))).toMatchObject({ code: 'run.interrupted' });
  });
});
