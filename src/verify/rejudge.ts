import type { Bytes } from '../core/bytes.ts';
import type { VerifyOptions } from './options.ts';
import type { Trust } from './trust.ts';
import type { VerifiedPackage } from './verified-package.ts';
import { type Judgement, verifyPackage } from './verify.ts';

/**
 * A package that is used for many devices over a time in which it may expire, or a key, or the trust file: judged whole
 * again, by the same function, at each use. A judgement depends on the second it is made in and on nothing else that
 * changes, so those of one second share one.
 */
export class RejudgedPackage {
  readonly #bytes: Bytes;
  readonly #trust: Trust;
  readonly #options: Omit<VerifyOptions, 'at' | 'transfer'>;
  #second: number | undefined;
  #judgement: Promise<Judgement> | undefined;
  /** The one whose images are used: the bytes are the same, so one copy serves all devices. */
  #verified: VerifiedPackage | undefined;

  /** The bytes must not change any more. */
  constructor(bytes: Bytes, trust: Trust, options: Omit<VerifyOptions, 'at' | 'transfer'>) {
    this.#bytes = bytes;
    this.#trust = trust;
    this.#options = options;
  }

  /**
   * The judgement at this time, in milliseconds since 1970. Throws what `verifyPackage` throws, `trust.file-expired`
   * among it.
   */
  async judge(atMs: number): Promise<Judgement> {
    const second = Math.floor(atMs / 1000);
    if (this.#judgement === undefined || this.#second !== second) {
      this.#second = second;
      this.#judgement = verifyPackage(this.#bytes, this.#trust, { ...this.#options, at: atMs });
    }
    const { report, verified } = await this.#judgement;
    if (verified === undefined) return { report };
    this.#verified ??= verified;
    // Only where the bytes had changed against the promise would it be another package.
    const kept = this.#verified.packageId === verified.packageId ? this.#verified : verified;
    return { report, verified: kept };
  }
}
