import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { firmware, moment } from '../cli/flash-support.ts';
import { tempFolder } from '../support/temp.ts';

export const BIN = fileURLToPath(new URL('../../dist/bin/', import.meta.url));

interface Finished {
  exit: number | null;
  stdout: string;
  stderr: string;
}
interface Program {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  finished: Promise<Finished>;
}

/** A program of ours in a process of its own. */
function start(folder: string, name: string, ...argv: string[]): Program {
  const child = spawn(process.execPath, [join(BIN, `${name}.js`), ...argv], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (exit) => resolve({ exit, stdout, stderr }));
  });
  return { child, stdout: () => stdout, stderr: () => stderr, finished };
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await moment();
  expect(condition(), what).toBe(true);
}

/** Packages in a folder, and a virtual device on a pseudo-terminal at `device`. */
export async function bench(...argv: string[]): Promise<{ folder: string; device: Program }> {
  const folder = await tempFolder();
  const pack = async (...options: string[]) => {
    const { exit, stderr } = await start(folder, 'dfu-pack', ...options).finished;
    expect(exit, stderr).toBe(0);
  };
  await pack('keygen', 'k');
  for (const [name, version, number] of [
    ['old', '1.0.0', 0x010000],
    ['new', '1.1.0', 0x010100],
  ] as const) {
    await writeFile(join(folder, `${name}.bin`), firmware(number));
    const what = ['--product', 'lamp', '--fw-version', version, '--part', 'efr32bg22'];
    const told = ['--device-version', `0x${number.toString(16).padStart(8, '0')}`];
    await pack(`${name}.bin`, ...what, ...told, '--key', 'k.key.pem', '-o', `${name}.dfupkg`);
  }
  const options = ['simulate', 'gecko', '--pty', 'device', '--flash-file', 'flash.bin', ...argv];
  const device = start(folder, 'dfu-flash', ...options);
  await until(() => device.stdout() === 'device\n', 'the device says where it is');
  return { folder, device };
}

/** Uploads a package to that device. */
export const upload = (folder: string, file: string, ...argv: string[]) =>
  start(folder, 'dfu-flash', file, '--key', 'k.pub.pem', '--port', join(folder, 'device'), ...argv);
