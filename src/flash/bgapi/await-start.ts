import type { ByteLink, Port } from '../../link/link.ts';
import type { Run } from '../protocol.ts';
import { withChannel } from './channel.ts';
import type { Dialect } from './dialect.ts';

/**
 * Opens the port, sends nothing, and waits for a bootloader that tells its start; `false` when none did in time.
 * Throws what opening throws, `run.interrupted`, or why the link closed.
 */
export function awaitStart(
  dialect: Dialect,
  port: Port<ByteLink>,
  run: Run,
  waitMs: number,
): Promise<boolean> {
  return withChannel(port, run, dialect, async (channel) => {
    const end = run.clock.now() + waitMs;
    for (;;) {
      const event = await channel.nextEvent(Math.max(0, end - run.clock.now()));
      if (event === undefined) return false;
      if (dialect.bootloaderStart(event) !== undefined) return true;
    }
  });
}
