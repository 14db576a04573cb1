import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Bytes, concat, utf8 } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { codeOf, syncFolder } from './files.ts';

const NEWLINE = 0x0a;
/** Of a line, its newline included. Lines that several processes append must go out in one piece. */
const MAX_LINE_BYTES = 64 * 1024;
/** A disk that takes a part of a line is full, and says so the next time. */
const WRITE_TRIES = 8;

/**
 * A file of lines that survives the end of its process and of the power: each line is appended by one write and on
 * the disk before `append` resolves. Several processes may append to one file.
 *
 * What a crash or a full disk left behind is the beginning of a line at the end of the file, which nobody was told of. It is
 * closed with a newline when the file is opened next or a line is appended to it, by whichever process, so that it stands
 * on a line of its own and spoils no other; nothing is ever taken out.
 */
export class Journal {
  /** Whether the file ended in a torn line when it was opened. */
  readonly foundTorn: boolean;
  readonly #file: FileHandle;
  readonly #name: string;
  #last: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle, name: string, foundTorn: boolean) {
    this.#file = file;
    this.#name = name;
    this.foundTorn = foundTorn;
  }

  /** Opens the file, or makes it. Throws `output.failed`, also for what is no regular file. */
  static async open(path: string): Promise<Journal> {
    const name = shown(path);
    let file: FileHandle | undefined;
    try {
      // Not blocking: opening a FIFO would wait for its reader for ever.
      const { O_APPEND, O_CREAT, O_RDWR, O_NONBLOCK = 0 } = constants;
      file = await open(path, O_APPEND | O_CREAT | O_RDWR | O_NONBLOCK, 0o644);
      const stat = await file.stat();
      if (!stat.isFile()) throw new DfuError('output.failed', `the journal ${name} is not a regular file`);
      const torn = stat.size > 0 && (await lastByte(file, stat.size)) !== NEWLINE;
      const journal = new Journal(file, name, torn);
      if (torn) await journal.#write(new Uint8Array(0));
      await syncFolder(dirname(path));
      return journal;
    } catch (cause) {
      await file?.close();
      throw cause instanceof DfuError ? cause : failed(name, cause);
    }
  }

  /**
   * Appends one line, given without its newline; resolves when it is on the disk. Throws `output.failed`: then it is
   * not known whether the line is there.
   */
  append(line: string): Promise<void> {
    const bytes = utf8(`${line}\n`);
    if (bytes.indexOf(NEWLINE) !== bytes.length - 1 || bytes.length > MAX_LINE_BYTES) {
      return Promise.reject(new RangeError('a journal holds one line at a time, and none that long'));
    }
    const written = this.#last.then(() => this.#write(bytes));
    // One after the other, whatever became of the one before.
    this.#last = written.catch(() => {});
    return written;
  }

  /** Lets go of the file, once the lines that were given are written. */
  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
  }

  async #write(bytes: Bytes): Promise<void> {
    try {
      for (let tries = WRITE_TRIES; ; tries--) {
        const piece = (await this.#endsInLine()) ? bytes : concat([Uint8Array.of(NEWLINE), bytes]);
        const { bytesWritten } = await this.#file.write(piece, 0, piece.length, null);
        if (bytesWritten === piece.length) break;
        // Not the rest: another process may have written behind this part.
        if (tries === 1) throw new DfuError('output.failed', `the journal ${this.#name} takes no whole line`);
      }
      await this.#file.sync();
    } catch (cause) {
      throw cause instanceof DfuError ? cause : failed(this.#name, cause);
    }
  }

  /** Whether a new line can begin at the end of the file. Throws `output.failed` where nobody will find it. */
  async #endsInLine(): Promise<boolean> {
    const { size, nlink } = await this.#file.stat();
    if (nlink === 0) throw new DfuError('output.failed', `the journal ${this.#name} was removed`);
    return size === 0 || (await lastByte(this.#file, size)) === NEWLINE;
  }
}

async function lastByte(file: FileHandle, size: number): Promise<number | undefined> {
  const byte = new Uint8Array(1);
  await file.read(byte, 0, 1, size - 1);
  return byte[0];
}

function failed(name: string, cause: unknown): DfuError {
  return new DfuError('output.failed', `the journal ${name} can not be written (${codeOf(cause)})`, {
    facts: { file: name },
    cause,
  });
}
