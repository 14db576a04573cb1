import { DfuError, ERRORS, type ErrorCode, type Facts } from '../core/errors.ts';
import {
  type AcceptingVerdict,
  CHECKS,
  type CheckId,
  type CheckRule,
  type Need,
  type Verdict,
} from './checks.ts';
import type { Check } from './report.ts';
import { noSuchTrust, type Trust } from './trust.ts';

type Outcome = Pick<Check, 'status' | 'message' | 'code' | 'cure' | 'facts'>;

/** A place of the report, and what was written down for it. */
interface Row {
  rule: CheckRule & { id: CheckId };
  image?: string;
  outcome: Outcome | undefined;
}

/**
 * Where the checks of one judgement are written down, each at most once. What was never written down is `skipped` in
 * the report, and never counts as passed.
 */
export class Ledger {
  readonly #outcomes = new Map<string, Outcome>();
  #imageNames: readonly string[] | undefined;
  #failures = 0;

  /** From here on the checks made for each image are due for each of these. */
  expectImages(names: readonly string[]): void {
    this.#imageNames = [...names];
  }

  pass(id: CheckId, message: string, image?: string): void {
    this.#write(id, image, { status: 'pass', message });
  }

  /** Skipped on purpose: not asked for, or not told. */
  skip(id: CheckId, message: string): void {
    this.#write(id, undefined, { status: 'skipped', message });
  }

  fail(id: CheckId, code: ErrorCode, message: string, facts: Facts = {}, image?: string): void {
    this.#write(id, image, { status: 'fail', code, message, cure: ERRORS[code].cure, facts });
  }

  /** Writes a DfuError down as the failure of a check; every other error is a fault of ours and goes on. */
  failBy(id: CheckId, error: unknown, image?: string): void {
    if (!(error instanceof DfuError)) throw error;
    const { code, message, cure, facts } = error;
    this.#write(id, image, { status: 'fail', code, message, cure, facts });
  }

  get failed(): boolean {
    return this.#failures > 0;
  }

  /** All checks in the order of the table: those of each image once for every name, or once without a name. */
  checks(): Check[] {
    return this.#rows().map(({ rule, image, outcome }) => ({
      id: rule.id,
      step: rule.step,
      ...(image === undefined ? {} : { image }),
      ...(outcome ?? { status: 'skipped', message: 'not reached' }),
    }));
  }

  /**
   * The verdict, by the first failure in the order of the table. Without a failure it is an allow-list: every check
   * must have been written down as `pass`, or as skipped where its `need` permits that.
   */
  verdict(trust: Trust['kind']): Verdict {
    const rows = this.#rows();
    const decided = rows.find((row) => row.outcome?.status === 'fail');
    if (decided !== undefined) return decided.rule.verdict;
    const { verdict, excuses } = acceptance(trust);
    for (const { rule, outcome } of rows) {
      const skippable = excuses.includes(rule.need);
      if (outcome?.status === 'pass' || (outcome?.status === 'skipped' && skippable)) continue;
      throw new Error(`nothing failed, but the check ${rule.id} did not pass`);
    }
    return verdict;
  }

  #rows(): Row[] {
    const names = this.#imageNames ?? [];
    return CHECKS.flatMap((rule): Row[] =>
      rule.perImage && names.length > 0
        ? names.map((image) => ({ rule, image, outcome: this.#outcomes.get(keyOf(rule.id, image)) }))
        : [{ rule, outcome: this.#outcomes.get(keyOf(rule.id, undefined)) }],
    );
  }

  #write(id: CheckId, image: string | undefined, outcome: Outcome): void {
    const rule = CHECKS.find((r) => r.id === id);
    const due = rule?.perImage
      ? image !== undefined && this.#imageNames?.includes(image)
      : image === undefined;
    const key = keyOf(id, image);
    if (!due || this.#outcomes.has(key)) throw new Error(`the check ${key} is not due`);
    this.#outcomes.set(key, outcome);
    if (outcome.status === 'fail') this.#failures += 1;
  }
}

/** The verdict that a kind of trust can end in, and which checks may then have been skipped on purpose. */
function acceptance(trust: Trust['kind']): { verdict: AcceptingVerdict; excuses: readonly Need[] } {
  switch (trust) {
    case 'keys':
    case 'file':
      return { verdict: 'trusted', excuses: ['told'] };
    case 'allow-unsigned':
      return { verdict: 'accepted-unsigned', excuses: ['told', 'signed'] };
    default:
      return noSuchTrust(trust);
  }
}

function keyOf(id: CheckId, image: string | undefined): string {
  return image === undefined ? id : `${id} ${image}`;
}
