import type { DeviceState, DfuError, ErrorCode, ExitCode, Facts } from '../core/errors.ts';
import type { Fact } from './facts.ts';
import type { Confirmation, Entry } from './protocol.ts';

/** What a run of dfu-flash did: schemas/flash-report-v1.schema.json. Lengths in bytes, times in ms of the run's clock. */
export interface FlashReport {
  formatVersion: 1;
  result: 'flashed' | 'failed' | 'interrupted';
  exit: ExitCode;
  protocol: string;
  port: string;
  package: {
    packageId: string;
    verdict: 'trusted' | 'accepted-unsigned';
    name: string;
    version: string;
    product: string;
  };
  images: FlashedImage[];
  options: {
    entry: Entry;
    chunkBytes: number;
    confirm: Confirmation;
    retries: number;
    /** As the operator gave it. */
    reset?: string;
  };
  /** The evidence reached; absent where the run failed. */
  confirmation?: Confirmation;
  deviceState: DeviceState;
  facts: Fact[];
  /** What the package would have compared with the device, and the device did not tell; names as in `facts`. */
  notTold: string[];
  attempts: AttemptReport[];
  imageBytes: number;
  /** Both ways between first upload and finish, of the attempt that succeeded. */
  wireBytes?: number;
  /** Answers that nobody had asked for, in the attempt that succeeded: signs of a bad line. */
  strayResponses?: number;
  durationMs: number;
  error?: ErrorReport;
}

/** An image that was to be sent, as its manifest describes it; `size` in bytes, sums in lower-case hex. */
export interface FlashedImage {
  name: string;
  role: string;
  format: string;
  size: number;
  sha256: string;
  crc32: string;
}

/** One attempt; `error` says why there was another, or why it was the last. */
export interface AttemptReport {
  /** Counts from 1. */
  attempt: number;
  chunkBytes: number;
  durationMs: number;
  error?: { code: ErrorCode; message: string };
}

export interface ErrorReport {
  code: ErrorCode;
  message: string;
  cure: string;
  /** Whether another run, unchanged, may succeed. */
  retryable: boolean;
  facts: Facts;
}

export function describeError(error: DfuError): ErrorReport {
  return {
    code: error.code,
    message: error.message,
    cure: error.cure,
    retryable: error.retryable,
    facts: error.facts,
  };
}
