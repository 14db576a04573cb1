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
    // Has its own bound, since the run may have been ended. A port that does not let go changes nothing of the result.
    const patience = { clock: run.clock, until: run.clock.now() + CLOSE_MS, signal: NEVER };
    await untilTimeout(bounded(link.close(), patience, 'the port to close'));
  }
}
