import { type Bytes, concat, equalBytes, firstDifference, toHex } from '../core/bytes.ts';
import { VirtualClock } from '../core/clock.ts';
import { DfuError } from '../core/errors.ts';
import { Inbox } from '../core/inbox.ts';
import { counted } from '../core/text.ts';
import { bounded, type Wait } from '../core/wait.ts';
import type { ByteLink, ModemLines, Port, Side } from './link.ts';
import {
  type HostEvent,
  isHostEvent,
  type LinkAbility,
  type LinkWork,
  lineOfEvent,
  MAX_TRACE_PIECE_BYTES,
  NOTE_EVENTS,
  type Trace,
  type TraceError,
  type TraceEvent,
  type WorldEvent,
} from './trace-format.ts';

/** What comes at the moment of a deadline had come before it in the record: times are in whole microseconds there. */
const TIE_MS = 0.001;
/** Timers of a real machine fire late, those of a replay do not: how far ahead of the record the run may be. */
const EARLY_MS = 250;
const SHOWN_BYTES = 16;

/** Happen at the moment they are due, before anything else has its turn; what a device sends, and Ctrl-C, come between. */
const AT_ONCE: ReadonlySet<TraceEvent['event']> = new Set([
  ...(['opened', 'written', 'set', 'released', 'failed', 'closed'] as const),
] satisfies WorldEvent['event'][]);

type Work = { resolve(): void; reject(why: DfuError): void };

/**
 * The device of a record: answers what it answered, as long as the run does what the recorded one did, in the time of
 * a clock of its own. Events keep the order they had; after each thing this side does, they come as much later as they
 * came in the record. The first thing done otherwise is `difference`, and ends the link: `trace.differs`.
 */
export class Replay {
  readonly clock = new VirtualClock();
  readonly port: Port<ByteLink>;
  readonly #trace: Trace;
  readonly #stop = new AbortController();
  readonly #signal = new AbortController();
  readonly #works = new Map<LinkWork, Work>();
  /** The next event of the record. */
  #at = 0;
  /** Time of the replay less time of the record. */
  #shiftMs = 0;
  /** When the last event was let happen, and its own time in the replay: earlier by nothing or a tie. */
  #happened = { atMs: Number.NaN, ownMs: 0 };
  #cancelTimer: (() => void) | undefined;
  #link: ReplayedLink | undefined;
  #sentBytes = 0;
  #difference: DfuError | undefined;

  constructor(trace: Trace) {
    this.#trace = trace;
    this.port = { kind: 'bytes', name: trace.header.port, open: (wait) => this.#open(wait) };
  }

  /** Fires where the operator of the recorded run pressed Ctrl-C first. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** Fires where that operator pressed it again. */
  get signal(): AbortSignal {
    return this.#signal.signal;
  }

  /** The first thing that was done otherwise; to be asked for when the run is over, as drivers have errors of their own for a lost link. */
  get difference(): DfuError | undefined {
    return this.#difference ?? this.#leftOver();
  }

  /** `trace.differs` where the recorded run went on. */
  #leftOver(): DfuError | undefined {
    for (let i = this.#at; i < this.#trace.events.length; i++) {
      const event = this.#trace.events[i];
      if (event !== undefined && isHostEvent(event))
        return differs(i, `the run is over; the recorded one ${told(event)}`);
    }
    return undefined;
  }

