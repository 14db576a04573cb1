import { DfuError } from '../../core/errors.ts';
import { version } from '../../core/version.ts';
import type { Run } from '../../flash/protocol.ts';
import type { FlashOptions } from '../../flash/session.ts';
import type { ByteLink, Port } from '../../link/link.ts';
import { TraceRecorder } from '../../link/trace.ts';
import {
  MAX_TRACE_BYTES,
  type TraceEvent,
  type TraceHeader,
  type TraceOption,
} from '../../link/trace-format.ts';
import { AppendFile } from '../../node/append-file.ts';
import { renderError } from '../error-output.ts';
import { type Io, pathOf } from '../io.ts';
import { asDfuError } from '../program.ts';
import { assertAnotherFile } from '../same-file.ts';

/** What the run was: everything of the header that is not the same for all. */
export interface TracedWork extends Pick<TraceHeader, 'command' | 'protocol'> {
  packageId?: string;
  options: TraceHeader['options'];
}

type Outcome = Omit<Extract<TraceEvent, { event: 'end' }>, 't' | 'event'>;

/** What a run came to whose record was asked for. */
export interface Recorded<T> {
  value: T;
  /**
   * To be called when the result is told: that the record is not whole hides nothing, and is one more error. Gives the
   * exit code of the run that came to `exit`: 2 where it went well and its record did not.
   */
  exitAfter(exit: number): number;
}

/**
 * Does `act` with a port and a run that are recorded in `file`, which is replaced where it is there. Throws
 * `output.failed` before the port is opened, and what `act` throws.
 */
export async function recordRun<T>(
  io: Io,
  file: string,
  work: TracedWork,
  given: { port: Port<ByteLink>; run: Run },
  act: (port: Port<ByteLink>, run: Run) => Promise<T>,
  outcomeOf: (value: T) => Outcome,
): Promise<Recorded<T>> {
  const { port, run } = given;
  const output = await AppendFile.create(pathOf(io, file), MAX_TRACE_BYTES);
  const recorder = new TraceRecorder(run.clock, (line) => output.add(line), {
    formatVersion: 1,
    tool: { name: 'dfukit', version },
    startedAt: io.now().toISOString(),
    port: port.name,
    ...work,
  });
  recorder.watch(run.stop, run.signal);
  const ended = async (outcome: Outcome) => {
    recorder.end(outcome);
    const failure = await output.end();
    return (exit: number): number => {
      if (failure === undefined) return exit;
      io.err(renderError(failure, 'dfu-flash'));
      return exit === 0 ? failure.exit : exit;
    };
  };
  let value: T;
  try {
    value = await act(recorder.record(port), {
      ...run,
      emit: (progress) => {
        recorder.phase(progress.phase, progress.attempt, progress.message);
        run.emit(progress);
      },
    });
  } catch (cause) {
    const { exit, code, deviceState } = asDfuError(cause);
    const exitAfter = await ended({ exit, code, ...(deviceState && { deviceState }) });
    exitAfter(exit);
    throw cause;
  }
  return { value, exitAfter: await ended(outcomeOf(value)) };
}

/**
 * Throws `usage.invalid` where the record would take the place of a file that is read or written besides it, or there is
 * nothing to record.
 */
export async function assertTraceOption(
  io: Io,
  { trace, dryRun }: { trace?: string; dryRun?: boolean },
  others: readonly (string | undefined)[],
): Promise<void> {
  if (trace === undefined) return;
  if (trace === '') throw new DfuError('usage.invalid', '--trace is empty');
  if (dryRun) throw new DfuError('usage.invalid', '--trace and --dry-run exclude each other');
  const taken = others.filter((file): file is string => file !== undefined);
  await assertAnotherFile(io, '--trace', trace, taken);
}

/** The options of an upload as a record keeps them: what was asked for, and what the operator said of the device. */
export function tracedOptions({ operator, ...options }: FlashOptions): Record<string, TraceOption> {
  const said = Object.entries({ ...options, ...operator });
  return Object.fromEntries(
    said.filter((entry): entry is [string, TraceOption] => PRIMITIVE.has(typeof entry[1])),
  );
}

const PRIMITIVE: ReadonlySet<string> = new Set(['string', 'number', 'boolean']);
