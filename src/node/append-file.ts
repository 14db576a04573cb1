import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { codeOf } from './files.ts';

/** What may wait to be written: a disk that is slower than that loses the rest of the file, and nobody waits for it. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * A file that grows as the work goes on, so that a crash leaves what came before it. Adding neither waits nor throws:
 * the first failure ends the file, and is told by `end`.
 */
export class AppendFile {
  readonly #file: FileHandle;
  readonly #name: string;
  readonly #limitBytes: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #addedBytes = 0;
  #failure: DfuError | undefined;
  #writing: Promise<void> | undefined;

  private constructor(file: FileHandle, name: string, limitBytes: number) {
    this.#file = file;
    this.#name = name;
    this.#limitBytes = limitBytes;
  }

  /** Makes the file, or empties a regular one that is there; it takes at most `limitBytes`. Throws `output.failed`. */
  static async create(path: string, limitBytes: number): Promise<AppendFile> {
    const name = shown(path);
    let file: FileHandle | undefined;
    try {
      // Not blocking, and emptied only when it is known what it is: opening a FIFO would wait for a reader for ever.
      file = await open(path, constants.O_WRONLY | constants.O_CREAT | (constants.O_NONBLOCK ?? 0), 0o666);
      if (!(await file.stat()).isFile()) {
        throw new DfuError('output.failed', `${name} is there and not a regular file; it is left alone`, {
          facts: { file: name },
        });
      }
      await file.truncate(0);
      return new AppendFile(file, name, limitBytes);
    } catch (cause) {
      await file?.close();
      throw cause instanceof DfuError ? cause : failed(name, codeOf(cause), cause);
    }
  }

  /** Adds ASCII text. */
  add(text: string): void {
    if (this.#failure !== undefined) return;
    this.#addedBytes += text.length;
    this.#waitingBytes += text.length;
    if (this.#addedBytes > this.#limitBytes) {
      this.#failure = failed(this.#name, `larger than ${this.#limitBytes} bytes`);
    } else if (this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#failure = failed(this.#name, 'the disk is too slow');
    } else {
      this.#waiting.push(text);
      this.#writing ??= this.#write();
    }
  }

  /** Writes what waits, and closes. Gives what kept the file from being whole. */
  async end(): Promise<DfuError | undefined> {
    await this.#writing;
    for (const step of [() => this.#file.sync(), () => this.#file.close()]) {
      try {
        await step();
      } catch (cause) {
        this.#failure ??= failed(this.#name, codeOf(cause), cause);
      }
    }
    return this.#failure;
  }

  /** One write at a time, each with all that came meanwhile. Never rejects. */
  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const bytes = Buffer.from(this.#waiting.join(''), 'latin1');
        this.#waiting = [];
        for (let at = 0; at < bytes.length; ) {
          at += (await this.#file.write(bytes, at, bytes.length - at, null)).bytesWritten;
        }
        this.#waitingBytes -= bytes.length;
      }
    } catch (cause) {
      this.#failure ??= failed(this.#name, codeOf(cause), cause);
      this.#waiting = [];
    } finally {
      this.#writing = undefined;
    }
  }
}

function failed(name: string, why: string, cause?: unknown): DfuError {
  return new DfuError('output.failed', `${name} can not be written any further (${why})`, {
    facts: { file: name },
    cause,
  });
}
