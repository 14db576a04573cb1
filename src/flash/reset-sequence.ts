import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import type { ModemLines } from '../link/link.ts';

/** Lines to set together, and how long to leave them so. */
export interface ResetStep {
  lines: ModemLines;
  pauseMs: number;
}

/** How the modem lines bring a device into its bootloader; made by `parseResetSequence` alone. */
export interface ResetSequence {
  /** As it was written. */
  text: string;
  steps: readonly ResetStep[];
  /** Sum of the pauses. */
  durationMs: number;
}

/** Sequences with names, by the wiring they are for. */
export const RESET_PRESETS = {
  /**
   * DTR and RTS crossed over two transistors: RTS alone is reset, DTR alone the bootloader pin. So wired is the Sonoff
   * ZBDongle-E among others; the times are those of EZLI and universal-silabs-flasher.
   */
  sonoff: 'dtr=0,rts=1,100ms,dtr=1,rts=0,500ms,dtr=0,rts=0',
  /** RTS is reset; the bootloader is entered by other means, or asked for afterwards. */
  rts: 'rts=1,100ms,rts=0,100ms',
  /** DTR is reset. */
  dtr: 'dtr=1,100ms,dtr=0,100ms',
} as const;

const MAX_STEPS = 32;
const MAX_DURATION_MS = 10_000;

/**
 * Reads a reset sequence: the name of a preset, or steps between commas, done in order. `dtr=1` and `rts=1` assert a
 * line, `=0` releases it, `100ms` waits. Lines named without a pause between them change together. Starts with a line
 * and has at most 32 steps and 10 s of pauses. Throws `usage.invalid`.
 */
export function parseResetSequence(text: string): ResetSequence {
  const written = Object.hasOwn(RESET_PRESETS, text)
    ? RESET_PRESETS[text as keyof typeof RESET_PRESETS]
    : text;
  const tokens = written.split(',');
  if (tokens.length > MAX_STEPS) throw invalid(text, `it has more than ${MAX_STEPS} steps`);
  const steps: ResetStep[] = [];
  let paused = true;
  for (const token of tokens) {
    const line = /^(dtr|rts)=([01])$/.exec(token);
    const pause = /^(0|[1-9][0-9]{0,5})ms$/.exec(token);
    const last = steps.at(-1);
    if (line !== null) {
      const step = paused || last === undefined ? { lines: {}, pauseMs: 0 } : last;
      if (step !== last) steps.push(step);
      const name = line[1] as keyof ModemLines;
      if (step.lines[name] !== undefined) throw invalid(text, `${name} is set twice without a pause between`);
      step.lines[name] = line[2] === '1';
      paused = false;
    } else if (pause !== null) {
      if (last === undefined) throw invalid(text, 'it starts with a pause');
      last.pauseMs += Number(pause[1]);
      paused = true;
    } else throw invalid(text, `"${shown(token)}" is neither a line nor a pause`);
  }
  const durationMs = steps.reduce((sum, { pauseMs }) => sum + pauseMs, 0);
  if (durationMs > MAX_DURATION_MS) {
    throw invalid(text, `it takes ${durationMs} ms; ${MAX_DURATION_MS} ms are the most`);
  }
  return { text, steps, durationMs };
}

function invalid(text: string, why: string): DfuError {
  return new DfuError('usage.invalid', `--reset: "${shown(text)}" is no reset sequence: ${why}`, {
    cure: `Write lines and pauses, as ${RESET_PRESETS.sonoff}; or a name: ${Object.keys(RESET_PRESETS).join(', ')}.`,
  });
}
