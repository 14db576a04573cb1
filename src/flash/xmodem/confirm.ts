import type { Run } from '../protocol.ts';
import { answersBlindly, press, wakeMenu } from './entry.ts';
import type { Terminal } from './terminal.ts';

/** Long enough for a bootloader that checks a signature before it decides to stay. */
const WINDOW_MS = 4000;
/** A key may be lost on the line, or become another one, which prints the menu as well. */
const TRIES = 2;

/** Where the device was when the watching ended. */
export type Start =
  /** The menu came back, or the bootloader says that it can not start. */
  | 'bootloader'
  /** No menu came, and keys of the menu have no effect: the bootloader let go. */
  | 'silence';

/**
 * Presses `2` and watches: a bootloader that stays, or comes back, prints its menu. Silence is asked whether it is a
 * menu after all, since the key may not have arrived. `silent`: it prints none.
 */
export async function startApplication(terminal: Terminal, run: Run, silent = false): Promise<Start> {
  const isThere = async () =>
    silent ? answersBlindly(terminal, run) : (await wakeMenu(terminal, run)) !== undefined;
  for (let tries = TRIES; ; tries--) {
    await press(terminal, 'run');
    if (!(await cameBack(terminal, run)) && !(await isThere())) return 'silence';
    if (tries === 1) return 'bootloader';
  }
}

async function cameBack(terminal: Terminal, run: Run): Promise<boolean> {
  const end = run.clock.now() + WINDOW_MS;
  for (let sign = await terminal.next(end); sign !== undefined; sign = await terminal.next(end)) {
    if (sign.kind === 'failed-to-boot') return true;
    // Its end, so that none of it is left over when the key is pressed again.
    if (sign.kind === 'prompt') return true;
  }
  return false;
}
