import type { Bytes } from '../../../src/core/bytes.ts';
import { DfuError } from '../../../src/core/errors.ts';
import type { Random } from './random.ts';

/** A decoder with what it promises of every input. */
export interface Target {
  readonly name: string;
  /** Longer inputs are not made. */
  readonly maxBytes: number;
  /** Whether the input was accepted. A DfuError is a refusal; anything else that is thrown is a finding. */
  run(bytes: Bytes): boolean | Promise<boolean>;
  /** The input with its checksums and lengths made right, so that what lies behind them is reached. */
  readonly repair?: (bytes: Bytes, random: Random) => Bytes;
  /** A new input by a change of what it says instead of its bytes. */
  readonly rewrite?: (bytes: Bytes, random: Random) => Bytes;
  /** Words of the format beyond those that stand in the code. */
  readonly words?: readonly (string | Bytes)[];
  readonly seeds: () => Bytes[];
  /** Each input takes a millisecond or so: the tests then try a tenth as many. */
  readonly slow?: true;
}

/** A promise of a target that an input broke. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

/** Throws BrokenPromise unless it holds. */
export function promised(holds: boolean, what: string): asserts holds {
  if (!holds) throw new BrokenPromise(what);
}

/** What it throws or rejects with when the input breaks a promise; `accepted` otherwise tells how it was answered. */
export async function tryInput(
  target: Target,
  bytes: Bytes,
): Promise<{ accepted: boolean } | { finding: Error }> {
  // A copy: a decoder that writes into its input must be noticed, and must not spoil the corpus.
  const input = bytes.slice();
  try {
    const accepted = await target.run(input);
    promised(Buffer.compare(input, bytes) === 0, 'the input is left as it was');
    return { accepted };
  } catch (error) {
    if (error instanceof DfuError) return { accepted: false };
    return { finding: error instanceof Error ? error : new Error(`thrown: ${String(error)}`) };
  }
}
