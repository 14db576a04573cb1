import type { Bytes } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { readWholeFile, writeWholeFile } from '../../node/files.ts';
import type { FlashMemory } from '../../sim/index.ts';
import { type Io, pathOf } from '../io.ts';

const SAVE_EVERY_MS = 500;

/**
 * The contents that a file keeps; `undefined` where there is no such file yet. A file of another size is something
 * else, and would be overwritten: `input.unreadable`.
 */
export async function readFlashFile(io: Io, file: string, sizeBytes: number): Promise<Bytes | undefined> {
  let bytes: Bytes;
  try {
    bytes = await readWholeFile(pathOf(io, file), sizeBytes);
  } catch (error) {
    if (error instanceof DfuError && error.code === 'input.not-found') return undefined;
    throw error;
  }
  if (bytes.length === sizeBytes) return bytes;
  throw new DfuError(
    'input.unreadable',
    `${shown(file)} has ${bytes.length} bytes; the flash of the part has ${sizeBytes}`,
    { cure: 'Name a file that keeps the flash of this part, or one that is not there yet.' },
  );
}

/** Keeps a file as the flash is: whole at every moment, and never more than a moment behind. */
export class FlashFile {
  readonly #io: Io;
  readonly #file: string;
  readonly #flash: FlashMemory;
  readonly #failed: (error: unknown) => void;
  #savedOperations = -1;
  #cancel = () => {};
  #saving: Promise<void> = Promise.resolve();

  /** `failed` is called when the file can not be written; nothing is saved from then on. */
  constructor(io: Io, file: string, flash: FlashMemory, failed: (error: unknown) => void) {
    this.#io = io;
    this.#file = file;
    this.#flash = flash;
    this.#failed = failed;
    this.#tick();
  }

  /** Saves for the last time. Throws `output.failed`. */
  async end(): Promise<void> {
    this.#cancel();
    await this.#saving;
    await this.#save();
  }

  #tick(): void {
    this.#saving = this.#save().then(() => {
      this.#cancel = this.#io.clock.after(SAVE_EVERY_MS, () => this.#tick());
    }, this.#failed);
  }

  async #save(): Promise<void> {
    const { operations } = this.#flash;
    if (operations === this.#savedOperations) return;
    await writeWholeFile(pathOf(this.#io, this.#file), [this.#flash.contents()], { replace: true });
    this.#savedOperations = operations;
  }
}
