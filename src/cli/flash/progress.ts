import type { Clock } from '../../core/clock.ts';
import { printableLine, shown } from '../../core/text.ts';
import type { Phase, Progress } from '../../flash/protocol.ts';
import type { Io } from '../io.ts';

export const PROGRESS_FORMS = ['auto', 'bar', 'lines', 'json', 'none'] as const;
export type ProgressForm = (typeof PROGRESS_FORMS)[number];

export interface ProgressView {
  show(progress: Progress): void;
  /** Nothing follows. */
  end(): void;
}

/**
 * How progress is shown: to standard error, except that `writeJson` gets the events of `json`. `clock` is the one of
 * the run, whose time may be virtual; `port` is named in the events where there are several.
 */
export function progressView(
  io: Io,
  form: ProgressForm,
  clock: Clock,
  writeJson: (text: string) => void,
  port?: string,
): ProgressView {
  switch (form) {
    case 'none':
      return { show: (progress) => showMessage(io, progress), end: () => {} };
    case 'json':
      return jsonView(clock, writeJson, port);
    case 'bar':
      return new Bar(io, clock);
    case 'lines':
      return new Lines(io);
    case 'auto':
      return io.terminal.stderr ? new Bar(io, clock) : new Lines(io);
  }
}

const PHASES: Record<Phase, string> = {
  connect: 'Opening the port',
  enter: 'Bringing the device into its bootloader',
  upload: 'Uploading',
  finish: 'Asking the bootloader whether the image is complete',
  confirm: 'Starting the application and watching it',
};

/** schemas/progress-event-v1.schema.json, one object a line. */
function jsonView(clock: Clock, write: (text: string) => void, port: string | undefined): ProgressView {
  const startedAt = clock.now();
  const head = { formatVersion: 1, ...(port === undefined ? {} : { port: shown(port) }) };
  return {
    show: (progress) =>
      write(`${JSON.stringify({ ...head, elapsedMs: Math.round(clock.now() - startedAt), ...progress })}\n`),
    end: () => {},
  };
}

/** What the operator must know or do is said even where no progress is wanted. */
function showMessage(io: Io, { message }: Progress): void {
  if (message !== undefined) io.err(`${printableLine(message)}\n`);
}

/** Tells when a phase begins, and what is to be said beside that. */
class Phases {
  #last = '';

  /** Whether this begins a phase. */
  begins({ phase, attempt, image }: Progress): boolean {
    const now = `${attempt} ${phase} ${phase === 'finish' ? image : ''}`;
    if (now === this.#last) return false;
    this.#last = now;
    return true;
  }
}

class Lines implements ProgressView {
  readonly #io: Io;
  readonly #phases = new Phases();
  #tenths = 0;

  constructor(io: Io) {
    this.#io = io;
  }

  show(progress: Progress): void {
    const { phase, message, facts, doneBytes, totalBytes } = progress;
    if (message === undefined && this.#phases.begins(progress)) {
      if (phase === 'connect') this.#tenths = 0;
      if (phase !== 'upload') this.#io.err(`${PHASES[phase]}\n`);
    }
    showMessage(this.#io, progress);
    if (progress.found !== undefined) this.#io.err(`Found ${progress.found}\n`);
    if (phase === 'enter' && facts?.bootloaderVersion !== undefined) {
      this.#io.err(`${printableLine(`In bootloader ${facts.bootloaderVersion}`)}\n`);
    }
    if (doneBytes === undefined || totalBytes === undefined) return;
    const tenths = Math.floor((10 * doneBytes) / totalBytes);
    if (tenths === this.#tenths) return;
    this.#tenths = tenths;
    this.#io.err(`Uploaded ${10 * tenths} %, ${doneBytes} of ${totalBytes} bytes\n`);
  }

  end(): void {}
}

const BAR_CELLS = 24;

class Bar implements ProgressView {
  readonly #io: Io;
  readonly #clock: Clock;
  readonly #phases = new Phases();
  /** Where and when the upload was first seen; the rate is reckoned from there. */
  #from: { ms: number; bytes: number } | undefined;
  #shown = '';

  constructor(io: Io, clock: Clock) {
    this.#io = io;
    this.#clock = clock;
  }

  show(progress: Progress): void {
    const { phase, message, doneBytes, totalBytes } = progress;
    if (message !== undefined) {
      this.#draw('');
      showMessage(this.#io, progress);
      return;
    }
    if (phase === 'connect') this.#from = undefined;
    if (doneBytes !== undefined && totalBytes !== undefined) {
      this.#from ??= { ms: this.#clock.now(), bytes: doneBytes };
      this.#draw(this.#bar(doneBytes, totalBytes));
    } else if (this.#phases.begins(progress)) this.#draw(PHASES[phase]);
  }

  end(): void {
    this.#draw('');
  }

  #bar(doneBytes: number, totalBytes: number): string {
    const share = doneBytes / totalBytes;
    const cells = '#'.repeat(Math.floor(share * BAR_CELLS)).padEnd(BAR_CELLS, '.');
    const from = this.#from ?? { ms: 0, bytes: 0 };
    const seconds = (this.#clock.now() - from.ms) / 1000;
    const rate = seconds > 0 && doneBytes > from.bytes ? (doneBytes - from.bytes) / seconds : undefined;
    const speed =
      rate === undefined
        ? ''
        : `  ${(rate / 1024).toFixed(1)} KiB/s  ${Math.ceil((totalBytes - doneBytes) / rate)} s left`;
    return `[${cells}] ${String(Math.floor(100 * share)).padStart(3)} %${speed}`;
  }

  /** Over the line before; an empty text leaves an empty line to write on. */
  #draw(text: string): void {
    const line = text.slice(0, Math.max(10, this.#io.terminal.columns - 1));
    if (line === this.#shown) return;
    this.#io.err(`\r${line.padEnd(this.#shown.length)}${line === '' ? '\r' : ''}`);
    this.#shown = line;
  }
}
