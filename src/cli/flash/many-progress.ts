import type { Clock } from '../../core/clock.ts';
import { printableLine } from '../../core/text.ts';
import type { Progress } from '../../flash/protocol.ts';
import type { Io } from '../io.ts';
import { newDevice, takeProgress, takeResult } from './fleet.ts';
import { type ProgressForm, progressView } from './progress.ts';
import { renderTable } from './table.ts';

/** Progress of several devices; `index` counts the devices in the operator's order. */
export interface ManyView {
  show(index: number, progress: Progress): void;
  /** Whole lines to be seen beside it. */
  note(text: string): void;
  /** How one ended, in a few words. */
  result(index: number, text: string, good: boolean): void;
  /** Nothing follows. */
  end(): void;
}

/**
 * As `progressView`, for several devices: a live table where one device has a bar, else lines that begin with the name
 * of the port; the events of `json` carry the port.
 */
export function manyView(
  io: Io,
  form: ProgressForm,
  clock: Clock,
  labels: readonly string[],
  writeJson: (text: string) => void,
): ManyView {
  const table = form === 'bar' || (form === 'auto' && io.terminal.stderr);
  if (table) return new LiveTable(io, clock, labels);
  const views = labels.map((label) => portView(io, form, clock, label, writeJson));
  return {
    show: (index, progress) => views[index]?.show(progress),
    note: (text) => io.err(text),
    result: (index, text) => {
      if (form !== 'json' && form !== 'none') io.err(`${printableLine(`${labels[index]}: ${text}`)}\n`);
    },
    end: () => {
      for (const view of views) view.end();
    },
  };
}

/** The lines, or the events, of one port among several. */
export function portView(
  io: Io,
  form: ProgressForm,
  clock: Clock,
  label: string,
  writeJson: (text: string) => void,
): ReturnType<typeof progressView> {
  const prefix = printableLine(`${label}: `);
  const own: Io = { ...io, err: (text) => io.err(`${prefix}${text}`) };
  return progressView(own, form === 'bar' || form === 'auto' ? 'lines' : form, clock, writeJson, label);
}

const REDRAW_MS = 100;
const ESC = String.fromCharCode(27);
const ERASE_LINE = `${ESC}[K`;
const ERASE_BELOW = `${ESC}[J`;
const up = (lines: number): string => (lines === 0 ? '' : `${ESC}[${lines}A`);

/** The table, drawn over itself: ten times a second at most, however much progress there is. */
class LiveTable implements ManyView {
  readonly #io: Io;
  readonly #clock: Clock;
  readonly #devices: ReturnType<typeof newDevice>[];
  #drawnLines = 0;
  #cancel: (() => void) | undefined;
  #ended = false;

  constructor(io: Io, clock: Clock, labels: readonly string[]) {
    this.#io = io;
    this.#clock = clock;
    this.#devices = labels.map(newDevice);
    this.#draw();
  }

  show(index: number, progress: Progress): void {
    const device = this.#devices[index];
    if (device === undefined) return;
    takeProgress(device, progress, this.#clock.now());
    if (progress.message === undefined) this.#soon();
    else this.note(`${printableLine(`${device.label}: ${progress.message}`)}\n`);
  }

  note(text: string): void {
    // Above the table, where it stays.
    this.#io.err(`${up(this.#drawnLines)}${ERASE_BELOW}${text}`);
    this.#drawnLines = 0;
    this.#draw();
  }

  result(index: number, text: string, good: boolean): void {
    const device = this.#devices[index];
    if (device !== undefined) takeResult(device, text, good);
    this.#soon();
  }

  end(): void {
    if (this.#ended) return;
    this.#cancel?.();
    this.#draw();
    this.#ended = true;
  }

  #soon(): void {
    if (this.#ended) return;
    this.#cancel ??= this.#clock.after(REDRAW_MS, () => {
      this.#cancel = undefined;
      this.#draw();
    });
  }

  #draw(): void {
    const { columns, rows } = this.#io.terminal;
    const lines = renderTable(this.#devices, this.#clock.now(), { columns, rows });
    this.#io.err(
      `${up(this.#drawnLines)}${lines.map((line) => `${line}${ERASE_LINE}\n`).join('')}${ERASE_BELOW}`,
    );
    this.#drawnLines = lines.length;
  }
}
