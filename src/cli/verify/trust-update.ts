import { realpath, stat } from 'node:fs/promises';
import type { Bytes } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { printableLine, shown } from '../../core/text.ts';
import { version } from '../../core/version.ts';
import { MAX_SIGNATURES_BYTES, MAX_TRUST_FILE_BYTES } from '../../format/limits.ts';
import type { TrustFile } from '../../format/trust-file.ts';
import { decodeTrustFile } from '../../format/trust-file-load.ts';
import { trustSignaturesName } from '../../format/trust-signatures.ts';
import { withFileLock } from '../../node/file-lock.ts';
import { readWholeFile, writeWholeFile } from '../../node/files.ts';
import { readTerms } from '../../verify/options.ts';
import {
  type SignedTrustFile,
  type TrustUpdate,
  type TrustUpdateStep,
  updateTrustFile,
} from '../../verify/trust-update.ts';
import { type Io, pathOf } from '../io.ts';
import { printJson } from '../program.ts';
import { namingFile, readTrustFile } from '../trust-file.ts';

export interface TrustUpdateOptions {
  at?: string;
  json?: boolean;
}

/** dfu-verify trust update: all versions are judged before the file in hand is replaced, in one step. */
export async function trustUpdate(
  io: Io,
  current: string,
  next: readonly string[],
  options: TrustUpdateOptions,
): Promise<number> {
  const { at, atMs } = readTerms({ at: options.at ?? io.now().getTime() });
  const inHand = await readTrustFile(io, current);
  const chain: SignedTrustFile[] = [];
  for (const file of next) chain.push(await readSigned(io, file));
  const update = await namingStep(next, () => updateTrustFile(inHand, chain, { atMs }));
  if (update.changed) await replace(io, current, inHand, update);
  if (options.json) printJson(io, document(at, { current, next }, inHand, update));
  else io.out(render({ current, next }, inHand, update));
  return 0;
}

async function readSigned(io: Io, file: string): Promise<SignedTrustFile> {
  const bytes = await readWholeFile(pathOf(io, file), MAX_TRUST_FILE_BYTES);
  try {
    const signatures = await readWholeFile(pathOf(io, trustSignaturesName(file)), MAX_SIGNATURES_BYTES);
    return { bytes, signatures };
  } catch (error) {
    // Whether they are needed is for who judges: what is in hand already needs none.
    if (error instanceof DfuError && error.code === 'input.not-found') return { bytes };
    throw error;
  }
}

/** Runs `act`, and says in its errors which of the files they are about. */
async function namingStep<T>(files: readonly string[], act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const step = error instanceof DfuError ? error.facts.step : undefined;
    const file = typeof step === 'number' ? files[step] : undefined;
    if (file === undefined) throw error;
    return namingFile(file, () => Promise.reject(error));
  }
}

async function replace(
  io: Io,
  current: string,
  inHand: TrustFile,
  { file, bytes }: TrustUpdate,
): Promise<void> {
  // Through a link, the file it leads to is replaced, not the link.
  const path = await realpath(pathOf(io, current));
  const { mode } = await stat(path);
  // Ctrl-C in the middle would leave the lock behind.
  let interrupted = false;
  const end = io.onInterrupt(() => {
    interrupted = true;
  });
  const check = async (readBack: Bytes): Promise<void> => {
    if ((await decodeTrustFile(readBack)).digest !== file.digest) {
      throw new DfuError('output.failed', `${shown(current)} did not read back as it was written`);
    }
    // Somebody else may have brought in another version meanwhile: what was judged is the step from this one.
    if ((await readTrustFile(io, path)).digest !== inHand.digest) {
      throw new DfuError('output.failed', `${shown(current)} was changed by somebody else meanwhile`, {
        cure: 'Nothing was written. Run the command again.',
      });
    }
    if (interrupted) throw new DfuError('run.interrupted', `stopped; ${shown(current)} is as it was`);
  };
  try {
    // Else another run could go further between this look and the replacement, and be undone by it: a rollback.
    await withFileLock(path, () =>
      writeWholeFile(path, [bytes], { replace: true, mode: mode & 0o777, check }),
    );
  } finally {
    end();
  }
}

interface Names {
  current: string;
  next: readonly string[];
}

/** schemas/trust-update-v1.schema.json. */
function document(at: string, { current, next }: Names, inHand: TrustFile, update: TrustUpdate): object {
  const { file, changed, steps } = update;
  return {
    formatVersion: 1,
    tool: { name: 'dfukit', version },
    at,
    file: current,
    changed,
    from: { version: inHand.document.version, digest: inHand.digest },
    to: { version: file.document.version, digest: file.digest },
    steps: steps.map((step, i) => ({ file: next[i], ...step })),
  };
}

function render({ current, next }: Names, inHand: TrustFile, { file, changed, steps }: TrustUpdate): string {
  const from = inHand.document.version;
  const { version: to, notAfter } = file.document;
  const lines = [
    ...steps.map((step, i) => `${shown(next[i] ?? '')}: ${inWords(step)}`),
    changed
      ? `${shown(current)}: replaced version ${from} by version ${to}, until ${notAfter}`
      : `${shown(current)}: left as it is, version ${to}, until ${notAfter}`,
    `  digest ${file.digest}`,
  ];
  return `${lines.map(printableLine).join('\n')}\n`;
}

function inWords({ version: of, status, signedByCurrent, signedByNext }: TrustUpdateStep): string {
  if (status === 'same') return `version ${of}, the one in hand: nothing to do`;
  return `version ${of}, signed by ${signedByCurrent.join(', ')} of the one before and ${signedByNext.join(', ')} of its own`;
}
