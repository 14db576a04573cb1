import { fstat, read } from 'node:fs';
import { isatty } from 'node:tty';
import { promisify } from 'node:util';
import type { Bytes } from '../core/bytes.ts';
import { systemClock } from '../core/clock.ts';
import { DfuError } from '../core/errors.ts';
import { codeOf } from './files.ts';

/** Between two looks at a descriptor that does not block. */
const POLL_MS = 20;
/** So long it may have nothing to say. */
const PATIENCE_MS = 30_000;

/**
 * All that can be read from a descriptor that the caller of this process left open, at most `limitBytes`. A terminal is
 * refused: what is typed there would be seen. Throws `input.unreadable`, `input.too-large`.
 */
export async function readDescriptor(descriptor: number, limitBytes: number): Promise<Bytes> {
  const name = `descriptor ${descriptor}`;
  if (isatty(descriptor)) {
    throw new DfuError('input.unreadable', `${name} is a terminal, where typing can be seen`, {
      cure: 'Give a pipe or a file: 3< FILE with --passphrase-fd 3.',
    });
  }
  // One byte more than allowed tells that there is more.
  const bytes: Bytes = new Uint8Array(limitBytes + 1);
  let length = 0;
  try {
    const stat = await promisify(fstat)(descriptor);
    // Of no kind are Node's own for events and timers, which a wrong number meets; reading one never ends.
    if (!stat.isFIFO() && !stat.isFile() && !stat.isSocket() && !stat.isCharacterDevice()) {
      throw unreadable(name, stat.isDirectory() ? 'EISDIR' : 'it is no pipe and no file');
    }
    while (length <= limitBytes) {
      const bytesRead = await readSome(descriptor, bytes.subarray(length));
      if (bytesRead === 0) return bytes.slice(0, length);
      length += bytesRead;
    }
  } catch (cause) {
    if (cause instanceof DfuError) throw cause;
    throw unreadable(name, codeOf(cause), cause);
  } finally {
    bytes.fill(0);
  }
  throw new DfuError('input.too-large', `${name} has more than ${limitBytes} bytes`, {
    facts: { limitBytes },
  });
}

async function readSome(descriptor: number, into: Bytes): Promise<number> {
  const until = systemClock.now() + PATIENCE_MS;
  for (;;) {
    try {
      return (await promisify(read)(descriptor, into, 0, into.length, null)).bytesRead;
    } catch (error) {
      // Windows says EOF where others say nothing.
      if (codeOf(error) === 'EOF') return 0;
      if (codeOf(error) !== 'EAGAIN' || systemClock.now() >= until) throw error;
      await new Promise<void>((resolve) => systemClock.after(POLL_MS, resolve));
    }
  }
}

function unreadable(name: string, code: string, cause?: unknown): DfuError {
  return new DfuError('input.unreadable', `${name} can not be read (${code})`, { cause });
}
