import { utf8 } from '../../core/bytes.ts';
import type { DfuError, ExitCode } from '../../core/errors.ts';
import { printableLine } from '../../core/text.ts';
import { version } from '../../core/version.ts';
import { writeWholeFile } from '../../node/files.ts';
import type { VerifyReport } from '../../verify/report.ts';
import { renderError } from '../error-output.ts';
import { type Io, pathOf } from '../io.ts';
import { asDfuError, jsonText } from '../program.ts';
import { type ReportOption, type ReportOptions, reportFiles } from './report-options.ts';

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
 * Writes the reports that were asked for, in place of those from the last run, and gives the exit code of the run. To be
 * called once all is printed: a report that can not be written hides neither a verdict, whose exit code wins, nor
 * another report.
 */
export async function writeReports(
  io: Io,
  options: ReportOptions,
  judged: readonly Judged[],
): Promise<ExitCode> {
  const exit = exitOf(judged);
  let failed: ExitCode | undefined;
  for (const { option, file } of reportFiles(options)) {
    try {
      const bytes = utf8(await reportText(io, option, judged, exit));
      await writeWholeFile(pathOf(io, file), [bytes], { replace: true });
    } catch (cause) {
      const error = asDfuError(cause);
      io.err(renderError(error, 'dfu-verify'));
      failed ??= error.exit;
    }
  }
  return exit === 0 ? (failed ?? 0) : exit;
}

async function reportText(
  io: Io,
  option: ReportOption,
  judged: readonly Judged[],
  exit: ExitCode,
): Promise<string> {
  if (option === '--report') return jsonText(reportDocument(judged));
  const { junitText, sarifText } = await import('./pipeline-reports.ts');
  return option === '--sarif' ? sarifText(io, judged, exit) : junitText(io, judged);
}

/** Prints the annotations of `--github`; what is printed next is the usual text. */
export async function printAnnotations(
  io: Io,
  { github }: ReportOptions,
  judged: readonly Judged[],
): Promise<void> {
  if (github) io.out((await import('./pipeline-reports.ts')).annotations(io, judged));
}
