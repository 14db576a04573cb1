import { constants } from 'node:fs';
import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Bytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';

/**
 * A whole regular file, opened once, of at most `limitBytes`.
 * Throws `input.not-found`, `input.unreadable`, `input.too-large`.
 */
export async function readWholeFile(path: string, limitBytes: number): Promise<Bytes> {
  return (await readFileAndMode(path, limitBytes)).bytes;
}

/** The same, with the file's mode: of the very file that was read, whatever has its name by now. */
export async function readFileAndMode(
  path: string,
  limitBytes: number,
): Promise<{ bytes: Bytes; mode: number }> {
  const name = shown(path);
  let file: FileHandle;
  try {
    // Not blocking: opening a FIFO would wait for a writer for ever.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    const missing = codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR';
    throw new DfuError(
      missing ? 'input.not-found' : 'input.unreadable',
      missing ? `${name} does not exist` : `${name} can not be opened (${codeOf(cause)})`,
      { facts: { file: name }, cause },
    );
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) {
      throw new DfuError('input.unreadable', `${name} is not a regular file`, { facts: { file: name } });
    }
    if (stat.size > limitBytes) throw tooLarge(name, limitBytes);
    return { bytes: await readToEnd(file, stat.size, limitBytes, name), mode: stat.mode };
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new DfuError('input.unreadable', `${name} can not be read (${codeOf(cause)})`, {
      facts: { file: name },
      cause,
    });
  } finally {
    await file.close();
  }
}

async function readToEnd(file: FileHandle, size: number, limitBytes: number, name: string): Promise<Bytes> {
  let bytes: Bytes = new Uint8Array(size);
  let length = 0;
  for (;;) {
    if (length === bytes.length) {
      // One byte more than expected tells whether the file grew while it was read.
      const probe: Bytes = new Uint8Array(1);
      if ((await file.read(probe, 0, 1, null)).bytesRead === 0) return bytes;
      if (length + 1 > limitBytes) throw tooLarge(name, limitBytes);
      const grown = new Uint8Array(Math.min(limitBytes, Math.max(64, 2 * length)));
      grown.set(bytes);
      grown.set(probe, length);
      bytes = grown;
      length += 1;
      continue;
    }
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
    if (bytesRead === 0) return bytes.slice(0, length);
    length += bytesRead;
  }
}

/** How a file is written. */
export interface WriteOptions {
  /** Replace a file that is there; without it `output.exists`. */
  replace: boolean;
  /** 0o666 less the umask unless given. */
  mode?: number;
  /** Judges the file as it was read back, before it gets its name. Whatever it throws ends the writing. */
  check?: (readBack: Bytes) => Promise<void>;
}

/**
 * Writes a file whole or not at all: to a temporary file in the same folder, synced, read back and checked, then put
 * in place in one step. Only a regular file is ever replaced, never a device, a folder or a link.
 * Throws `output.exists`, `output.failed`, or what `check` throws.
 */
export async function writeWholeFile(
  path: string,
  parts: readonly Bytes[],
  options: WriteOptions,
): Promise<void> {
  const name = shown(path);
  const temporary = join(dirname(path), `.${crypto.randomUUID()}.tmp`);
  let left = false;
  try {
    await assertMayBecomeFile(path, options.replace);
    const file = await open(temporary, 'wx', options.mode ?? 0o666);
    left = true;
    try {
      for (const part of parts) await writeAll(file, part);
      if (options.mode !== undefined) await file.chmod(options.mode);
      await file.sync();
    } finally {
      await file.close();
    }
    if (options.check !== undefined) {
      let size = 0;
      for (const part of parts) size += part.length;
      await options.check(await readWholeFile(temporary, size));
    }
    if (options.replace) {
      await rename(temporary, path);
      left = false;
    } else await putWithoutReplacing(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    if (cause.code === 'EEXIST') throw exists(name, cause);
    throw new DfuError('output.failed', `${name} can not be written (${codeOf(cause)})`, {
      facts: { file: name },
      cause,
    });
  } finally {
    if (left) await rm(temporary, { force: true });
  }
}

/** Before anything is written: a name that is taken, or by something that no file of ours may stand in for. */
async function assertMayBecomeFile(path: string, replace: boolean): Promise<void> {
  const name = shown(path);
  const there = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (there === undefined) return;
  if (!replace) throw exists(name);
  if (!there.isFile()) {
    throw new DfuError('output.failed', `${name} is there and not a regular file; it is left alone`, {
      facts: { file: name },
    });
  }
}

function exists(name: string, cause?: unknown): DfuError {
  return new DfuError('output.exists', `${name} exists already`, { facts: { file: name }, cause });
}

/** A hard link fails where the name is taken. File systems without links (FAT) get a placeholder that is replaced at once. */
async function putWithoutReplacing(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (cause) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(cause))) throw cause;
    await (await open(path, 'wx')).close();
    await rename(temporary, path);
  }
}

async function writeAll(file: FileHandle, bytes: Bytes): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) {
    offset += (await file.write(bytes, offset, bytes.length - offset, null)).bytesWritten;
  }
}

/** Makes the new name survive a power cut. Windows has no such call for folders; one that may not be read has none either. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'EACCES') return undefined;
    throw error;
  });
  if (folder === undefined) return;
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function tooLarge(name: string, limitBytes: number): DfuError {
  return new DfuError('input.too-large', `${name} is larger than ${limitBytes} bytes`, {
    facts: { file: name, limitBytes },
  });
}

/** What the operating system refused, told from faults of our own. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

/** The operating system's word for what went wrong: `ENOENT`, `EACCES` ... */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
