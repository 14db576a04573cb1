import { type DfuError, ERRORS, type ErrorCode, type ExitCode, type Facts } from '../../core/errors.ts';
import type { VerifyReport } from '../report.ts';

/** A file that was to be judged and what came of it: its report, or why there is none. What the reports for pipelines take. */
export type JudgedFile = {
  /** As it was called. */
  file: string;
  /** Where it lies, for reports that point to it: relative to the root of the run or absolute, parted by `/`. Else `file`. */
  path?: string;
} & ({ report: VerifyReport } | { error: DfuError });

/** Something that a report for a pipeline has to say of a file. */
export interface Finding {
  /** `warning`: what an accepting verdict must not hide. */
  level: 'error' | 'warning';
  message: string;
  /** Of the table; a warning has none. */
  code?: ErrorCode;
  cure?: string;
  /** The check that failed; without one the file could not be judged. */
  check?: string;
  /** The image it was made for. */
  image?: string;
  facts?: Facts;
}

/** All that is to say of a file: why it could not be judged, or what failed, then the warnings. */
export function findingsOf(one: JudgedFile): Finding[] {
  if ('error' in one) {
    const { code, message, cure, facts } = one.error;
    return [{ level: 'error', code, message, cure, facts }];
  }
  const failed = one.report.checks
    .filter(({ status }) => status === 'fail')
    .map(({ id, image, code, message, cure, facts }): Finding => {
      const told = cure ?? (code === undefined ? undefined : ERRORS[code].cure);
      return {
        level: 'error',
        message: `${id}: ${message}`,
        check: id,
        ...(code === undefined ? {} : { code }),
        ...(told === undefined ? {} : { cure: told }),
        ...(image === undefined ? {} : { image }),
        ...(facts === undefined ? {} : { facts }),
      };
    });
  return [...failed, ...one.report.warnings.map((message): Finding => ({ level: 'warning', message }))];
}

/** What a file came to in one word, and the exit code that stands for it. */
export function outcomeOf(one: JudgedFile): { exit: ExitCode; word: string } {
  return 'error' in one
    ? { exit: one.error.exit, word: one.error.code }
    : { exit: one.report.exit, word: one.report.verdict };
}
