import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../src/core/clock.ts';
import { DfuError } from '../../src/core/errors.ts';
import { Inbox } from '../../src/core/inbox.ts';
import { bounded, pause, within } from '../../src/core/wait.ts';

const lost = new DfuError('link.closed', 'cable pulled');

function setUp() {
  const clock = new VirtualClock();
  const controller = new AbortController();
  return { clock, controller, base: { clock, signal: controller.signal } };
}

describe('every wait ends: by data, close, deadline or signal', () => {
  test('an item that came early is kept', async () => {
    const { base } = setUp();
    const inbox = new Inbox<string>();
    inbox.put('early');
    expect(await inbox.take(within(10, base))).toBe('early');
  });

  test('an item that comes later ends the wait, and the clock stands where it came', async () => {
    const { base, clock } = setUp();
    const inbox = new Inbox<string>();
    clock.after(7, () => inbox.put('later'));
    expect(await inbox.take(within(10, base))).toBe('later');
    expect(clock.now()).toBe(7);
  });

  test('the deadline ends it', async () => {
    const { base, clock } = setUp();
    await expect(new Inbox().take(within(10, base), 'answer')).rejects.toMatchObject({
      code: 'link.timeout',
      message: 'no answer within 10 ms',
    });
    expect(clock.now()).toBe(10);
  });

  test('closing ends it, and what had come is handed out first', async () => {
    const { base, clock } = setUp();
    const inbox = new Inbox<string>();
    inbox.put('first');
    clock.after(3, () => inbox.close(lost));
    expect(await inbox.take(within(10, base))).toBe('first');
    await expect(inbox.take(within(10, base))).rejects.toBe(lost);
    inbox.put('too late');
    await expect(inbox.take(within(10, base))).rejects.toBe(lost);
  });

  test('the signal ends it, before and during the wait', async () => {
    const { base, clock, controller } = setUp();
    clock.after(3, () => controller.abort());
    await expect(new Inbox().take(within(10, base))).rejects.toMatchObject({ code: 'run.interrupted' });
    expect(clock.now()).toBe(3);
    await expect(new Inbox().take(within(10, base))).rejects.toMatchObject({ code: 'run.interrupted' });
    await expect(bounded(new Promise(() => {}), within(10, base), 'a thing')).rejects.toMatchObject({
      code: 'run.interrupted',
    });
  });

  test('bounded gives value, error and deadline of a promise', async () => {
    const { base } = setUp();
    expect(await bounded(Promise.resolve(5), within(10, base), 'a thing')).toBe(5);
    await expect(bounded(Promise.reject(lost), within(10, base), 'a thing')).rejects.toBe(lost);
    await expect(bounded(new Promise(() => {}), within(10, base), 'a thing')).rejects.toMatchObject({
      code: 'link.timeout',
    });
  });

  test('pause ends in time, or with the signal', async () => {
    const { base, clock, controller } = setUp();
    await pause(within(10, base));
    expect(clock.now()).toBe(10);
    clock.after(5, () => controller.abort());
    await expect(pause(within(10, base))).rejects.toMatchObject({ code: 'run.interrupted' });
    expect(clock.now()).toBe(15);
  });

  test('after a taker gave up, the next item is for the next taker', async () => {
    const { base } = setUp();
    const inbox = new Inbox<string>();
    await expect(inbox.take(within(1, base))).rejects.toMatchObject({ code: 'link.timeout' });
    inbox.put('one');
    expect(await inbox.take(within(1, base))).toBe('one');
  });

  test('draining empties the queue', async () => {
    const { base } = setUp();
    const inbox = new Inbox<number>();
    inbox.put(1);
    inbox.put(2);
    expect(inbox.drain()).toEqual([1, 2]);
    await expect(inbox.take(within(1, base))).rejects.toMatchObject({ code: 'link.timeout' });
  });
});

describe('the virtual clock', () => {
  test('refuses a wait without a deadline', async () => {
    const { base } = setUp();
    await expect(pause(within(Number.POSITIVE_INFINITY, base))).rejects.toThrow('without a deadline');
  });

  test('runs timers in order of time, then of asking, and lets promises settle between them', async () => {
    const { base, clock } = setUp();
    const order: string[] = [];
    clock.after(2, () => order.push('b'));
    clock.after(1, () => {
      order.push('a');
      void Promise.resolve().then(async () => {
        await null;
        order.push('promise of a');
      });
    });
    clock.after(2, () => order.push('c'));
    const cancel = clock.after(2, () => order.push('cancelled'));
    cancel();
    await pause(within(3, base));
    expect(order).toEqual(['a', 'promise of a', 'b', 'c']);
  });

  test('a year passes at once', async () => {
    const { base, clock } = setUp();
    const year = 365 * 24 * 3600 * 1000;
    await pause(within(year, base));
    expect(clock.now()).toBe(year);
  });
});
