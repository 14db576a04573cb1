import type { Clock } from './clock.ts';
import { DfuError } from './errors.ts';

/** How long to wait: until a point on a clock, or until a signal. Every wait in dfukit has both. */
export interface Wait {
  clock: Clock;
  /** In milliseconds of `clock.now()`. */
  until: number;
  signal: AbortSignal;
}

/** A wait of `ms` from now. */
export function within(ms: number, base: { clock: Clock; signal: AbortSignal }): Wait {
  return { clock: base.clock, until: base.clock.now() + ms, signal: base.signal };
}

/**
 * `promise`, or the end of the wait, whichever comes first. The only race in dfukit.
 * Throws `link.timeout` at the deadline, `run.interrupted` when the signal fires, else what the promise throws.
 * `what` says in the message what was waited for.
 */
export function bounded<T>(promise: Promise<T>, wait: Wait, what: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const end = onWaitEnd(wait, what, (error) => reject(error));
    promise.then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}

/** Calls `ended` once when the wait is over; returns what cancels that. A wait that is over already ends at once. */
export function onWaitEnd(wait: Wait, what: string, ended: (error: DfuError) => void): () => void {
  const { clock, until, signal } = wait;
  if (signal.aborted) {
    ended(interrupted(what));
    return () => {};
  }
  const started = clock.now();
  const abort = () => {
    stop();
    ended(interrupted(what));
  };
  const cancelTimer = clock.after(Math.max(0, until - started), () => {
    stop();
    ended(
      new DfuError('link.timeout', `no ${what} within ${Math.max(0, Math.round(until - started))} ms`, {
        facts: { waitedMs: Math.max(0, Math.round(until - started)) },
      }),
    );
  });
  const stop = () => {
    cancelTimer();
    signal.removeEventListener('abort', abort);
  };
  signal.addEventListener('abort', abort, { once: true });
  return stop;
}

/** Resolves when the time is over; throws `run.interrupted` when the signal fires first. `what` as in `bounded`. */
export async function pause(wait: Wait, what = 'the end of a pause'): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    onWaitEnd(wait, what, (error) => (error.code === 'link.timeout' ? resolve() : reject(error)));
  });
}

/** The value, or `undefined` where the promise ends in `link.timeout`. */
export async function untilTimeout<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof DfuError && error.code === 'link.timeout') return undefined;
    throw error;
  }
}

function interrupted(what: string): DfuError {
  return new DfuError('run.interrupted', `stopped while waiting for ${what}`);
}
