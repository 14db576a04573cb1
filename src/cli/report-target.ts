import { open } from 'node:fs/promises';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { codeOf } from '../node/files.ts';
import { type Io, pathOf } from './io.ts';

/**
 * A report takes the place of the one from the last run without being told to, but of nothing else: a slip of the
 * keyboard must not cost a key or a firmware image. Throws `usage.invalid` for a file that can be read and does not
 * begin as a report does; whether anything can be written there shows when it is.
 */
export async function assertReplacesReport(io: Io, option: string, file: string): Promise<void> {
  const first = await firstByte(pathOf(io, file));
  if (first === undefined || first === OPENING_BRACE || first === LESS_THAN) return;
  throw new DfuError('usage.invalid', `${option} ${shown(file)}: there is a file that is no report`, {
    cure: 'Name another file, or delete that one first.',
  });
}

const OPENING_BRACE = 0x7b;
const LESS_THAN = 0x3c;

/** `undefined` where there is no file, nothing in it, or no right to look. */
async function firstByte(path: string): Promise<number | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      if (!(await file.stat()).isFile()) return undefined;
      const { bytesRead, buffer } = await file.read(new Uint8Array(1), 0, 1, 0);
      return bytesRead === 0 ? undefined : buffer[0];
    } finally {
      await file.close();
    }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ENXIO'].includes(codeOf(error))) return undefined;
    throw error;
  }
}
