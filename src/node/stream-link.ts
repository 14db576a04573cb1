import type { Duplex } from 'node:stream';
import type { Bytes } from '../core/bytes.ts';
import { systemClock } from '../core/clock.ts';
import { DfuError } from '../core/errors.ts';
import { Inbox } from '../core/inbox.ts';
import { bounded, type Wait } from '../core/wait.ts';
import type { ByteLink } from '../link/link.ts';
import { flooded, MAX_BYTES_A_SECOND, MAX_WAITING_BYTES, tooFast } from '../link/waiting-bytes.ts';

/** A byte link over a stream of Node's: serial ports and sockets are both such streams. */
export class StreamLink implements ByteLink {
  readonly kind = 'bytes';
  readonly inbox = new Inbox<Bytes>((bytes) => bytes.length);
  readonly closed: Promise<DfuError>;
  readonly #stream: Duplex;
  readonly #name: string;
  readonly #letGo: () => Promise<void>;
  #settle: (why: DfuError) => void = () => {};
  #ended: DfuError | undefined;
  /** What came since then. */
  #second = { from: Number.NEGATIVE_INFINITY, bytes: 0 };
  #closing: Promise<void> | undefined;
  /** What ends whatever is under way: after an unplug its callback never comes. */
  readonly #breaks = new Set<(why: DfuError) => void>();

  /** `letGo` closes the stream and resolves when the port is free again. Listens from now on, so that nothing is missed. */
  constructor(stream: Duplex, name: string, letGo: () => Promise<void>) {
    this.#stream = stream;
    this.#name = name;
    this.#letGo = letGo;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    stream.on('data', (chunk: Uint8Array) => this.#received(chunk));
    stream.on('error', (error) => this.#end(this.#lost(error)));
    stream.on('close', (error?: unknown) => this.#end(this.#lost(error)));
  }

  write(bytes: Bytes, wait: Wait): Promise<void> {
    return this.whileOpen(
      (stop, done) => {
        this.#stream.write(bytes, (error) => (error ? stop(this.#lost(error)) : done()));
      },
      wait,
      'room to write',
    );
  }

  /** Does what ends by a callback, unless wait or link end first: then the callback may never come. */
  protected async whileOpen(
    act: (stop: (why: DfuError) => void, done: () => void) => void,
    wait: Wait,
    what: string,
  ): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    if (wait.signal.aborted) return bounded(new Promise<void>(() => {}), wait, what);
    let stop: (why: DfuError) => void = () => {};
    const ended = new Promise<void>((resolve, reject) => {
      stop = reject;
      this.#breaks.add(stop);
      act(reject, resolve);
    });
    try {
      await bounded(ended, wait, what);
    } finally {
      this.#breaks.delete(stop);
    }
  }

  close(): Promise<void> {
    this.#end(new DfuError('link.closed', `${this.#name} was closed by this side`));
    this.#closing ??= this.#letGo();
    return this.#closing;
  }

  #received(chunk: Uint8Array): void {
    this.inbox.put(new Uint8Array(chunk));
    const now = systemClock.now();
    if (now - this.#second.from >= 1000) this.#second = { from: now, bytes: 0 };
    this.#second.bytes += chunk.length;
    if (this.inbox.waiting > MAX_WAITING_BYTES) this.#flooded(flooded(this.#name));
    else if (this.#second.bytes > MAX_BYTES_A_SECOND) this.#flooded(tooFast(this.#name));
  }

  #flooded(why: DfuError): void {
    this.inbox.drain();
    this.#stream.pause();
    this.#end(why);
  }

  #end(why: DfuError): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    for (const stop of this.#breaks) stop(why);
    this.inbox.close(why);
    this.#settle(why);
  }

  #lost(cause: unknown): DfuError {
    if (this.#ended !== undefined) return this.#ended;
    const reason = cause instanceof Error ? `: ${cause.message}` : '';
    return new DfuError('link.closed', `the connection to ${this.#name} was lost${reason}`, { cause });
  }
}
