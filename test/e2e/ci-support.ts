import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const textOf = (path: string) => readFile(join(ROOT, path), 'utf8');
export const yamlOf = async (path: string) => parse(await textOf(path));

/** A folder with a runner's programs: ours as built, npm that has nothing to do, and make that makes the demo's image. */
export async function runnerPrograms(folder: string): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const image = join(ROOT, 'demo/firmware/thermo-1.0.0.bin');
  const programs: Record<string, string> = {
    'dfu-pack': `exec "${process.execPath}" "${ROOT}dist/bin/dfu-pack.js" "$@"`,
    'dfu-verify': `exec "${process.execPath}" "${ROOT}dist/bin/dfu-verify.js" "$@"`,
    npm: 'printf "%s\\n" "$*" >> "$NPM_CALLS"',
    make: `mkdir -p "$(dirname "$1")" && cp "${image}" "$1"`,
  };
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  return bin;
}

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the script of a step as a runner does: bash, which ends at the first command that fails. */
export function runStep(script: string, cwd: string, bin: string, env: Record<string, string>): Ran {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script],
    {
      cwd,
      // Nothing of the test's own environment, which may be that of another CI run.
      env: { PATH: `${bin}:/usr/bin:/bin`, HOME: cwd, NPM_CALLS: join(bin, 'npm-calls'), ...env },
      encoding: 'utf8',
      timeout: 30_000,
    },
  );
  return { status, stdout, stderr };
}

/** A value with its `${{ name.key }}` looked up; what is not there is empty, as on GitHub. */
export function expanded(value: string, context: Readonly<Record<string, string>>): string {
  return value.replace(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, name: string) => context[name] ?? '');
}

export async function copyAll(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true });
}
