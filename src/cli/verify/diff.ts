import type { ExitCode } from '../../core/errors.ts';
import { MAX_PACKAGE_BYTES } from '../../format/limits.ts';
import { diffFiles, PAGE_BYTES_LIMITS } from '../../inspect/diff.ts';
import { renderDifference } from '../../inspect/diff-render.ts';
import { readWholeFile } from '../../node/files.ts';
import { type Io, pathOf } from '../io.ts';
import { parseNumber } from '../options.ts';
import { printJson } from '../program.ts';

export interface DiffCommandOptions {
  image?: string;
  pageSize?: string;
  exitCode?: true;
  all?: true;
  json?: true;
}

/** A difference where none was wanted: the operator's own policy, not one of the tool's. */
const EXIT_DIFFERENT: ExitCode = 5;

/** dfu-verify diff: what differs. As with git, a difference is no failure unless `--exit-code` asks for it. */
export async function diff(io: Io, old: string, now: string, options: DiffCommandOptions): Promise<number> {
  const { image, pageSize } = options;
  const { min, max } = PAGE_BYTES_LIMITS;
  const pageBytes = pageSize === undefined ? undefined : parseNumber('--page-size', pageSize, min, max);
  const difference = await diffFiles(
    { file: old, bytes: await readWholeFile(pathOf(io, old), MAX_PACKAGE_BYTES) },
    { file: now, bytes: await readWholeFile(pathOf(io, now), MAX_PACKAGE_BYTES) },
    { ...(image !== undefined && { image }), ...(pageBytes !== undefined && { pageBytes }) },
  );
  if (options.json) printJson(io, difference);
  else io.out(renderDifference(difference, { all: options.all === true }));
  return options.exitCode === true && difference.different ? EXIT_DIFFERENT : 0;
}
