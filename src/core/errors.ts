import { cliErrors } from './error-codes/cli.ts';
import { deviceErrors } from './error-codes/device.ts';
import { imageErrors } from './error-codes/image.ts';
import { keyErrors } from './error-codes/key.ts';
import { linkErrors } from './error-codes/link.ts';
import { manyErrors } from './error-codes/many.ts';
import { packErrors } from './error-codes/pack.ts';
import { packageErrors } from './error-codes/package.ts';
import { policyErrors } from './error-codes/policy.ts';
import { traceErrors } from './error-codes/trace.ts';
import { trustErrors } from './error-codes/trust.ts';
import { trustFileErrors } from './error-codes/trust-file.ts';

/** What a code stands for. `exit` as in the table of README.md; `retryable`: another run, unchanged, may succeed. */
export interface ErrorKind {
  exit: ExitCode;
  retryable: boolean;
  /** What went wrong, as a short phrase. */
  title: string;
  /** What to do about it. */
  cure: string;
}

/** What the programs end with; the table of README.md says what each stands for. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 9 | 10 | 130;

/** Every code there is. Nothing outside this table is ever reported. */
export const ERRORS = {
  ...cliErrors,
  ...imageErrors,
  ...packErrors,
  ...packageErrors,
  ...keyErrors,
  ...trustErrors,
  ...trustFileErrors,
  ...policyErrors,
  ...linkErrors,
  ...deviceErrors,
  ...manyErrors,
  ...traceErrors,
} as const;

/** A key of `ERRORS`: `room.what`. */
export type ErrorCode = keyof typeof ERRORS;

/**
 * What flash holds when a run ends: `untouched` (nothing was sent that changes it), `bootloader` (no application that
 * starts), `old` or `new` (that application), `unknown`.
 */
export type DeviceState = 'untouched' | 'bootloader' | 'old' | 'new' | 'unknown';

/** What an error is about, by name, for machines. Never a secret. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

/** What a DfuError can carry besides code and message. */
export interface DfuErrorOptions {
  /** Where and what, for machines: file, offset, address, expected, found ... */
  facts?: Facts;
  /** Set where a device was touched. */
  deviceState?: DeviceState;
  /** A cure closer to the case than the table's. */
  cure?: string;
  /** Whether another run, unchanged, may succeed, where that is known better than the table says. */
  retryable?: boolean;
  cause?: unknown;
}

/** The one error of dfukit: a code from the table, a message that says what and where, and what to do. */
export class DfuError extends Error {
  override readonly name = 'DfuError';
  readonly code: ErrorCode;
  readonly facts: Facts;
  readonly deviceState: DeviceState | undefined;
  readonly cure: string;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: DfuErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.facts = options.facts ?? {};
    this.deviceState = options.deviceState;
    this.cure = options.cure ?? ERRORS[code].cure;
    this.retryable = options.retryable ?? ERRORS[code].retryable;
  }

  get exit(): ExitCode {
    return ERRORS[this.code].exit;
  }

  /** The same error, with the state in which the device was left. */
  withDeviceState(deviceState: DeviceState): DfuError {
    return new DfuError(this.code, this.message, {
      facts: this.facts,
      deviceState,
      cure: this.cure,
      retryable: this.retryable,
      cause: this.cause,
    });
  }
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}
