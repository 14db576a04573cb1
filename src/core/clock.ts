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

interface Timer {
  at: number;
  order: number;
  fn: () => void;
}

/**
 * Time that jumps from one timer to the next as soon as nothing else is left to do, so that hours of waiting take
 * milliseconds. Everything that runs under it must wait on this clock alone (no file, no socket, no WebCrypto).
 */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  #pumping = false;
  readonly #timers: Timer[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    if (!Number.isFinite(ms)) throw new RangeError('a wait without a deadline');
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, fn };
    const index = this.#timers.findIndex((t) => t.at > timer.at);
    this.#timers.splice(index < 0 ? this.#timers.length : index, 0, timer);
    this.#pump();
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  /** One macrotask a timer: all promises settled by the timer before have had their turn. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    macrotask(() => {
      this.#pumping = false;
      const timer = this.#timers.shift();
      if (timer === undefined) return;
      this.#now = timer.at;
      if (this.#timers.length > 0) this.#pump();
      timer.fn();
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
