import { ERRORS } from '../../core/errors.ts';
import { MAX_PACKAGE_BYTES } from '../../format/limits.ts';
import { describeFile } from '../../inspect/describe.ts';
import { renderDescription } from '../../inspect/render-text.ts';
import { readWholeFile } from '../../node/files.ts';
import { type Io, pathOf } from '../io.ts';
import { printJson } from '../program.ts';

/** dfu-verify inspect: what a file says of itself. The exit code is that of the first thing in it that is not sound. */
export async function inspect(io: Io, file: string, options: { json?: boolean }): Promise<number> {
  const description = await describeFile(await readWholeFile(pathOf(io, file), MAX_PACKAGE_BYTES));
  if (options.json) printJson(io, description);
  else io.out(renderDescription(description, file));
  const [problem] = description.problems;
  return problem === undefined ? 0 : ERRORS[problem.code].exit;
}
