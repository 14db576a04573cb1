import type { Clock } from '../../core/clock.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import type { OperatorFacts } from '../../flash/facts.ts';
import type { Run } from '../../flash/protocol.ts';
import type { ByteLink, Port } from '../../link/link.ts';
import { Replay } from '../../link/replay.ts';
import { decodeTrace } from '../../link/trace-decode.ts';
import { MAX_TRACE_BYTES, type Trace, type TraceCommand } from '../../link/trace-format.ts';
import { readWholeFile } from '../../node/files.ts';
import type { VerifiedPackage } from '../../verify/verified-package.ts';
import { type Io, pathOf } from '../io.ts';
import { assertNoPort, type DeviceOptions } from './device-options.ts';
import type { SendOptions } from './upload-options.ts';

/** Reads a trace file. Throws `input.not-found`, `input.unreadable`, `input.too-large`, `trace.malformed`. */
export async function readTrace(io: Io, file: string): Promise<Trace> {
  return decodeTrace(await readWholeFile(pathOf(io, file), MAX_TRACE_BYTES));
}

/** The record of such a command. Throws `trace.differs` for that of another one, and what `readTrace` throws. */
export async function readReplay(io: Io, file: string, command: TraceCommand): Promise<Trace> {
  const trace = await readTrace(io, file);
  const { header } = trace;
  if (header.command === command) return trace;
  throw new DfuError('trace.differs', `${shown(file)} is the record of dfu-flash ${header.command}`, {
    cure: `Replay it with dfu-flash ${header.command} --replay.`,
  });
}

/** How the recorded run sent its package, as if it stood on the command line. */
function recordedSendOptions({
  header: { options, protocol },
}: Trace): SendOptions & { protocol: string; reset?: string } {
  const text = (name: string, option: string) =>
    Object.hasOwn(options, name) ? { [option]: String(options[name]) } : {};
  return {
    protocol,
    ...text('entry', 'entry'),
    ...text('chunkBytes', 'chunkSize'),
    ...text('confirm', 'confirm'),
    ...text('retries', 'retries'),
    ...text('reset', 'reset'),
  };
}

/** What the operator said of the device then. */
function recordedOperator({ header: { options } }: Trace): OperatorFacts {
  const { product, hardware, installedVersion, installedCounter } = options;
  return {
    ...(typeof product === 'string' ? { product } : {}),
    ...(typeof hardware === 'string' ? { hardware } : {}),
    ...(typeof installedVersion === 'string' ? { installedVersion } : {}),
    ...(typeof installedCounter === 'number' ? { installedCounter } : {}),
  };
}

/** Throws `trace.differs` where another package was sent then. */
function assertSamePackage({ header }: Trace, packageId: string): void {
  if (header.packageId === undefined || header.packageId === packageId) return;
  throw new DfuError(
    'trace.differs',
    `the record is of package ${header.packageId}; this one is ${packageId}`,
    {
      facts: { recorded: header.packageId, found: packageId },
      cure: 'Replay it with the package that was sent then.',
    },
  );
}

/** What replaces a port: the device of a record. */
export interface ReplayTarget {
  /** The file of the record: whatever tells a result says that it is of a record. */
  replayOf: string;
  port: Port<ByteLink>;
  clock: Clock;
  /** The signals of this operator, and of the recorded one. */
  bothOperators(now: Pick<Run, 'stop' | 'signal'>): Pick<Run, 'stop' | 'signal'>;
  /**
   * To be called when the run is over. Throws `trace.differs` where it did something else than the recorded one; says so
   * where both did the same and ended otherwise;
   * `undefined`: it ended in an error that is told already.
   */
  assertSame(outcome: { exit: number; error?: { code: string } } | undefined): void;
}

/** What the record of an upload gives to the one that is replayed. */
export interface UploadRecord {
  /** As if they stood on the command line. */
  options: ReturnType<typeof recordedSendOptions>;
  operator: OperatorFacts;
  allowDowngrade: boolean;
  /** Throws `trace.differs` for another package. */
  target(pkg: Pick<VerifiedPackage, 'packageId'>): ReplayTarget;
}

/** Throws `usage.invalid` where something is said of another device, and what `readReplay` throws. */
export async function readUploadRecord(
  io: Io,
  file: string,
  options: DeviceOptions & { all?: boolean; simulate?: string; dryRun?: boolean },
): Promise<UploadRecord> {
  for (const [option, value] of Object.entries({
    '--all': options.all,
    '--simulate': options.simulate,
    '--dry-run': options.dryRun,
  })) {
    if (value !== undefined) throw new DfuError('usage.invalid', `${option} and --replay exclude each other`);
  }
  assertNoPort(options, '--replay');
  const trace = await readReplay(io, file, 'upload');
  return {
    options: recordedSendOptions(trace),
    operator: recordedOperator(trace),
    allowDowngrade: trace.header.options.allowDowngrade === true,
    target(pkg) {
      assertSamePackage(trace, pkg.packageId);
      return replayTarget(io, file, trace);
    },
  };
}

/** The same for identify. */
export async function readIdentifyRecord(
  io: Io,
  file: string,
  options: DeviceOptions,
): Promise<{ options: ReturnType<typeof recordedSendOptions>; target(): ReplayTarget }> {
  assertNoPort(options, '--replay');
  const trace = await readReplay(io, file, 'identify');
  return { options: recordedSendOptions(trace), target: () => replayTarget(io, file, trace) };
}

/** The device of a record; says that there is no other. */
export function replayTarget(io: Io, file: string, trace: Trace): ReplayTarget {
  io.err(
    `dfu-flash: replay of ${shown(file)}: nothing is sent to any device; what follows is said of its record\n`,
  );
  const replay = new Replay(trace);
  return {
    replayOf: shown(file),
    port: replay.port,
    clock: replay.clock,
    bothOperators: ({ stop, signal }) => ({
      stop: AbortSignal.any([stop, replay.stop]),
      signal: AbortSignal.any([signal, replay.signal]),
    }),
    assertSame(outcome) {
      if (replay.difference !== undefined) throw replay.difference;
      const other = outcome && otherEnd(trace, outcome.exit, outcome.error?.code);
      if (other !== undefined) io.err(`dfu-flash: ${other}\n`);
    },
  };
}

/** How the recorded run ended and this one did not; `undefined` where both ended alike, or the record has no end. */
function otherEnd({ events }: Trace, exit: number, code: string | undefined): string | undefined {
  const end = events.at(-1);
  if (end?.event !== 'end' || (end.exit === exit && end.code === code)) return undefined;
  const inWords = (e: number, c: string | undefined) => `exit ${e}${c === undefined ? '' : ` [${c}]`}`;
  return `the recorded run ended with ${inWords(end.exit, end.code)}, this one with ${inWords(exit, code)}, though both did the same`;
}
