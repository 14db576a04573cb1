import { basename } from 'node:path';
import { within } from '../../core/wait.ts';
import type { Signer } from '../../crypto/public-key.ts';
import { signByProgram } from '../../node/signer-program.ts';
import type { Io } from '../io.ts';
import { readPublicKeyFile } from '../trust-options.ts';

/** What `--signer` runs. */
export interface ProgramOptions {
  /** A whole path, or a name to be looked for on the PATH. */
  program: string;
  args: readonly string[];
  /** The file of the key that it signs for, PEM. */
  publicKey: string;
  timeoutMs: number;
}

/** The program of `--signer`. Ctrl-C ends it. Throws the codes of public keys; signing throws those of `signByProgram`. */
export async function programSigner(
  io: Io,
  { program, args, publicKey, timeoutMs }: ProgramOptions,
): Promise<Signer> {
  const key = await readPublicKeyFile(io, publicKey);
  const signer = { program, args, cwd: io.cwd, name: basename(program), key };
  return {
    key,
    async sign(message) {
      const controller = new AbortController();
      const end = io.onInterrupt(() => controller.abort());
      try {
        return await signByProgram(
          signer,
          message,
          within(timeoutMs, { clock: io.clock, signal: controller.signal }),
        );
      } finally {
        end();
      }
    },
  };
}
