import type { Clock } from '../../core/clock.ts';
import { DfuError } from '../../core/errors.ts';
import { within } from '../../core/wait.ts';
import type { Progress } from '../../flash/protocol.ts';
import { asDfuError } from '../program.ts';
import { type JournalHead, type JournalRecord, journalLine, journalRecord } from './journal-line.ts';
import { type DeviceReport, type DeviceTarget, inShort } from './one-device.ts';

/** So long a program of `--on-result` may run. */
const PROGRAM_MS = 30_000;

/** What a station has of the world. */
export interface StationParts {
  head: JournalHead;
  clock: Clock;
  now(): Date;
  /** First Ctrl-C, and second. */
  stop: AbortSignal;
  signal: AbortSignal;
  /** Sends the package to one device; never throws. */
  flash(
    target: DeviceTarget,
    run: { stop: AbortSignal; signal: AbortSignal; emit(p: Progress): void },
  ): Promise<DeviceReport>;
  /** On the disk when it resolves. Throws `output.failed`. Absent: no journal is kept. */
  append?: (line: string) => Promise<void>;
  /** Tells the result, which stands in the journal by now. */
  announce(record: JournalRecord, line: string, report: DeviceReport, target: DeviceTarget): void;
  /** Throws a DfuError. Absent: there is no program. */
  tellProgram?: (line: string, wait: { clock: Clock; until: number; signal: AbortSignal }) => Promise<void>;
  /** Says what went wrong beside the results. */
  warn(error: DfuError): void;
  progress(target: DeviceTarget, device: string | undefined): (progress: Progress) => void;
}

/**
 * Flashes devices as they come, for ever: each flash ends in a record, the record is in the journal before anybody is
 * told of it. A journal that can not be written ends the station; a program that fails does not.
 */
export class Station {
  readonly #parts: StationParts;
  readonly #halt = new AbortController();
  /** Ends with the first Ctrl-C, and with the journal. */
  readonly stop: AbortSignal;
  readonly #running = new Set<Promise<void>>();
  readonly #programs = new Set<Promise<void>>();
  readonly #count = { flashed: 0, failed: 0, interrupted: 0 };
  #fatal: DfuError | undefined;

  constructor(parts: StationParts) {
    this.#parts = parts;
    this.stop = AbortSignal.any([parts.stop, this.#halt.signal]);
  }

  get counted(): Readonly<{ flashed: number; failed: number; interrupted: number }> {
    return this.#count;
  }

  /** Flashes one device; resolves when its record has been told. After the first Ctrl-C nothing is begun any more. */
  serve(target: DeviceTarget, device?: string): Promise<void> {
    if (this.stop.aborted) return Promise.resolve();
    const served = this.#serve(target, device).catch((error: unknown) => this.#end(asDfuError(error)));
    this.#running.add(served);
    return served.finally(() => this.#running.delete(served));
  }

  /** Resolves when nothing is under way any more. Throws what ended the station. */
  async finish(): Promise<void> {
    await Promise.all(this.#running);
    await Promise.all(this.#programs);
    if (this.#fatal !== undefined) throw this.#fatal;
  }

  async #serve(target: DeviceTarget, device: string | undefined): Promise<void> {
    const { head, flash, append, announce, now, signal } = this.#parts;
    const emit = this.#parts.progress(target, device);
    const report = await flash(target, { stop: this.stop, signal, emit });
    this.#count[report.result === 'refused' ? 'failed' : report.result] += 1;
    const record = journalRecord(head, report, { label: target.label, device, time: now() });
    const line = journalLine(record);
    try {
      await append?.(line);
    } catch (cause) {
      const error = asDfuError(cause);
      const text = `${error.message}; ${inShort(report)}, and not in the journal: ${line}`;
      throw new DfuError(error.code, text, { facts: error.facts, cure: error.cure, cause });
    }
    announce(record, line, report, target);
    this.#tell(line);
  }

  /** Beside whatever comes next: a program that hangs delays no device. */
  #tell(line: string): void {
    const { tellProgram, clock, signal, warn } = this.#parts;
    if (tellProgram === undefined) return;
    const told = tellProgram(line, within(PROGRAM_MS, { clock, signal })).catch((error: unknown) =>
      warn(asDfuError(error)),
    );
    this.#programs.add(told);
    told.finally(() => this.#programs.delete(told));
  }

  #end(error: DfuError): void {
    this.#fatal ??= error;
    this.#halt.abort();
  }
}
