/** A port by what tells it from others: its USB socket, else its path. */
export interface SeenPort {
  key: string;
  path: string;
}

/** So long a port must be away before its coming back means another device: one that restarts is away for less. */
export const GONE_MS = 2000;

type State = 'seen-once' | 'taken' | 'left-alone';

/**
 * Which ports have newly come. What was there at the first look is left alone until it went away. A port counts as
 * come when two looks in a row found it: right after plugging in, its permissions are not set yet.
 */
export class PortWatch {
  readonly #ports = new Map<string, { state: State; busy: boolean; lastSeenMs: number }>();
  #first = true;

  /** What is there now; gives the ports that have come, each once until it was away. */
  look(nowMs: number, present: readonly SeenPort[]): SeenPort[] {
    const come: SeenPort[] = [];
    const keys = new Set(present.map(({ key }) => key));
    for (const [key, port] of this.#ports) {
      if (keys.has(key) || port.busy) continue;
      const away = nowMs - port.lastSeenMs;
      if (port.state === 'seen-once' || away >= GONE_MS) this.#ports.delete(key);
    }
    for (const port of present) {
      const known = this.#ports.get(port.key);
      if (known === undefined) {
        const state = this.#first ? 'left-alone' : 'seen-once';
        this.#ports.set(port.key, { state, busy: false, lastSeenMs: nowMs });
        continue;
      }
      known.lastSeenMs = nowMs;
      if (known.state !== 'seen-once') continue;
      known.state = 'taken';
      known.busy = true;
      come.push(port);
    }
    this.#first = false;
    return come;
  }

  /** The work at a port is over: from now on it may go away. */
  done(key: string, nowMs: number): void {
    const port = this.#ports.get(key);
    if (port === undefined) return;
    port.busy = false;
    // Away since before the end of the work is not away yet: the device may just be restarting.
    port.lastSeenMs = nowMs;
  }
}