  async #open(wait: Wait): Promise<ByteLink> {
    await this.#work('open', wait, 'port', () =>
      this.#act('opens the port', ({ event }) => event === 'open'),
    );
    if (this.#link === undefined) throw new Error('a port opens by its event');
    return this.#link;
  }

  #makeLink(abilities: readonly LinkAbility[]): ReplayedLink {
    return new ReplayedLink(abilities, {
      write: (bytes, wait) => this.#work('write', wait, 'end of writing', () => this.#send(bytes)),
      set: (wanted, wait) =>
        this.#work('set', wait, 'setting', () =>
          this.#act(told(wanted), (event) => sameSetting(wanted, event)),
        ),
      close: () => this.#close(),
    });
  }

  /** Letting go is never refused, there would be nobody to tell: what differs stays in `difference`. */
  #close(): Promise<void> {
    return new Promise((resolve) => {
      this.#works.set('close', { resolve, reject: () => resolve() });
      try {
        this.#act('closes the port', ({ event }) => event === 'close');
      } catch (error) {
        if (!(error instanceof DfuError)) throw error;
      }
    });
  }

  /** Something done by this side: throws `trace.differs` where the record has something else next. */
  #act(doing: string, matches: (event: TraceEvent & HostEvent) => boolean): void {
    const event = this.#nextHostEvent(doing);
    if (!matches(event)) throw this.#differ(`the run ${doing}; the recorded one ${told(event)}`);
    this.#align(event);
    this.#at += 1;
    this.#advance();
  }

  #send(bytes: Bytes): void {
    const event = this.#nextHostEvent(`sends ${short(bytes)}`);
    const line = lineOfEvent(this.#at);
    const recorded = this.#recordedWrite();
    if (recorded === undefined || !equalBytes(recorded, bytes)) {
      throw recorded === undefined
        ? this.#differ(`the run sends ${short(bytes)}; the recorded one ${told(event)}`)
        : this.#differSent(line, recorded, bytes);
    }
    this.#align(event);
    this.#sentBytes += bytes.length;
    this.#at += Math.max(1, Math.ceil(bytes.length / MAX_TRACE_PIECE_BYTES));
    this.#advance();
  }

  /** What one write sent: a long one takes several lines, all but the last of them full. */
  #recordedWrite(): Bytes | undefined {
    const pieces: Bytes[] = [];
    for (let i = this.#at; ; i++) {
      const event = this.#trace.events[i];
      if (event?.event !== 'sent') break;
      pieces.push(event.bytes);
      if (event.bytes.length < MAX_TRACE_PIECE_BYTES) break;
    }
    return pieces.length === 0 ? undefined : concat(pieces);
  }

  /** What this side did next in the record, with all that came before it told first. */
  #nextHostEvent(doing: string): TraceEvent & HostEvent {
    if (this.#difference !== undefined) throw this.#difference;
    for (;;) {
      const event = this.#next();
      if (event === undefined) {
        const { cutOff, events } = this.#trace;
        const cut = cutOff || events.at(-1)?.event !== 'end' ? ', since it was cut off' : '';
        throw this.#differ(`the run ${doing}; the record ends here${cut}`);
      }
      if (isHostEvent(event)) return event;
      const aheadMs = this.#dueIn(event);
      if (aheadMs > EARLY_MS && event.event !== 'stop') {
        throw this.#differ(
          `the run ${doing} ${Math.round(aheadMs)} ms before the time at which, in the record, ${told(event)}`,
        );
      }
      this.#perform(event);
    }
  }

  #next(): TraceEvent | undefined {
    for (;;) {
      const event = this.#trace.events[this.#at];
      if (event === undefined || !NOTE_EVENTS.has(event.event)) return event;
      this.#at += 1;
    }
  }

  /** What comes after something that this side did counts from there. What it does at once with an event has the event's time. */
  #align(event: TraceEvent): void {
    const { atMs, ownMs } = this.#happened;
    const now = this.clock.now();
    this.#shiftMs = (now === atMs ? ownMs : now) - event.t;
  }

  #dueIn(event: TraceEvent): number {
    return event.t + this.#shiftMs - TIE_MS - this.clock.now();
  }

  /** Lets happen what is due, and sets the timer for what is next, unless it is this side's turn. */
  #advance(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (;;) {
      const event = this.#next();
      if (event === undefined || isHostEvent(event) || this.#difference !== undefined) return;
      const dueMs = this.#dueIn(event);
      // Ends of what this side waits for come as they came: before anything else has its turn.
      const withLast = event.event === 'received' && event.same === true;
      if (!withLast && (dueMs > 0 || !AT_ONCE.has(event.event))) {
        this.#cancelTimer = this.clock.after(Math.max(0, dueMs), () => {
          this.#perform(event);
          this.#advance();
        });
        return;
      }
      this.#perform(event);
    }
  }

  #perform(event: TraceEvent): void {
    this.#at += 1;
    const now = this.clock.now();
    const ownMs = event.t + this.#shiftMs;
    this.#happened = { atMs: now, ownMs: Math.abs(ownMs - now) <= TIE_MS ? ownMs : now };
    switch (event.event) {
      case 'opened':
        this.#link = this.#makeLink(event.can);
        this.#works.get('open')?.resolve();
        break;
      case 'received':
        this.#link?.inbox.put(event.bytes);
        break;
      case 'written':
        this.#works.get('write')?.resolve();
        break;
      case 'set':
        this.#works.get('set')?.resolve();
        break;
      case 'released':
        this.#works.get('close')?.resolve();
        break;
      case 'failed':
        this.#works.get(event.of)?.reject(asError(event.error));
        break;
      case 'closed':
        this.#link?.end(asError(event.error));
        break;
      case 'stop':
        this.#stop.abort();
        break;
      case 'abort':
        this.#signal.abort();
        break;
    }
  }

  /** Begins a work and waits for the record to end it; where it does not, until the wait ends. */
  #work(work: LinkWork, wait: Wait, what: string, begin: () => void): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      // Its end may come with its beginning.
      this.#works.set(work, { resolve, reject });
      begin();
    });
    return bounded(done, wait, what).finally(() => this.#works.delete(work));
  }

  #differ(what: string): DfuError {
    return this.#end(differs(this.#at, what));
  }

  #differSent(line: number, recorded: Bytes, sent: Bytes): DfuError {
    const at = firstDifference(recorded, sent);
    return this.#end(
      new DfuError(
        'trace.differs',
        `line ${line} of the trace: the run sends ${short(sent, at)}; the recorded one sent ${short(recorded, at)}: ` +
          `the first difference is at byte ${at} of it, ${this.#sentBytes + at} of all that is sent`,
        {
          facts: {
            line,
            offset: this.#sentBytes + at,
            offsetInWrite: at,
            sent: toHex(sent.subarray(at, at + SHOWN_BYTES)),
            recorded: toHex(recorded.subarray(at, at + SHOWN_BYTES)),
          },
        },
      ),
    );
  }

  #end(difference: DfuError): DfuError {
    this.#difference ??= difference;
    this.#cancelTimer?.();
    this.#link?.end(this.#difference);
    for (const work of this.#works.values()) work.reject(this.#difference);
    return this.#difference;
  }
}

