import type { Bytes } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { DfuError } from '../core/errors.ts';
import { Inbox } from '../core/inbox.ts';
import { bounded, type Wait } from '../core/wait.ts';
import type { ByteLink, ModemLines, Port } from '../link/link.ts';
import type { ByteDevice } from './device.ts';
import { type Direction, type Fault, FaultPlan, type LinkFault } from './faults.ts';
import { Wire } from './wire.ts';

/** The cable to a virtual device. */
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
  /** As the host has set them last; opening asserts both, as systems do. */
  readonly lines: Required<ModemLines>;
  /** As the host has set it last. */
  readonly baudRate: number | undefined;
  /** Link faults that struck so far. */
  readonly struck: readonly LinkFault[];
  /** Frames seen so far in a direction, over all openings. */
  frames(direction: Direction): number;
}

/** Leaves no byte as it was. */
const NOISE = 0xd3;

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
  readonly #device: ByteDevice;
  readonly #options: MemoryPortOptions;
  readonly #plan: FaultPlan;
  readonly #toDevice: Wire;
  readonly #toHost: Wire;
  #link: MemoryLink | undefined;
  #out = false;
  #stalled = false;
  #lines: Required<ModemLines> = { dtr: false, rts: false };
  #baudRate: number | undefined;

  constructor(device: ByteDevice, options: MemoryPortOptions) {
    this.#device = device;
    this.#options = options;
    this.#baudRate = options.baudRate;
    this.name = options.name ?? 'virtual device';
    const linkFaults: LinkFault[] = [];
    for (const fault of options.faults ?? []) {
      if (fault.kind === 'power') device.cutPowerAt(fault.operation, fault.torn);
      else linkFaults.push(fault);
    }
    this.#plan = new FaultPlan(linkFaults);
    this.#toDevice = new Wire(options, (bytes) => device.receive(bytes));
    this.#toHost = new Wire(options, (bytes) => this.#link?.inbox.put(bytes));
    device.send = (bytes) => this.#carry('to-host', this.#toHost, this.#heard(bytes));
  }

  get lines(): Required<ModemLines> {
    return this.#lines;
  }

  get baudRate(): number | undefined {
    return this.#baudRate;
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
    this.#setBaud(this.#options.baudRate);
    this.#lines = { dtr: true, rts: true };
    const link = new MemoryLink({
      carry: (bytes) => this.#write(bytes),
      setLines: (lines) => {
        this.#lines = { ...this.#lines, ...lines };
        this.#device.setLines?.(this.#lines);
      },
      setBaud: (baudRate) => this.#setBaud(baudRate),
      released: () => {
        this.#link = undefined;
      },
    });
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
    return this.#carry('to-device', this.#toDevice, this.#heard(bytes));
  }

  #setBaud(baudRate: number | undefined): void {
    this.#baudRate = baudRate;
    for (const wire of [this.#toDevice, this.#toHost]) wire.setBaud(baudRate);
  }

  /** What the other side makes of it: at another baud rate, noise. */
  #heard(bytes: Bytes): Bytes {
    const { baudRate } = this.#device;
    if (baudRate === undefined || this.#baudRate === undefined || baudRate === this.#baudRate) return bytes;
    return bytes.map((byte) => byte ^ NOISE);
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

/** What a link does to its cable. */
interface CableEnd {
  carry(bytes: Bytes): Promise<void>;
  setLines(lines: ModemLines): void;
  setBaud(baudRate: number): void;
  released(): void;
}

class MemoryLink implements ByteLink {
  readonly kind = 'bytes';
  readonly inbox = new Inbox<Bytes>();
  readonly closed: Promise<DfuError>;
  readonly #cable: CableEnd;
  #settleClosed: (why: DfuError) => void = () => {};
  #ended: DfuError | undefined;
  /** What ends each write that is under way when the link breaks. */
  readonly #breaks = new Set<(why: DfuError) => void>();

  constructor(cable: CableEnd) {
    this.#cable = cable;
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
      this.#cable.carry(bytes.slice()).then(resolve, reject);
    });
    try {
      await bounded(sent, wait, 'end of writing');
    } finally {
      this.#breaks.delete(stop);
    }
  }

  async setLines(lines: ModemLines, wait: Wait): Promise<void> {
    await this.#whileOpen(wait, 'lines to be set');
    this.#cable.setLines(lines);
  }

  async setBaud(baudRate: number, wait: Wait): Promise<void> {
    await this.#whileOpen(wait, 'baud rate to be set');
    this.#cable.setBaud(baudRate);
  }

  async #whileOpen(wait: Wait, what: string): Promise<void> {
    await bounded(Promise.resolve(), wait, what);
    if (this.#ended !== undefined) throw this.#ended;
  }

  async close(): Promise<void> {
    this.end(new DfuError('link.closed', 'closed by this side'));
  }

  end(why: DfuError): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    this.#cable.released();
    for (const stop of this.#breaks) stop(why);
    this.inbox.close(why);
    this.#settleClosed(why);
  }
}
