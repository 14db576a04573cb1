import { DfuError } from '../../core/errors.ts';
import { CONFIRMATIONS, type Protocol } from '../../flash/protocol.ts';
import { DEFAULT_RETRIES, type FlashOptions } from '../../flash/session.ts';
import type { ByteLink } from '../../link/link.ts';
import type { Trust } from '../../verify/trust.ts';
import { environmentValue, type Io } from '../io.ts';
import { parseChoice, parseNumber } from '../options.ts';
import type { TrustOptions } from '../trust-options.ts';
import { chooseReset } from './device-options.ts';
import { PROGRESS_FORMS, type ProgressForm } from './progress.ts';

/** How a package is sent: what upload and station have in common. */
export interface SendOptions {
  entry?: string;
  chunkSize?: string;
  confirm?: string;
  retries?: string;
  progress?: string;
  reset?: string;
}

/** Throws `usage.invalid`. */
export function readFlashOptions(
  { entry: way, chunkSize, confirm, retries, reset: sequence }: SendOptions,
  { entries }: Pick<Protocol<ByteLink>, 'entries'>,
): Omit<FlashOptions, 'operator'> {
  const entry = way === undefined ? 'auto' : parseChoice('--entry', way, entries);
  const reset = chooseReset(sequence, entry);
  return {
    entry,
    ...(reset && { reset }),
    ...(chunkSize === undefined ? {} : { chunkBytes: parseNumber('--chunk-size', chunkSize, 1, 0xffff) }),
    confirm: confirm === undefined ? 'auto' : parseChoice('--confirm', confirm, ['auto', ...CONFIRMATIONS]),
    retries: retries === undefined ? DEFAULT_RETRIES : parseNumber('--retries', retries, 0, 100),
  };
}

/** Throws `usage.invalid`, `usage.environment`. */
export function readProgressForm(io: Io, { progress }: SendOptions): ProgressForm {
  if (progress !== undefined) return parseChoice('--progress', progress, PROGRESS_FORMS);
  const fromEnvironment = environmentValue(io, 'DFUKIT_PROGRESS');
  return fromEnvironment === undefined
    ? 'auto'
    : parseChoice('DFUKIT_PROGRESS', fromEnvironment, PROGRESS_FORMS);
}

/**
 * By a trust file of several products a package for any of them would pass; no device of ours tells its product.
 * Throws `usage.invalid`.
 */
export function assertProductKnown(trust: Trust, { product }: TrustOptions): void {
  if (trust.kind !== 'file' || trust.file.rules.size <= 1 || product !== undefined) return;
  throw new DfuError('usage.invalid', `the trust file has rules for ${trust.file.rules.size} products`, {
    cure: 'Say with --product which of them the device is: otherwise a package for any of them would be flashed.',
  });
}
