import type { Bytes } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { untilTimeout, type Wait, within } from '../../core/wait.ts';
import type { ByteLink, Port, Side } from '../../link/link.ts';
import { withLink } from '../open-link.ts';
import type { Run } from '../protocol.ts';
import { type Dialect, tellsStart } from './dialect.ts';
import { GECKO } from './gecko.ts';
import { type Decoded, type Frame, FrameDecoder } from './wire.ts';

/** A frame comes in one go: after such a pause its first byte was noise. Long enough for a network in between. */
const MAX_GAP_MS = 400;
const TURN_MS = 1000;

/** Starts that are kept for who asks later: far more than any device makes while one answer is waited for. */
const MAX_KEPT = 1024;

/**
 * Frames over a byte link, one request at a time. Events are kept until somebody asks for them; responses that lie in
 * the queue when a request goes out belong to none (a doubled reply would else run one answer ahead for ever), so
 * they are dropped and counted.
 */
export class Channel {
  readonly #link: ByteLink;
  readonly #run: Run;
  readonly dialect: Dialect;
  readonly #decoder: FrameDecoder;
  #frames: Frame[] = [];
  /** Of the frames before this one was made use: taking them out one by one would move all the others each time. */
  #next = 0;
  #lastByteAt = 0;
  #wireBytes = 0;
  #strayResponses = 0;

  constructor(link: ByteLink, run: Run, dialect: Dialect = GECKO) {
    this.#link = link;
    this.#run = run;
    this.dialect = dialect;
    this.#decoder = new FrameDecoder(dialect.deviceType);
  }

  /** Bytes both ways so far. */
  get wireBytes(): number {
    return this.#wireBytes;
  }
  get strayResponses(): number {
    return this.#strayResponses;
  }

  /** Whether bootloader and application talk at different baud rates. */
  get hasTwoRates(): boolean {
    return this.#link.turnTo !== undefined;
  }

  /** Turns to the baud rate of bootloader or application, where they have two; half a frame from before is dropped. */
  async turnTo(side: Side): Promise<void> {
    if (this.#link.turnTo === undefined) return;
    await this.#link.turnTo(side, within(TURN_MS, this.#run));
    this.#pull();
    this.#decoder.flush();
  }

  /** Sends a command that has no answer. */
  async send(command: Bytes, wait: Wait): Promise<void> {
    this.#dropResponses();
    const bytes = this.dialect.wrap?.(command) ?? command;
    this.#wireBytes += bytes.length;
    await this.#link.write(bytes, wait);
  }

  /** Sends a command; gives the first frame that `accepts` takes, `undefined` when none came in time. */
  async ask(
    command: Bytes,
    timeoutMs: number,
    accepts: (frame: Frame) => boolean,
  ): Promise<Frame | undefined> {
    const wait = within(timeoutMs, this.#run);
    await this.send(command, wait);
    return this.#first(wait, accepts);
  }

  /** The next event, `undefined` when none came in time. Responses meanwhile are strays. */
  nextEvent(timeoutMs: number): Promise<Frame | undefined> {
    return this.#first(within(timeoutMs, this.#run), (frame) => frame.kind === 'event');
  }

  /** Drops what came so far: the device is about to start anew. */
  forget(): void {
    this.#pull();
    this.#dropResponses();
    this.#put([]);
    this.#decoder.flush();
  }

  /** Takes out the first frame accepted; keeps the events before it, in order, and counts the responses. */
  async #first(wait: Wait, accepts: (frame: Frame) => boolean): Promise<Frame | undefined> {
    const kept: Frame[] = [];
    this.#pull();
    try {
      for (;;) {
        const frame = await this.#receive(wait);
        if (frame === undefined) return undefined;
        if (accepts(frame)) return frame;
        if (frame.kind !== 'event') this.#strayResponses++;
        else if (kept.push(frame) > MAX_KEPT) throw flooded();
      }
    } finally {
      if (kept.length > 0) this.#put([...kept, ...this.#frames.slice(this.#next)]);
    }
  }

  /** The next frame from the link; `undefined` at the deadline, also where there is no end of what comes. */
  async #receive(wait: Wait): Promise<Frame | undefined> {
    for (;;) {
      const frame = this.#frames[this.#next];
      if (frame !== undefined) {
        this.#next++;
        return frame;
      }
      this.#put([]);
      // A link that always has something to give would never get to its own deadline, nor to a Ctrl-C.
      if (wait.signal.aborted) throw new DfuError('run.interrupted', 'stopped while waiting for data');
      if (wait.clock.now() >= wait.until) return undefined;
      const gapEnd =
        this.#decoder.pendingBytes > 0 ? Math.min(wait.until, this.#lastByteAt + MAX_GAP_MS) : wait.until;
      const bytes = await untilTimeout(this.#link.inbox.take({ ...wait, until: gapEnd }));
      if (bytes !== undefined) this.#accept(bytes);
      else if (gapEnd < wait.until) this.#queue(this.#decoder.resync());
      else return undefined;
    }
  }

  #put(frames: Frame[]): void {
    this.#frames = frames;
    this.#next = 0;
  }

  #accept(bytes: Bytes): void {
    this.#wireBytes += bytes.length;
    this.#lastByteAt = this.#run.clock.now();
    this.#queue(this.#decoder.push(bytes));
  }

  /** Keeps what somebody may ask for: an application can send events without end that mean nothing here. */
  #queue(decoded: readonly Decoded[]): void {
    for (const item of decoded) {
      if (!('frame' in item)) continue;
      if (item.frame.kind === 'message' || tellsStart(this.dialect, item.frame))
        this.#frames.push(item.frame);
    }
  }

  /** What lies in the link's queue already. */
  #pull(): void {
    for (const bytes of this.#link.inbox.drain()) this.#accept(bytes);
  }

  #dropResponses(): void {
    this.#pull();
    const frames = this.#frames.slice(this.#next);
    const events = frames.filter((frame) => frame.kind === 'event');
    this.#strayResponses += frames.length - events.length;
    this.#put(events);
  }
}

function flooded(): DfuError {
  return new DfuError(
    'link.flooded',
    `the device told more than ${MAX_KEPT} starts while an answer was waited for`,
  );
}

/** Opens the port, does the work, lets go of the port. */
export function withChannel<T>(
  port: Port<ByteLink>,
  run: Run,
  dialect: Dialect,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  return withLink(port, run, (link) => work(new Channel(link, run, dialect)));
}
