import { type ExecFileSyncOptionsWithStringEncoding, execFileSync, spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../support/temp.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

test('the published package installs without a compiler, and does the main job there', {
  timeout: 120_000,
}, async () => {
  const folder = await tempFolder();
  const env = await withoutCompilers(folder);
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, {
      cwd: folder,
      env,
      stdio: 'pipe',
      encoding: 'utf8',
    } satisfies ExecFileSyncOptionsWithStringEncoding);
  const npm = (...args: string[]) =>
    execFileSync('npm', args, {
      cwd: ROOT,
      stdio: 'pipe',
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });

  // The build is there already, and other tests use it meanwhile: pack without building again.
  const [{ filename }] = JSON.parse(npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder));
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  run(process.execPath, npmCli(), 'install', '--no-audit', '--no-fund', join(folder, filename));

  const bin = (name: string, ...args: string[]) =>
    run(process.execPath, join('node_modules', 'dfukit', 'dist', 'bin', `${name}.js`), ...args);
  expect(await readdir(join(folder, 'node_modules', '.bin'))).toEqual(
    expect.arrayContaining(['dfu-flash', 'dfu-pack', 'dfu-verify']),
  );

  const image = join(ROOT, 'demo/firmware/thermo-1.0.0.bin');
  bin('dfu-pack', 'keygen', '-o', 'release');
  bin(
    'dfu-pack',
    image,
    '--template',
    'efr32bg22',
    '--name',
    'thermo',
    '--fw-version',
    '1.0.0',
    '--product',
    'thermo',
    '--key',
    'release.key.pem',
    '-o',
    'thermo.dfupkg',
  );
  expect(bin('dfu-verify', 'thermo.dfupkg', '--key', 'release.pub.pem')).toContain('TRUSTED: thermo.dfupkg');
  const report = JSON.parse(
    bin('dfu-flash', 'thermo.dfupkg', '--key', 'release.pub.pem', '--simulate', 'gecko', '--json'),
  );
  expect(report).toMatchObject({ result: 'flashed', confirmation: 'booted' });
  expect(JSON.parse(bin('dfu-flash', 'list', '--json'))).toHaveProperty('ports');
  await nativeModulesLoad(folder, bin);

  const program = `
    import { verifyPackage, DfuError } from 'dfukit';
    import { createGeckoDevice } from 'dfukit/sim';
    import { serialPort } from 'dfukit/node';
    import schema from 'dfukit/schemas/manifest-v1.schema.json' with { type: 'json' };
    console.log([verifyPackage, DfuError, createGeckoDevice, serialPort].map((f) => typeof f).join(), typeof schema);`;
  await writeFile(join(folder, 'doors.mjs'), program);
  expect(run(process.execPath, '--no-warnings', 'doors.mjs')).toBe(
    'function,function,function,function object\n',
  );
});

/** serialport opens a pseudo-terminal that node-pty made: both must have come prebuilt. */
async function nativeModulesLoad(folder: string, bin: (...args: string[]) => string): Promise<void> {
  // Windows has no pseudo-terminals for serial ports; there only the loading of serialport is seen.
  if (process.platform === 'win32') return expect(bin('dfu-flash', 'list')).not.toMatch(/driver-missing/);
  const program = join(folder, 'node_modules', 'dfukit', 'dist', 'bin', 'dfu-flash.js');
  const device = spawn(process.execPath, [program, 'simulate', 'gecko', '--pty'], { cwd: folder });
  onTestFinished(() => void device.kill('SIGKILL'));
  for await (const port of createInterface({ input: device.stdout })) {
    expect(JSON.parse(bin('dfu-flash', 'identify', '--port', port, '--json'))).toMatchObject({
      port: expect.stringContaining(port),
    });
    return;
  }
  throw new Error('the virtual device did not start');
}

/** An environment whose PATH holds node, a shell and nothing that compiles. */
async function withoutCompilers(folder: string): Promise<NodeJS.ProcessEnv> {
  if (process.platform === 'win32') return process.env;
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await symlink(process.execPath, join(bin, 'node'));
  for (const tool of ['sh', 'env']) {
    await symlink(execFileSync('which', [tool], { encoding: 'utf8' }).trim(), join(bin, tool));
  }
  return { ...process.env, PATH: bin };
}

/** npm's own script: as npm says when it runs the tests, else beside npm on the PATH. */
function npmCli(): string {
  const { npm_execpath: running } = process.env;
  if (running?.endsWith('.js')) return running;
  if (process.platform === 'win32') {
    return join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js');
  }
  return realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim());
}
