import { DfuError } from '../core/errors.ts';
import type { Run } from './protocol.ts';

/** Throws `run.interrupted` after the first Ctrl-C. Called where stopping is safe. */
export function stopHere(run: Pick<Run, 'stop'>, message: string): void {
  if (run.stop.aborted) throw new DfuError('run.interrupted', message);
}
