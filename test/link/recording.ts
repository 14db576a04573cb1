import { utf8 } from '../../src/core/bytes.ts';
import type { VirtualClock } from '../../src/core/clock.ts';
import { DfuError } from '../../src/core/errors.ts';
import type { Run } from '../../src/flash/protocol.ts';
import type { FlashReport } from '../../src/flash/report.ts';
import type { ByteLink, Port } from '../../src/link/link.ts';
import { Replay } from '../../src/link/replay.ts';
import { TraceRecorder } from '../../src/link/trace.ts';
import { decodeTrace } from '../../src/link/trace-decode.ts';
import type { Trace, TraceHeader } from '../../src/link/trace-format.ts';
import { type TestRun, testRun } from '../flash/support.ts';

export const HEADER: TraceHeader = {
  formatVersion: 1,
  tool: { name: 'dfukit', version: '0.1.0' },
  command: 'upload',
  startedAt: '2026-01-02T03:04:05.678Z',
  protocol: 'bgapi',
  port: 'virtual device',
  packageId: 'ab'.repeat(32),
  options: { entry: 'auto', chunkBytes: 252, confirm: 'auto', retries: 3 },
};

/** Work on a port, in the time of a run. */
export type Work<T> = (port: Port<ByteLink>, run: Run & { clock: VirtualClock }) => Promise<T>;

/** Does the work with a record of it; gives what came of it and the lines. */
export async function recorded<T>(
  port: Port<ByteLink>,
  run: TestRun,
  work: Work<T>,
): Promise<{ outcome: T | DfuError; lines: string[]; trace: Trace }> {
  const lines: string[] = [];
  const recorder = new TraceRecorder(run.clock, (line) => void lines.push(line), HEADER);
  recorder.watch(run.stop, run.signal);
  const outcome = await outcomeOf(work(recorder.record(port), run));
  recorder.end({ exit: 0 });
  return { outcome, lines, trace: decodeTrace(utf8(lines.join(''))) };
}

/** Does the work against the record. */
export async function replayed<T>(
  trace: Trace,
  work: Work<T>,
): Promise<{ outcome: T | DfuError; difference: DfuError | undefined }> {
  const replay = new Replay(trace);
  const run = { ...testRun(replay.clock), stop: replay.stop, signal: replay.signal, clock: replay.clock };
  const outcome = await outcomeOf(work(replay.port, run));
  return { outcome, difference: replay.difference };
}

/** A report without what depends on how long computing took. */
export function timeless(outcome: FlashReport | DfuError): unknown {
  if (outcome instanceof DfuError) return { code: outcome.code, message: outcome.message };
  return {
    ...outcome,
    durationMs: 0,
    attempts: outcome.attempts.map((attempt) => ({ ...attempt, durationMs: 0 })),
  };
}

async function outcomeOf<T>(promise: Promise<T>): Promise<T | DfuError> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof DfuError) return error;
    throw error;
  }
}
