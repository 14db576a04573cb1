import type { Run } from './protocol.ts';

/** How long an operator has. */
const OPERATOR_MS = 60_000;
/** How long one look listens: after each, a first Ctrl-C is heeded. */
const LOOK_MS = 500;

/** What an operator does to a Gecko, as the middle of a sentence. */
export const HOLD_BOOTLOADER_PIN = 'hold its bootloader pin, press and release reset, then let go of the pin';

/**
 * Tells the operator how to bring the device into its bootloader, and looks for it again and again; `undefined` when it
 * was not seen within 60 s. `look` listens for no longer than it is told, in milliseconds; what it throws, and what
 * `stop` throws before each look, comes out.
 */
export async function askOperator<T>(
  { run, attempt, byHand, stop }: { run: Run; attempt: number; byHand: string; stop: () => void },
  look: (timeoutMs: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  const message = `Bring the device into its bootloader now: ${byHand}. Waiting for up to ${OPERATOR_MS / 1000} s.`;
  run.emit({ phase: 'enter', attempt, message });
  const end = run.clock.now() + OPERATOR_MS;
  while (run.clock.now() < end) {
    stop();
    const seen = await look(LOOK_MS);
    if (seen !== undefined) return seen;
  }
  return undefined;
}
