import type { DfuError } from './errors.ts';
import { onWaitEnd, type Wait } from './wait.ts';

/** Who is told of what goes through an inbox. */
export interface InboxObserver<T> {
  item(item: T): void;
  closed(why: DfuError): void;
}

/**
 * A queue from a link to the one who reads it: what comes early is kept, and every wait for more is bounded.
 * After `close` the items that had come are still handed out, then every `take` throws the reason.
 */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #weigh: (item: T) => number;
  #waiting = 0;
  #taker: { give: (item: T) => void; fail: (why: DfuError) => void } | undefined;
  #closed: DfuError | undefined;
  #observer: InboxObserver<T> | undefined;

  /** `weigh` says how much of `waiting` an item is; one each unless given. */
  constructor(weigh: (item: T) => number = () => 1) {
    this.#weigh = weigh;
  }

  /** How much has come and was not taken yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Adds an item. What comes after `close` is dropped. */
  put(item: T): void {
    if (this.#closed !== undefined) return;
    this.#observer?.item(item);
    if (this.#taker !== undefined) this.#taker.give(item);
    else {
      this.#items.push(item);
      this.#waiting += this.#weigh(item);
    }
  }

  /** Ends the inbox; the first reason stays. */
  close(why: DfuError): void {
    if (this.#closed !== undefined) return;
    this.#closed = why;
    this.#observer?.closed(why);
    this.#taker?.fail(why);
  }

  /** Tells `observer` of every item, and of the end, the moment they come; of what is there already, now. */
  observe(observer: InboxObserver<T>): void {
    this.#observer = observer;
    for (const item of this.#items) observer.item(item);
    if (this.#closed !== undefined) observer.closed(this.#closed);
  }

  /**
   * The next item. One taker at a time.
   * Throws `link.timeout`, `run.interrupted`, or the reason given to `close`.
   */
  take(wait: Wait, what = 'data'): Promise<T> {
    if (this.#taker !== undefined) throw new Error('an inbox has one taker at a time');
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#waiting -= this.#weigh(item);
      return Promise.resolve(item);
    }
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    return new Promise<T>((resolve, reject) => {
      let ended = false;
      const settle = (act: () => void) => {
        ended = true;
        this.#taker = undefined;
        stop();
        act();
      };
      let stop = () => {};
      this.#taker = {
        give: (value) => settle(() => resolve(value)),
        fail: (why) => settle(() => reject(why)),
      };
      const cancel = onWaitEnd(wait, what, (error) => settle(() => reject(error)));
      if (!ended) stop = cancel;
    });
  }

  /** Everything that waits in the queue, which is then empty. */
  drain(): T[] {
    this.#waiting = 0;
    return this.#items.splice(0);
  }
}
