import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { utf8 } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { codeOf, writeWholeFile } from '../../node/files.ts';
import { renderError } from '../error-output.ts';
import { type Io, pathOf } from '../io.ts';
import { asDfuError, jsonText } from '../program.ts';
import { assertReplacesReport } from '../report-target.ts';
import type { FlashDocument } from './document.ts';

/** Finds before a device is touched what would keep the report from being written. Throws `usage.invalid`. */
export async function assertReportPossible(io: Io, file: string | undefined): Promise<void> {
  if (file === undefined) return;
  const path = pathOf(io, file);
  await assertReplacesReport(io, '--report', file);
  try {
    await access(dirname(path), constants.W_OK | constants.X_OK);
    const there = await stat(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (there === undefined || there.isFile()) return;
  } catch (cause) {
    throw impossible(`can not be written (${codeOf(cause)})`, file, cause);
  }
  throw impossible('is there and not a regular file', file);
}

function impossible(why: string, file: string, cause?: unknown): DfuError {
  return new DfuError('usage.invalid', `the report ${shown(file)} ${why}`, {
    cure: 'Name a file in a folder that is there and that you may write to.',
    cause,
  });
}

/**
 * Writes the report and gives the exit code of the run. To be called once the result is printed: a report that can not
 * be written hides nothing, and what the run came to decides.
 */
export async function writeReport(
  io: Io,
  file: string | undefined,
  document: Pick<FlashDocument, 'exit'>,
): Promise<number> {
  if (file === undefined) return document.exit;
  try {
    await writeWholeFile(pathOf(io, file), [utf8(jsonText(document))], { replace: true });
    return document.exit;
  } catch (cause) {
    const error = asDfuError(cause);
    io.err(renderError(error, 'dfu-flash'));
    return document.exit === 0 ? error.exit : document.exit;
  }
}
