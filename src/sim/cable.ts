import type { Bytes } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { DfuError } from '../core/errors.ts';
import { Inbox } from '../core/inbox.ts';
import { bounded, type Wait } from '../core/wait.ts';
import type { ByteLink, Port } from '../link/link.ts';
import type { ByteDevice } from './device.ts';
import { type Direction, type Fault, FaultPlan, type LinkFault } from './faults.ts';

export interface MemoryPortOptions {
  clock: Clock;
  /** Paces both directions at 10 bits a byte (8N1); absent: bytes take no time. */
  baudRate?: number;
  /** Time a frame takes besides its bits, each way: what a USB adapter adds. Default 0. */
  latencyMs?: number;
  faults?: readonly Fault[];
  /** For people; default `virtual device`. */
  name?: string;
}

/** A port in memory with a virtual device behind it, and the hand that pulls the plug. */
export interface MemoryPort extends Port<ByteLink> {
  /**
   * Breaks the link that is open; what is on the wire is lost. With `true` the port is gone until `plugIn`: opening
   * it is `link.not-found`.
   */
  unplug(stayOut?: boolean): void;
  plugIn(): void;
  /** The far side takes no more bytes: writes wait until their deadline. */
  stall(): void;
  /** Link faults that struck so far. */
  readonly struck: readonly LinkFault[];
  /** Frames seen so far in a direction, over all openings. */
  frames(direction: Direction): number;
}

const BITS_A_BYTE = 10;

/**
 * A cable between a host and `device` in the time of a clock. What the device sends while nobody has the port open is
 * lost, as on a serial port. Opening it twice at a time is `link.busy`.
 */
export function memoryPort(device: ByteDevice, options: MemoryPortOptions): MemoryPort {
  return new Cable(device, options);
}

class Cable implements MemoryPort {
  readonly kind = 'bytes';
  readonly name: string;
  readonly #plan: FaultPlan;
  readonly #toDevice: Wire;
  readonly #toHost: Wire;
  #link: MemoryLink | undefined;
  #out = false;
  #stalled = false;

  constructor(device: ByteDevice, options: MemoryPortOptions) {
    this.name = options.name ?? 'virtual device';
    const linkFaults: LinkFault[] = [];
    for (const fault of options.faults ?? []) {
      if (fault.kind === 'power') device.cutPowerAt(fault.operation, fault.torn);
      else linkFaults.push(fault);
    }
    this.#plan = new FaultPlan(linkFaults);
    this.#toDevice = new Wire(options, (bytes) => device.receive(bytes));
    this.#toHost = new Wire(options, (bytes) => this.#link?.inbox.put(bytes));
    device.send = (bytes) => this.#carry('to-host', this.#toHost, bytes);
  }

  get struck(): readonly LinkFault[] {
    return this.#plan.struck;
  }

  frames(direction: Direction): number {
    return this.#plan.frames(direction);
  }

  async open(wait: Wait): Promise<ByteLink> {
    // The plug and the other opener are looked at when the wait has been, so that an ended wait opens nothing.
    await bounded(Promise.resolve(), wait, 'port');
    if (this.#out) throw new DfuError('link.not-found', `${this.name} is not plugged in`);
    if (this.#link !== undefined) throw new DfuError('link.busy', `${this.name} is open already`);
    const link = new MemoryLink(
      (bytes) => this.#write(bytes),
      () => {
        this.#link = undefined;
      },
    );
    this.#link = link;
    return link;
  }

  unplug(stayOut = false): void {
    this.#out = stayOut;
    this.#toDevice.drop();
    this.#toHost.drop();
    this.#link?.end(new DfuError('link.closed', `the cable of ${this.name} was pulled`));
  }

  plugIn(): void {
    this.#out = false;
  }

  stall(): void {
    this.#stalled = true;
  }

  /** Settles when the bytes are on the other side; never while the other side takes none. */
  #write(bytes: Bytes): Promise<void> {
    if (this.#stalled) return new Promise(() => {});
    return this.#carry('to-device', this.#toDevice, bytes);
  }

  #carry(direction: Direction, wire: Wire, bytes: Bytes): Promise<void> {
    const { pieces, delayMs, cut } = this.#plan.treat(direction, bytes);
    if (cut) {
      this.unplug();
      return Promise.resolve();
    }
    return wire.carry(pieces, delayMs, bytes.length);
  }
}

/** One direction: frames arrive in the order in which they left, each when its last bit has gone over. */
class Wire {
  readonly #clock: Clock;
  readonly #msPerByte: number;
  readonly #latencyMs: number;
  readonly #deliver: (bytes: Bytes) => void;
  readonly #queue: Bytes[][] = [];
  /** When the last bit so far leaves, and when it arrives. */
  #freeAt = 0;
  #lastArrival = 0;

  constructor(options: MemoryPortOptions, deliver: (bytes: Bytes) => void) {
    this.#clock = options.clock;
    this.#msPerByte = options.baudRate === undefined ? 0 : (BITS_A_BYTE * 1000) / options.baudRate;
    this.#latencyMs = options.latencyMs ?? 0;
    this.#deliver = deliver;
  }

  /**
   * Resolves when the last bit has left. `lengthBytes` is what the sender sent: a frame that gets lost takes its time
   * all the same.
   */
  carry(pieces: Bytes[], delayMs: number, lengthBytes: number): Promise<void> {
    const carried = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const now = this.#clock.now();
    this.#freeAt = Math.max(now, this.#freeAt) + Math.max(carried, lengthBytes) * this.#msPerByte;
    this.#lastArrival = Math.max(this.#lastArrival, this.#freeAt + this.#latencyMs + delayMs);
    this.#queue.push(pieces);
    // Each timer takes the head of the queue: real timers may fire out of order, frames may not.
    this.#clock.after(this.#lastArrival - now, () => this.#arrive());
    const leavesIn = this.#freeAt - now;
    if (leavesIn <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#clock.after(leavesIn, resolve);
    });
  }

  drop(): void {
    for (const pieces of this.#queue) pieces.length = 0;
  }

  #arrive(): void {
    for (const piece of this.#queue.shift() ?? []) if (piece.length > 0) this.#deliver(piece);
  }
}

class MemoryLink implements ByteLink {
  readonly kind = 'bytes';
  readonly inbox = new Inbox<Bytes>();
  readonly closed: Promise<DfuError>;
  readonly #carry: (bytes: Bytes) => Promise<void>;
  readonly #released: () => void;
  #settleClosed: (why: DfuError) => void = () => {};
  #ended: DfuError | undefined;
  /** What ends each write that is under way when the link breaks. */
  readonly #breaks = new Set<(why: DfuError) => void>();

  constructor(carry: (bytes: Bytes) => Promise<void>, released: () => void) {
    this.#carry = carry;
    this.#released = released;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
  }

  async write(bytes: Bytes, wait: Wait): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    if (wait.signal.aborted) return bounded(new Promise<void>(() => {}), wait, 'end of writing');
    let stop: (why: DfuError) => void = () => {};
    const sent = new Promise<void>((resolve, reject) => {
      stop = reject;
      this.#breaks.add(stop);
      this.#carry(bytes.slice()).then(resolve, reject);
    });
    try {
      await bounded(sent, wait, 'end of writing');
    } finally {
      this.#breaks.delete(stop);
    }
  }

  async close(): Promise<void> {
    this.end(new DfuError('link.closed', 'closed by this side'));
  }

  end(why: DfuError): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    this.#released();
    for (const stop of this.#breaks) stop(why);
    this.inbox.close(why);
    this.#settleClosed(why);
  }
}
