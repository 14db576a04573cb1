import { type FileHandle, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { codeOf } from './files.ts';

/**
 * Runs `act` while no other process does the same for this file: a file beside it, made by one of them alone, says so. For
 * what looks at a file and then replaces it, which no operating system does in one step. `path` leads to the file itself,
 * through no link. Throws `output.failed` where another one is at it or the lock can not be made, and what `act` throws.
 */
export async function withFileLock<T>(path: string, act: () => Promise<T>): Promise<T> {
  const lock = join(dirname(path), `.${basename(path)}.lock`);
  let made: FileHandle;
  try {
    made = await open(lock, 'wx', 0o600);
  } catch (cause) {
    const code = codeOf(cause);
    const facts = { file: shown(path) };
    if (code !== 'EEXIST') {
      const text = `${shown(path)} can not be replaced: no lock can be made beside it (${code})`;
      throw new DfuError('output.failed', text, { facts, cause });
    }
    throw new DfuError('output.failed', `another run replaces ${shown(path)} just now, or was cut off`, {
      facts,
      cause,
      cure: `Run the command again. Where no other one runs, remove ${shown(lock)} first.`,
    });
  }
  try {
    await made.close();
    return await act();
  } finally {
    await rm(lock, { force: true });
  }
}
