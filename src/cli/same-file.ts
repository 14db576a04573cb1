import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { type Io, pathOf } from './io.ts';

/**
 * Refuses an output that is one of these files by whatever name: another path to it, a link, a hard link.
 * `what` names the output in the message. Throws `usage.invalid`.
 */
export async function assertAnotherFile(
  io: Io,
  what: string,
  output: string,
  others: readonly string[],
  cure = 'Choose another name.',
): Promise<void> {
  const identity = await identityOf(pathOf(io, output));
  for (const other of others) {
    if ((await identityOf(pathOf(io, other))) !== identity) continue;
    throw new DfuError('usage.invalid', `${what} ${shown(output)} would replace ${shown(other)}`, { cure });
  }
}

/** The same for every name of a file that is there; for one that is not, where it would be. */
async function identityOf(path: string): Promise<string> {
  const file = await stat(path, { bigint: true }).catch(() => undefined);
  if (file !== undefined) return `${file.dev} ${file.ino}`;
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  return join(folder, basename(path));
}
