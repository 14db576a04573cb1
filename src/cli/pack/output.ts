import { lstat, realpath, stat } from 'node:fs/promises';
import type { Bytes } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { writeWholeFile } from '../../node/files.ts';
import { type Io, pathOf } from '../io.ts';
import { assertAnotherFile } from '../same-file.ts';
import { release } from './memory.ts';

/** Where a result goes, decided before the work begins. */
export interface Destination {
  path: string;
  /** As the operator wrote it. */
  shownPath: string;
  replace: boolean;
  /** Set where a file is replaced in place. */
  mode?: number;
}

const ANOTHER_NAME =
  'Choose another name. Only dfu-pack sign and attach change a package where it lies: --in-place.';

/**
 * The place of an output. What this run reads is never overwritten, whatever it is called.
 * Throws `output.exists`, `usage.invalid`.
 */
export async function destination(
  io: Io,
  file: string,
  force: boolean,
  inputs: readonly string[],
): Promise<Destination> {
  if (file === '' || file === '-') {
    throw new DfuError(
      'usage.invalid',
      'an output is a file, so that it can be checked before it gets its name',
      {
        cure: 'Give -o the name of a file.',
      },
    );
  }
  const path = pathOf(io, file);
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined) {
    await assertAnotherFile(io, 'the output', file, inputs, ANOTHER_NAME);
    if (!force) {
      throw new DfuError('output.exists', `${shown(file)} exists already`, { facts: { file: shown(file) } });
    }
  }
  return { path, shownPath: file, replace: force };
}

/** `-o FILE` or `--in-place`, exactly one of them. Throws `usage.invalid`, `output.exists`. */
export async function sealDestination(
  io: Io,
  input: string,
  options: { output?: string; inPlace?: true; force?: true },
  otherInputs: readonly string[],
): Promise<Destination> {
  const { output, inPlace, force } = options;
  if ((output === undefined) === (inPlace === undefined)) {
    throw new DfuError('usage.invalid', 'say where the signed package goes: either -o FILE or --in-place');
  }
  if (output !== undefined) {
    return destination(io, output, force === true, [pathOf(io, input), ...otherInputs]);
  }
  // Through a link, the file it leads to is replaced, not the link.
  const path = await realpath(pathOf(io, input)).catch(() => pathOf(io, input));
  const { mode } = await stat(path).catch(() => ({ mode: 0o666 }));
  return { path, shownPath: input, replace: true, mode: mode & 0o777 };
}

/**
 * Writes an output whole or not at all. Ctrl-C does not end the process in the middle of it, which would leave a
 * temporary file behind: it ends the writing, and throws `run.interrupted`.
 */
export async function writeOutput(
  io: Io,
  to: Destination,
  parts: readonly Bytes[],
  check?: (readBack: Bytes) => Promise<void>,
): Promise<void> {
  let interrupted = false;
  const end = io.onInterrupt(() => {
    interrupted = true;
  });
  const stopIfInterrupted = () => {
    if (interrupted) throw new DfuError('run.interrupted', `stopped; ${shown(to.shownPath)} was not written`);
  };
  try {
    await writeWholeFile(to.path, parts, {
      replace: to.replace,
      ...(to.mode === undefined ? {} : { mode: to.mode }),
      check: async (readBack) => {
        stopIfInterrupted();
        await check?.(readBack);
        stopIfInterrupted();
      },
    });
  } finally {
    end();
  }
}

/**
 * Writes a package: it gets its name only after what lies on the disk was read back and judged. The memory of `segments`
 * is gone afterwards: a big image is then held once, not twice. Answers its size in bytes.
 */
export async function writePackage(
  io: Io,
  to: Destination,
  segments: readonly Bytes[],
  judge: (readBack: Bytes) => Promise<void>,
): Promise<number> {
  const size = segments.reduce((sum, segment) => sum + segment.length, 0);
  await writeOutput(io, to, segments, async (readBack) => {
    release(segments);
    await judge(readBack);
  });
  return size;
}
