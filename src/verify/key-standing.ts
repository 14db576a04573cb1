import type { ErrorCode } from '../core/errors.ts';
import type { TrustedKey } from '../format/trust-file.ts';
import type { SignatureWeight } from './report.ts';

/** Whether a key counts where it is listed. */
export type KeyStanding = Exclude<SignatureWeight, 'not-in-rule'>;

/** Whether a key of a trust file counts at this time, in milliseconds since 1970, or why not. */
export function standing({ revoked, notBeforeMs, notAfterMs }: TrustedKey, atMs: number): KeyStanding {
  if (revoked) return 'revoked';
  // Written so that a time which is none excludes the key.
  if (notAfterMs !== undefined && !(atMs < notAfterMs)) return 'expired';
  if (notBeforeMs !== undefined && !(atMs >= notBeforeMs)) return 'not-yet-valid';
  return 'counts';
}

/** Why keys do not count, in the order in which it is told: what can never be mended first. */
export const LOST_STANDINGS = [
  { standing: 'revoked', code: 'trust.key-revoked', why: 'revoked' },
  { standing: 'expired', code: 'trust.key-expired', why: 'expired' },
  { standing: 'not-yet-valid', code: 'trust.key-not-yet-valid', why: 'not valid yet' },
] as const satisfies readonly { standing: KeyStanding; code: ErrorCode; why: string }[];
