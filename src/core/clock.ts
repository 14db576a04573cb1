import { type Timer, TimerQueue } from './timer-queue.ts';

/** Time, as everything that waits sees it. Milliseconds from an arbitrary start; never the time of day. */
export interface Clock {
  now(): number;
  /** Calls `fn` once after `ms`; returns what cancels it. */
  after(ms: number, fn: () => void): () => void;
}

/** Real time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, fn) {
    // Node cuts off fractions: a wait would end before its deadline.
    const timer = setTimeout(fn, Math.ceil(ms));
    return () => clearTimeout(timer);
  },
};

/**
 * Time that jumps from one timer to the next as soon as nothing else is left to do, so that hours of waiting take
 * milliseconds. Everything that runs under it must wait on this clock alone (no file, no socket, no WebCrypto).
 */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  #pumping = false;
  readonly #timers = new TimerQueue();

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    if (!Number.isFinite(ms)) throw new RangeError('a wait without a deadline');
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, fn };
    this.#timers.add(timer);
    this.#pump();
    // It stays in its place until its time comes: taking it out would mean looking for it.
    return () => {
      timer.fn = undefined;
    };
  }

  /** One macrotask a timer: all promises settled by the timer before have had their turn. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    macrotask(() => {
      this.#pumping = false;
      let timer = this.#timers.takeFirst();
      while (timer !== undefined && timer.fn === undefined) timer = this.#timers.takeFirst();
      if (timer === undefined) return;
      this.#now = timer.at;
      if (this.#timers.size > 0) this.#pump();
      timer.fn?.();
    });
  }
}

/** setImmediate where there is one, a message channel in browsers: setTimeout costs a millisecond or more. */
const macrotask: (fn: () => void) => void =
  (globalThis as { setImmediate?: (fn: () => void) => void }).setImmediate ??
  ((fn) => {
    const channel = new MessageChannel();
    channel.port1.addEventListener(
      'message',
      () => {
        channel.port1.close();
        fn();
      },
      { once: true },
    );
    channel.port1.start();
    channel.port2.postMessage(undefined);
  });
