import type { Bytes } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { untilTimeout, type Wait, within } from '../../core/wait.ts';
import type { ByteLink } from '../../link/link.ts';
import type { Run } from '../protocol.ts';
import { MenuReader, type Sign } from './menu.ts';

/** What a menu bootloader says over a byte link, sign by sign. */
export class Terminal {
  readonly #link: ByteLink;
  readonly #run: Run;
  readonly #reader = new MenuReader();
  #signs: Sign[] = [];
  /** Of the signs before this one use was made: taking them out one by one would move all the others each time. */
  #taken = 0;
  #wireBytes = 0;
  #strayAnswers = 0;

  constructor(link: ByteLink, run: Run) {
    this.#link = link;
    this.#run = run;
  }

  /** Bytes both ways so far. */
  get wireBytes(): number {
    return this.#wireBytes;
  }
  /** Answers to packets that came when none was waited for. */
  get strayAnswers(): number {
    return this.#strayAnswers;
  }

  /** Sends; what lies in the queue by then is no answer to it and is dropped. */
  async send(bytes: Bytes, timeoutMs: number): Promise<void> {
    this.forget();
    this.#wireBytes += bytes.length;
    await this.#link.write(bytes, within(timeoutMs, this.#run));
  }

  /** Drops what came so far, and counts the answers among it. */
  forget(): void {
    for (const bytes of this.#link.inbox.drain()) this.#accept(bytes);
    for (const { kind } of this.#signs.slice(this.#taken)) {
      if (kind === 'ack' || kind === 'nak') this.#strayAnswers++;
    }
    this.#signs = [];
    this.#taken = 0;
  }

  /** The next sign; `undefined` where none came until then, also where there is no end of what comes. */
  async next(until: number): Promise<Sign | undefined> {
    const wait: Wait = { clock: this.#run.clock, until, signal: this.#run.signal };
    for (;;) {
      const sign = this.#signs[this.#taken];
      if (sign !== undefined) {
        this.#taken++;
        return sign;
      }
      this.#signs = [];
      this.#taken = 0;
      // A link that always has something to give would never get to its own deadline, nor to a Ctrl-C.
      if (wait.signal.aborted) throw new DfuError('run.interrupted', 'stopped while waiting for data');
      if (wait.clock.now() >= wait.until) return undefined;
      const bytes = await untilTimeout(this.#link.inbox.take(wait));
      if (bytes === undefined) return undefined;
      this.#accept(bytes);
    }
  }

  #accept(bytes: Bytes): void {
    this.#wireBytes += bytes.length;
    // One by one: a megabyte of noise at once is no reason to run out of arguments.
    for (const sign of this.#reader.push(bytes)) this.#signs.push(sign);
  }
}
