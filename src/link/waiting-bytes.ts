import { DfuError } from '../core/errors.ts';

/** What may wait to be read; a link that brings more has ended. */
export const MAX_WAITING_BYTES = 1024 * 1024;

/** Why a link has ended that brought more. */
export const flooded = (name: string): DfuError =>
  new DfuError(
    'link.flooded',
    `${name} brought more than ${MAX_WAITING_BYTES} bytes that nobody had asked for`,
  );
