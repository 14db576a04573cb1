import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { firmware, moment, START } from '../cli/flash-support.ts';
import { tempFolder } from '../support/temp.ts';

const BIN = fileURLToPath(new URL('../../dist/bin/', import.meta.url));

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

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await moment();
  expect(condition(), what).toBe(true);
}

/** Packages in a folder, and a virtual device on a pseudo-terminal at `device`. */
async function bench(...argv: string[]): Promise<{ folder: string; device: Program }> {
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

const upload = (folder: string, file: string, ...argv: string[]) =>
  start(folder, 'dfu-flash', file, '--key', 'k.pub.pem', '--port', join(folder, 'device'), ...argv);

// Windows has no pseudo-terminals.
const describeThere = process.platform === 'win32' ? () => {} : describe;
describeThere(
  'over a real pseudo-terminal, each program in a process of its own',
  { timeout: 60_000 },
  () => {
    beforeAll(() => {
      expect(existsSync(join(BIN, 'dfu-flash.js')), 'npm run build comes first').toBe(true);
    });

    test('a blank device gets 1.0.0, then 1.1.0; an older one is refused', async () => {
      const { folder, device } = await bench();
      const first = await upload(folder, 'old.dfupkg').finished;
      expect(first.exit, first.stderr).toBe(0);
      expect(first.stdout).toContain('[version]');

      const second = await upload(folder, 'new.dfupkg', '--installed-version', '1.0.0', '--json').finished;
      expect(second.exit, second.stderr).toBe(0);
      expect(JSON.parse(second.stdout)).toMatchObject({
        confirmation: 'version',
        attempts: [{ attempt: 1 }],
      });

      const third = await upload(folder, 'old.dfupkg', '--installed-version', '1.1.0').finished;
      expect(third.exit).toBe(5);
      expect(third.stderr).toContain('[policy.');

      device.child.kill('SIGINT');
      expect((await device.finished).exit).toBe(0);
      const flash = await readFile(join(folder, 'flash.bin'));
      expect(flash.subarray(START, START + 3000).equals(firmware(0x010100))).toBe(true);
    });

    test('a host that dies in the middle leaves a device that the next run mends', async () => {
      const { folder } = await bench();
      const dying = upload(folder, 'old.dfupkg', '--chunk-size', '4');
      await until(() => dying.stderr().includes('Uploaded 20 %'), 'the upload has begun');
      dying.child.kill('SIGKILL');
      await dying.finished;
      const again = await upload(folder, 'old.dfupkg').finished;
      expect(again.exit, again.stderr).toBe(0);
      expect(again.stdout).toContain('[version]');
    });

    test('Ctrl-C stops, says in what state the device is, and lets go of the port', async () => {
      const { folder } = await bench();
      const stopping = upload(folder, 'old.dfupkg', '--chunk-size', '4');
      await until(() => stopping.stderr().includes('Uploaded 20 %'), 'the upload has begun');
      stopping.child.kill('SIGINT');
      const { exit, stderr } = await stopping.finished;
      expect(exit).toBe(130);
      expect(stderr).toContain('no application that starts');
      expect(stderr).toContain('Another run may help.');
      expect((await upload(folder, 'old.dfupkg', '--confirm', 'none').finished).exit).toBe(0);
    });

    test('a device that goes away in the middle is a link error', async () => {
      const { folder, device } = await bench();
      const running = upload(folder, 'old.dfupkg', '--chunk-size', '4', '--retries', '0');
      await until(() => running.stderr().includes('Uploaded 20 %'), 'the upload has begun');
      device.child.kill('SIGKILL');
      const { exit, stderr } = await running.finished;
      expect(exit, stderr).toBe(6);
      expect(stderr).toMatch(/\[link\.(closed|timeout)\]\n$/);
    });
  },
);