interface Ways {
  write(bytes: Bytes, wait: Wait): Promise<void>;
  set(wanted: Setting, wait: Wait): Promise<void>;
  close(): Promise<void>;
}

type Setting = Extract<HostEvent, { event: 'lines' | 'baud' | 'turn' }>;

class ReplayedLink implements ByteLink {
  readonly kind = 'bytes';
  readonly inbox = new Inbox<Bytes>((bytes) => bytes.length);
  readonly closed: Promise<DfuError>;
  readonly setLines?: (lines: ModemLines, wait: Wait) => Promise<void>;
  readonly setBaud?: (baudRate: number, wait: Wait) => Promise<void>;
  readonly turnTo?: (side: Side, wait: Wait) => Promise<void>;
  readonly #ways: Ways;
  #settle: (why: DfuError) => void = () => {};
  #closing: Promise<void> | undefined;

  constructor(abilities: readonly LinkAbility[], ways: Ways) {
    this.#ways = ways;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (abilities.includes('setLines')) {
      this.setLines = (lines, wait) => ways.set({ event: 'lines', ...lines }, wait);
    }
    if (abilities.includes('setBaud')) {
      this.setBaud = (baudRate, wait) => ways.set({ event: 'baud', baudRate }, wait);
    }
    if (abilities.includes('turnTo')) {
      this.turnTo = (side, wait) => ways.set({ event: 'turn', side }, wait);
    }
  }

  write(bytes: Bytes, wait: Wait): Promise<void> {
    return this.#ways.write(bytes, wait);
  }

  close(): Promise<void> {
    this.#closing ??= this.#ways.close();
    return this.#closing;
  }

  end(why: DfuError): void {
    this.inbox.close(why);
    this.#settle(why);
  }
}

function sameSetting(wanted: Setting, found: HostEvent): boolean {
  switch (wanted.event) {
    case 'lines':
      return found.event === 'lines' && found.dtr === wanted.dtr && found.rts === wanted.rts;
    case 'baud':
      return found.event === 'baud' && found.baudRate === wanted.baudRate;
    case 'turn':
      return found.event === 'turn' && found.side === wanted.side;
  }
}

/** An event as the end of a sentence that begins with `the recorded run`. */
function told(event: HostEvent | TraceEvent): string {
  switch (event.event) {
    case 'open':
      return 'opens the port';
    case 'sent':
      return `sends ${short(event.bytes)}`;
    case 'received':
      return `${counted(event.bytes.length, 'byte')} came`;
    case 'lines':
      return `sets ${[level('DTR', event.dtr), level('RTS', event.rts)].join('')}`.trimEnd();
    case 'baud':
      return `sets ${event.baudRate} baud`;
    case 'turn':
      return `turns to the baud rate of the ${event.side}`;
    case 'close':
      return 'closes the port';
    default:
      return `"${event.event}" came`;
  }
}

const level = (name: string, value: boolean | undefined): string =>
  value === undefined ? '' : `${name}=${value ? 1 : 0} `;

/** Up to 16 bytes in hex, from a few before `at`. */
function short(bytes: Bytes, at = 0): string {
  const from = at < SHOWN_BYTES ? 0 : at - 4;
  const some = toHex(bytes.subarray(from, from + SHOWN_BYTES));
  const more = from + SHOWN_BYTES < bytes.length ? '...' : '';
  return `${counted(bytes.length, 'byte')} (${from > 0 ? '...' : ''}${some}${more})`;
}

function asError({ code, message, cure, facts }: TraceError): DfuError {
  return new DfuError(code, message, { cure, facts });
}

function differs(index: number, what: string): DfuError {
  const line = lineOfEvent(index);
  return new DfuError('trace.differs', `line ${line} of the trace: ${what}`, { facts: { line } });
}
