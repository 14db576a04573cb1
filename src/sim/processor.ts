import type { Clock } from '../core/clock.ts';
import { PowerLoss } from './flash-memory.ts';

/** The time of a virtual processor: what its program began ends with a reset, and with the power. */
export class Processor {
  readonly #clock: Clock;
  readonly #powerOff: () => void;
  readonly #timers = new Set<() => void>();

  /** `powerOff` is called when the power is cut in the midst of what the processor does. */
  constructor(clock: Clock, powerOff: () => void) {
    this.#clock = clock;
    this.#powerOff = powerOff;
  }

  /** Calls `fn` after `ms`, unless the processor was halted by then; gives what calls it off. */
  after(ms: number, fn: () => void): () => void {
    const stop = this.#clock.after(ms, () => {
      this.#timers.delete(cancel);
      this.run(fn);
    });
    const cancel = () => {
      this.#timers.delete(cancel);
      stop();
    };
    this.#timers.add(cancel);
    return cancel;
  }

  /** Runs what the processor does; a power cut in the midst of it leaves the device off. */
  run(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof PowerLoss)) throw error;
      this.#powerOff();
    }
  }

  /** Calls off all that was begun. */
  halt(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}
