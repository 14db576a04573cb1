import { spawnSync } from 'node:child_process';

export interface Judgement {
  status: number;
  stdout: Buffer;
  stderr: string;
}

/**
 * Asks a program that had no part in making dfukit. `names` are tried in turn (`python3`, `python`).
 * A judge that is not there fails the test: silence is no agreement.
 */
export function judge(
  names: string | readonly string[],
  args: readonly string[],
  options: { input?: Uint8Array; cwd?: string } = {},
): Judgement {
  const tried = typeof names === 'string' ? [names] : names;
  for (const name of tried) {
    const result = spawnSync(name, args, { ...options, timeout: 20_000, maxBuffer: 512 * 2 ** 20 });
    if (result.error !== undefined && (result.error as NodeJS.ErrnoException).code === 'ENOENT') continue;
    if (result.error !== undefined) throw result.error;
    if (result.status === null) throw new Error(`${name} was ended by ${result.signal}`);
    return { status: result.status, stdout: result.stdout, stderr: result.stderr.toString() };
  }
  throw new Error(`this test needs ${tried.join(' or ')} on the PATH, as an outside judge`);
}

export const PYTHON = ['python3', 'python'] as const;
