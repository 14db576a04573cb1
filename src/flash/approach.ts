import { DfuError } from '../core/errors.ts';
import { pause, type Wait, within } from '../core/wait.ts';
import type { Link, ModemLines, Port } from '../link/link.ts';
import { letGo } from './open-link.ts';
import type { ResetSequence } from './reset-sequence.ts';

const SET_LINES_MS = 1000;
const NEVER = new AbortController().signal;

export interface Approach {
  /** First Ctrl-C: nothing has been sent to the device yet, so it ends the opening at once. */
  stop: AbortSignal;
  /** Run over the modem lines of each link right after it was opened: what the device says then is not missed. */
  reset?: ResetSequence | undefined;
  /** Called when the port was opened. */
  onOpen?: () => void;
  /** Called before the sequence is run. */
  onReset?: () => void;
}

/**
 * `port`, opened the way a device is approached that shall be updated. Opening throws, besides what that of `port`
 * throws, `link.no-modem-lines` and `run.interrupted`; a sequence takes its time beyond the deadline of the opening.
 */
export function approached<L extends Link>(
  port: Port<L>,
  { stop, reset, onOpen, onReset }: Approach,
): Port<L> {
  return {
    kind: port.kind,
    get name() {
      return port.name;
    },
    async open(given: Wait): Promise<L> {
      const wait = { ...given, signal: AbortSignal.any([given.signal, stop]) };
      const link = await port.open(wait);
      onOpen?.();
      if (reset === undefined) return link;
      try {
        onReset?.();
        await runSequence(link, port.name, reset, wait);
      } catch (error) {
        await letGo(link, wait.clock);
        throw error;
      }
      return link;
    },
  };
}

async function runSequence(link: Link, name: string, { steps }: ResetSequence, wait: Wait): Promise<void> {
  const set = link.setLines?.bind(link);
  if (set === undefined) throw new DfuError('link.no-modem-lines', `${name} has no DTR and RTS`);
  let begun = false;
  try {
    for (const { lines, pauseMs } of steps) {
      await set(lines, within(SET_LINES_MS, wait));
      begun = true;
      if (pauseMs > 0) await pause(within(pauseMs, wait));
    }
  } catch (error) {
    // Stopped in the middle: the device must not be left held in reset.
    if (begun) await release(set, steps, wait);
    throw error;
  }
}

/** Sets the lines as the sequence would have left them. What stopped it is the error to tell, whatever comes of this. */
async function release(
  set: (lines: ModemLines, wait: Wait) => Promise<void>,
  steps: ResetSequence['steps'],
  { clock }: Wait,
): Promise<void> {
  const last = Object.assign({}, ...steps.map(({ lines }) => lines));
  await set(last, within(SET_LINES_MS, { clock, signal: NEVER })).catch((error: unknown) => {
    if (!(error instanceof DfuError)) throw error;
  });
}
