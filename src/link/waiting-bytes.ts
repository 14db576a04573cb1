import { DfuError } from '../core/errors.ts';

/** What may wait to be read; a link that brings more has ended. */
export const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * What may come within a second: twice what the fastest rate of `--baud` brings. Whoever sends more than that has all devices of
 * a process wait, even where each byte is read at once.
 */
export const MAX_BYTES_A_SECOND = 2 * 1024 * 1024;

/** Why a link has ended that brought more than a serial line can. */
export const tooFast = (name: string): DfuError =>
  new DfuError(
    'link.flooded',
    `${name} brought more than ${MAX_BYTES_A_SECOND} bytes within a second: no serial line does`,
  );

/** Why a link has ended of which more waits. */
export const flooded = (name: string): DfuError =>
  new DfuError(
    'link.flooded',
    `${name} brought more than ${MAX_WAITING_BYTES} bytes that nobody had asked for`,
  );
