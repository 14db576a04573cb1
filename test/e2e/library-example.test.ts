import { execFileSync, spawn } from 'node:child_process';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../support/temp.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

test('the example of docs/library.md verifies and flashes', async () => {
  const folder = await tempFolder();
  await mkdir(join(folder, 'node_modules'));
  await symlink(ROOT, join(folder, 'node_modules', 'dfukit'), 'junction');
  await copyFile(join(ROOT, 'demo/firmware/thermo-1.0.0.bin'), join(folder, 'app.bin'));
  const pack = (...args: string[]) =>
    execFileSync(process.execPath, [join(ROOT, 'dist/bin/dfu-pack.js'), ...args], {
      cwd: folder,
      stdio: 'pipe',
    });
  pack('keygen', '-o', 'release');
  pack(
    ...['app.bin', '--template', 'efr32bg22', '--name', 'thermo', '--fw-version', '1.0.0'],
    ...['--product', 'thermo', '--key', 'release.key.pem', '-o', 'thermo-1.0.0.dfupkg'],
  );

  const text = await readFile(join(ROOT, 'docs/library.md'), 'utf8');
  const example = /```js\n(.*?)```/s.exec(text)?.[1] ?? '';
  // The one change: a virtual device on TCP in place of the serial port.
  const port = `tcpPort(parseTcpUrl('${await virtualDevice()}'))`;
  const onTcp = example
    .replace("import { serialPort } from 'dfukit/node'", "import { parseTcpUrl, tcpPort } from 'dfukit/node'")
    .replace(/serialPort\(\{.*?\}\)/, port);
  expect(onTcp).toContain(port);
  await writeFile(join(folder, 'example.mjs'), onTcp);
  const printed = execFileSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' });
  expect(printed.trim().split('\n').at(-1)).toBe('flashed booted');
});

async function virtualDevice(): Promise<string> {
  const program = join(ROOT, 'dist/bin/dfu-flash.js');
  const child = spawn(process.execPath, [program, 'simulate', 'gecko', '--tcp', '0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('the virtual device did not start');
}
