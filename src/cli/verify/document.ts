import { utf8 } from '../../core/bytes.ts';
import { DfuError, type ExitCode } from '../../core/errors.ts';
import { printableLine } from '../../core/text.ts';
import { version } from '../../core/version.ts';
import { writeWholeFile } from '../../node/files.ts';
import type { VerifyReport } from '../../verify/report.ts';
import { renderError } from '../error-output.ts';
import { type Io, pathOf } from '../io.ts';
import { asDfuError, jsonText } from '../program.ts';
import { assertAnotherFile } from '../same-file.ts';

/** A file that the command line named, and what came of it. */
export type Judged = { file: string; report: VerifyReport; extracted?: readonly Extracted[] } | Unread;
export interface Unread {
  file: string;
  error: DfuError;
}

/** A file that was written. */
export interface Extracted {
  image: string;
  file: string;
  size: number;
  sha256: string;
  content: 'entry' | 'source';
}

/** Of several packages the first present of these is the exit code (docs/package-format.md, section 8). */
const EXIT_ORDER: readonly ExitCode[] = [1, 2, 3, 4, 5, 0];

export function exitOf(judged: readonly Judged[]): ExitCode {
  const exits = new Set(judged.map(exitOfOne));
  const exit = EXIT_ORDER.find((code) => exits.has(code));
  if (exit === undefined) throw new Error('nothing was judged');
  return exit;
}

function exitOfOne(one: Judged): ExitCode {
  return 'report' in one ? one.report.exit : one.error.exit;
}

/** The document of `--json` and `--report`: schemas/verify-report-v1.schema.json. */
export function reportDocument(judged: readonly Judged[]): object {
  const exit = exitOf(judged);
  const deciding = judged.find((one) => exitOfOne(one) === exit);
  return {
    formatVersion: 1,
    tool: { name: 'dfukit', version },
    exit,
    ...(deciding !== undefined && 'report' in deciding ? { verdict: deciding.report.verdict } : {}),
    packages: judged.map((one) => {
      const { file } = one;
      if ('report' in one) {
        const { report, extracted } = one;
        return { file, report, ...(extracted === undefined ? {} : { extracted }) };
      }
      const { code, message, cure } = one.error;
      return { file, error: { code, exit: one.error.exit, message: printableLine(message), cure } };
    }),
  };
}

/**
 * Writes the document where `--report` says, in place of the one from the last run, and gives the exit code of the run.
 * To be called once all is printed: a report that can not be written never hides a verdict, whose exit code wins.
 */
export async function writeReport(
  io: Io,
  reportFile: string | undefined,
  judged: readonly Judged[],
): Promise<ExitCode> {
  const exit = exitOf(judged);
  if (reportFile === undefined) return exit;
  try {
    await writeWholeFile(pathOf(io, reportFile), [utf8(jsonText(reportDocument(judged)))], { replace: true });
    return exit;
  } catch (cause) {
    const error = asDfuError(cause);
    io.err(renderError(error, 'dfu-verify'));
    return exit === 0 ? error.exit : exit;
  }
}

/** Throws `usage.invalid` where a report would take the place of what it reports on. */
export async function assertNoInput(
  io: Io,
  reportFile: string | undefined,
  inputs: readonly string[],
): Promise<void> {
  if (reportFile === undefined) return;
  if (reportFile === '') throw new DfuError('usage.invalid', '--report is empty');
  await assertAnotherFile(io, '--report', reportFile, inputs);
}
