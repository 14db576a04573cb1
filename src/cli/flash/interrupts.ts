import type { Io } from '../io.ts';

export interface Interrupts {
  /** First Ctrl-C: stop where it is safe. */
  readonly stop: AbortSignal;
  /** Second Ctrl-C: stop at once. */
  readonly signal: AbortSignal;
  /** Ctrl-C ends the process again. */
  end(): void;
}

/** Makes of the first Ctrl-C a wish and of the second an order. */
export function twoInterrupts(io: Io): Interrupts {
  const stop = new AbortController();
  const signal = new AbortController();
  const end = io.onInterrupt(() => {
    if (stop.signal.aborted) signal.abort();
    else {
      stop.abort();
      io.err('\nStopping at the next safe point. Ctrl-C again stops at once.\n');
    }
  });
  return { stop: stop.signal, signal: signal.signal, end };
}
