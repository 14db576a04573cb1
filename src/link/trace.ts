import type { Bytes } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { DfuError } from '../core/errors.ts';
import type { Wait } from '../core/wait.ts';
import type { ByteLink, ModemLines, Port, Side } from './link.ts';
import { encodeTraceEvent, encodeTraceHeader } from './trace-encode.ts';
import {
  type HostEvent,
  LINK_ABILITIES,
  type LinkWork,
  MAX_TRACE_MS,
  MAX_TRACE_PIECE_BYTES,
  MAX_TRACE_TEXT,
  type NoteEvent,
  type TraceError,
  type TraceHeader,
  type WorldEvent,
} from './trace-format.ts';

/** Where the lines of a trace go. It neither throws nor waits: recording never slows or breaks a run. */
export type TraceSink = (line: string) => void;

/**
 * Records a run: every byte both ways, and everything else that goes through a port, with its time. Keeps nothing itself.
 * `record(port)` is the port to give to the driver; it behaves as the one behind it.
 */
export class TraceRecorder {
  readonly #clock: Clock;
  readonly #sink: TraceSink;
  readonly #startedAt: number;
  #phase = '';
  /** Something came, and nobody has had time to act on it yet. */
  #justReceived = false;

  /** Writes the header at once: a run that ends before its port is opened leaves a trace too. */
  constructor(clock: Clock, sink: TraceSink, header: TraceHeader) {
    this.#clock = clock;
    this.#sink = sink;
    this.#startedAt = clock.now();
    sink(encodeTraceHeader(header));
  }

  record(port: Port<ByteLink>): Port<ByteLink> {
    return {
      kind: port.kind,
      name: port.name,
      open: async (wait) => {
        this.#put({ event: 'open' });
        try {
          return this.#opened(await port.open(wait));
        } catch (error) {
          throw this.#failed('open', error);
        }
      },
    };
  }

  /** Records the operator's wishes to stop: the first Ctrl-C and the second. */
  watch(stop: AbortSignal, signal: AbortSignal): void {
    const note = (of: AbortSignal, event: 'stop' | 'abort') => {
      if (of.aborted) this.#put({ event });
      else of.addEventListener('abort', () => this.#put({ event }), { once: true });
    };
    note(stop, 'stop');
    note(signal, 'abort');
  }

  /** Records what the run is at, when that has changed, and what the operator is told. */
  phase(phase: string, attempt: number, message?: string): void {
    const now = `${attempt} ${phase}`;
    if (now === this.#phase && message === undefined) return;
    this.#phase = now;
    this.#put({
      event: 'phase',
      phase,
      attempt,
      ...(message === undefined ? {} : { message: cut(message) }),
    });
  }

  /** Records how the run ended: the last line. */
  end(outcome: Omit<Extract<NoteEvent, { event: 'end' }>, 'event'>): void {
    this.#put({ event: 'end', ...outcome });
  }

  #opened(link: ByteLink): ByteLink {
    this.#put({ event: 'opened', can: LINK_ABILITIES.filter((name) => link[name] !== undefined) });
    link.inbox.observe({
      item: (bytes) => this.#received(bytes),
      closed: (why) => this.#put({ event: 'closed', error: traceError(why) }),
    });
    return new RecordedLink(link, {
      put: (event) => this.#put(event),
      sent: (bytes) => {
        for (const piece of pieces(bytes)) this.#put({ event: 'sent', bytes: piece });
      },
      failed: (work, error) => this.#failed(work, error),
    });
  }

  #received(bytes: Bytes): void {
    for (const piece of pieces(bytes)) {
      this.#put({ event: 'received', bytes: piece, ...(this.#justReceived && { same: true }) });
      if (this.#justReceived) continue;
      this.#justReceived = true;
      // Before whoever waits for these bytes has its turn.
      queueMicrotask(() => {
        this.#justReceived = false;
      });
    }
  }

  #failed(of: LinkWork, error: unknown): unknown {
    // What is no error of ours is a fault, and ends the run by itself.
    if (error instanceof DfuError) this.#put({ event: 'failed', of, error: traceError(error) });
    return error;
  }

  /** Times in whole microseconds: all that a clock can tell, and no more digits than are of use. */
  #put(event: HostEvent | WorldEvent | NoteEvent): void {
    const t = Math.round((this.#clock.now() - this.#startedAt) * 1000) / 1000;
    this.#sink(encodeTraceEvent({ t: Math.min(Math.max(t, 0), MAX_TRACE_MS), ...event }));
  }
}

interface Notes {
  put(event: HostEvent | WorldEvent): void;
  sent(bytes: Bytes): void;
  /** Gives the error back. */
  failed(work: LinkWork, error: unknown): unknown;
}

class RecordedLink implements ByteLink {
  readonly kind = 'bytes';
  readonly inbox: ByteLink['inbox'];
  readonly closed: ByteLink['closed'];
  readonly setLines?: (lines: ModemLines, wait: Wait) => Promise<void>;
  readonly setBaud?: (baudRate: number, wait: Wait) => Promise<void>;
  readonly turnTo?: (side: Side, wait: Wait) => Promise<void>;
  readonly #link: ByteLink;
  readonly #notes: Notes;
  #closing: Promise<void> | undefined;

  constructor(link: ByteLink, notes: Notes) {
    this.#link = link;
    this.#notes = notes;
    this.inbox = link.inbox;
    this.closed = link.closed;
    const { setLines, setBaud, turnTo } = link;
    // Drivers look whether a link has them.
    if (setLines !== undefined) {
      this.setLines = ({ dtr, rts }, wait) => {
        const lines = { ...(dtr === undefined ? {} : { dtr }), ...(rts === undefined ? {} : { rts }) };
        notes.put({ event: 'lines', ...lines });
        return this.#done('set', setLines.call(link, lines, wait));
      };
    }
    if (setBaud !== undefined) {
      this.setBaud = (baudRate, wait) => {
        notes.put({ event: 'baud', baudRate });
        return this.#done('set', setBaud.call(link, baudRate, wait));
      };
    }
    if (turnTo !== undefined) {
      this.turnTo = (side, wait) => {
        notes.put({ event: 'turn', side });
        return this.#done('set', turnTo.call(link, side, wait));
      };
    }
  }

  write(bytes: Bytes, wait: Wait): Promise<void> {
    this.#notes.sent(bytes);
    return this.#done('write', this.#link.write(bytes, wait));
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#notes.put({ event: 'close' });
      this.#closing = this.#done('close', this.#link.close());
    }
    return this.#closing;
  }

  async #done(work: Exclude<LinkWork, 'open'>, doing: Promise<void>): Promise<void> {
    try {
      await doing;
    } catch (error) {
      throw this.#notes.failed(work, error);
    }
    this.#notes.put({ event: DONE[work] });
  }
}

function pieces(bytes: Bytes): Bytes[] {
  return Array.from({ length: Math.ceil(bytes.length / MAX_TRACE_PIECE_BYTES) }, (_, i) =>
    bytes.subarray(i * MAX_TRACE_PIECE_BYTES, (i + 1) * MAX_TRACE_PIECE_BYTES),
  );
}

const DONE = { write: 'written', set: 'set', close: 'released' } as const;

const traceError = ({ code, message, cure, facts }: DfuError): TraceError => ({
  code,
  message: cut(message),
  cure: cut(cure),
  facts,
});

const cut = (text: string): string => text.slice(0, MAX_TRACE_TEXT);
