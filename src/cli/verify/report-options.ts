import type { Command } from 'commander';
import { DfuError } from '../../core/errors.ts';
import type { Io } from '../io.ts';
import { jsonOption } from '../program.ts';
import { assertReplacesReport } from '../report-target.ts';
import { assertAnotherFile } from '../same-file.ts';

/** What commander makes of the options that `addReportOptions` adds. */
export interface ReportOptions {
  report?: string;
  sarif?: string;
  junit?: string;
  github?: boolean;
  json?: boolean;
}

const REPORT_OPTIONS = ['report', 'sarif', 'junit'] as const;
export type ReportOption = `--${(typeof REPORT_OPTIONS)[number]}`;

/** Adds the options that say in which forms, and where, the judgement is reported. */
export function addReportOptions(command: Command): Command {
  return command
    .option('--report <file>', 'write the report there too, as with --json')
    .option('--sarif <file>', 'write it there as SARIF 2.1.0, for code scanning')
    .option('--junit <file>', 'write it there as JUnit XML, for the test view of a CI server')
    .option('--github', 'print GitHub annotations in front of the text')
    .addOption(jsonOption());
}

/** The report files that were asked for, each with the option that names it. */
export function reportFiles(options: ReportOptions): { option: ReportOption; file: string }[] {
  return REPORT_OPTIONS.flatMap((name) => {
    const file = options[name];
    return file === undefined ? [] : [{ option: `--${name}` as const, file }];
  });
}

/**
 * Throws `usage.invalid` where a report would take the place of what it reports on, of another report or of no report, and where
 * annotations would stand in the one JSON document.
 */
export async function assertReportOptions(
  io: Io,
  options: ReportOptions,
  inputs: readonly string[],
): Promise<void> {
  if (options.github && options.json) {
    throw new DfuError(
      'usage.invalid',
      '--github and --json exclude each other: both go to standard output',
      {
        cure: 'Write the JSON document to a file with --report.',
      },
    );
  }
  const taken = [...inputs];
  for (const { option, file } of reportFiles(options)) {
    if (file === '') throw new DfuError('usage.invalid', `${option} is empty`);
    await assertAnotherFile(io, option, file, taken);
    await assertReplacesReport(io, option, file);
    taken.push(file);
  }
}
