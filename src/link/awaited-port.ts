import { DfuError, type ErrorCode } from '../core/errors.ts';
import { pause, type Wait, within } from '../core/wait.ts';
import type { Link, Port } from './link.ts';

const LOOK_EVERY_MS = 200;
/** Right after an adapter was plugged in, its port is still locked or belongs to root for a moment. */
const MAY_CHANGE: ReadonlySet<ErrorCode> = new Set(['link.not-found', 'link.busy', 'link.forbidden']);

/**
 * `port`, waited for: its first opening looks for it for up to `waitMs`, beyond the deadline of the opening. Each later
 * one looks for it until its deadline, since a device that restarts may take its port along. Opening throws the last
 * reason why it could not be opened.
 */
export function awaitedPort<L extends Link>(port: Port<L>, waitMs: number): Port<L> {
  let opened = false;
  return {
    kind: port.kind,
    get name() {
      return port.name;
    },
    async open(wait: Wait): Promise<L> {
      const tryMs = wait.until - wait.clock.now();
      const end = opened ? wait.until : wait.clock.now() + waitMs;
      for (;;) {
        try {
          const link = await port.open(opened ? wait : within(tryMs, wait));
          opened = true;
          return link;
        } catch (error) {
          if (!(error instanceof DfuError) || !MAY_CHANGE.has(error.code)) throw error;
          if (wait.clock.now() + LOOK_EVERY_MS > end) throw error;
          await pause(within(LOOK_EVERY_MS, wait), `the port ${port.name}`);
        }
      }
    },
  };
}
