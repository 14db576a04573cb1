// The main job on real firmware: pack, verify, flash 1.0.0, update to 1.1.0, and see what is refused.
// The device is virtual, and hangs on a real pseudo-terminal (on Windows: on a TCP port of this machine).
// Uses Node's own modules only, since it may run before anything is installed.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const firmware = join(root, 'demo/firmware');
const windows = process.platform === 'win32';

if (!process.argv.includes('--built')) prepare();
const folder = mkdtempSync(join(tmpdir(), 'dfukit-demo-'));
const device = await startDevice();
try {
  demo();
} finally {
  device.stop();
  rmSync(folder, { recursive: true, force: true });
}

function demo() {
  title('A key pair: the private one signs, the public one is for everybody');
  run(0, 'dfu-pack', 'keygen', '-o', 'release');

  title('Two releases, packed and signed');
  for (const version of ['1.0.0', '1.1.0']) {
    run(0, 'dfu-pack', join(firmware, `thermo-${version}.bin`), ...packOptions(version));
  }

  title('Anybody with the public key can judge them');
  run(0, 'dfu-verify', 'thermo-1.0.0.dfupkg', 'thermo-1.1.0.dfupkg', '--key', 'release.pub.pem');

  title(`A device without firmware hangs on ${device.port}: flash 1.0.0`);
  run(0, 'dfu-flash', 'thermo-1.0.0.dfupkg', ...flashOptions());

  title('Update it to 1.1.0');
  run(0, 'dfu-flash', 'thermo-1.1.0.dfupkg', ...flashOptions(), '--installed-version', '1.0.0');

  title('A package with one flipped bit is refused, and nothing is sent');
  const tampered = readFileSync(join(folder, 'thermo-1.1.0.dfupkg'));
  tampered[tampered.length >> 1] ^= 1;
  writeFileSync(join(folder, 'tampered.dfupkg'), tampered);
  run(3, 'dfu-flash', 'tampered.dfupkg', ...flashOptions());

  title('So is a downgrade');
  run(5, 'dfu-flash', 'thermo-1.0.0.dfupkg', ...flashOptions(), '--installed-version', '1.1.0');

  title('Done: packed, verified, flashed, updated; tampered and downgrade packages refused');
}

function packOptions(version) {
  const [major, minor, patch] = version.split('.');
  return [
    ...['--template', 'efr32bg22', '--name', 'thermo', '--fw-version', version, '--product', 'thermo'],
    ...['--device-version', String(major * 65536 + minor * 256 + Number(patch))],
    ...['--key', 'release.key.pem', '-o', `thermo-${version}.dfupkg`],
  ];
}

function flashOptions() {
  return ['--key', 'release.pub.pem', '--product', 'thermo', '--port', device.port, '--confirm', 'version'];
}

/** Runs one of the programs, shows what it says, and expects its exit code. */
function run(expected, program, ...args) {
  console.log(`\n$ ${program} ${args.map((arg) => arg.replace(firmware, 'demo/firmware')).join(' ')}`);
  const { status } = spawnSync(process.execPath, [bin(program), ...args], { cwd: folder, stdio: 'inherit' });
  if (status !== expected) throw new Error(`${program} ended with ${status}, not ${expected}`);
  if (expected !== 0) console.log(`(exit code ${status}, as it should be)`);
}

/** Starts the virtual device; its first line says where it can be reached. */
async function startDevice() {
  const where = windows ? ['--tcp', '0'] : ['--pty'];
  const child = spawn(process.execPath, [bin('dfu-flash'), 'simulate', 'gecko', ...where, '--app', 'bgapi'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    return { port: line, stop: () => child.kill() };
  }
  throw new Error('the virtual device did not start');
}

function bin(program) {
  return join(root, 'dist/bin', `${program}.js`);
}

function prepare() {
  const npm = (...args) => execFileSync('npm', args, { cwd: root, stdio: 'inherit', shell: windows });
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) npm('ci');
  npm('run', 'build');
}

function title(text) {
  console.log(`\n== ${text}`);
}
