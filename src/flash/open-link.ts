import type { Clock } from '../core/clock.ts';
import { bounded, untilTimeout, within } from '../core/wait.ts';
import type { Link, Port } from '../link/link.ts';
import type { Run } from './protocol.ts';

const OPEN_MS = 5000;
const CLOSE_MS = 2000;
const NEVER = new AbortController().signal;

/** Opens the port, does the work, lets go of the port. Throws what opening and the work throw. */
export async function withLink<L extends Link, T>(
  port: Port<L>,
  run: Pick<Run, 'clock' | 'signal'>,
  work: (link: L) => Promise<T>,
): Promise<T> {
  const link = await port.open(within(OPEN_MS, run));
  try {
    return await work(link);
  } finally {
    await letGo(link, run.clock);
  }
}

/** Closes a link, with a bound of its own, since the run may have been ended. One that stays changes nothing of the result. */
export async function letGo(link: Link, clock: Clock): Promise<void> {
  await untilTimeout(bounded(link.close(), within(CLOSE_MS, { clock, signal: NEVER }), 'the port to close'));
}
