import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VirtualClock } from '../../src/core/clock.ts';
import { type Timer, TimerQueue } from '../../src/core/timer-queue.ts';

test('timers come out by time, those of one time in the order in which they were set', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 20 })), (times) => {
      const timers = times.map((at, order): Timer => ({ at, order, fn: undefined }));
      const queue = new TimerQueue();
      for (const timer of timers) queue.add(timer);
      expect(queue.size).toBe(timers.length);
      const taken = timers.map(() => queue.takeFirst());
      expect(taken).toEqual([...timers].sort((a, b) => a.at - b.at || a.order - b.order));
      expect(queue.takeFirst()).toBeUndefined();
    }),
  );
});

test('a timer that was cancelled is never called, and does not keep others from it', async () => {
  const clock = new VirtualClock();
  const called: number[] = [];
  const cancel = [30, 10, 20, 10].map((ms) => clock.after(ms, () => called.push(ms)));
  cancel[1]?.();
  await new Promise<void>((resolve) => void clock.after(40, resolve));
  expect(called).toEqual([10, 20, 30]);
  expect(clock.now()).toBe(40);
});
