// Keeps V8's compiled code of the programs beside them, for the Node that builds (see launcher.cjs). Each program does
// real work first, since V8 compiles a function when it is first called.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const self = fileURLToPath(import.meta.url);

/** Makes the cache of each program in `folder`. */
export function makeCodeCaches(folder) {
  const work = mkdtempSync(join(tmpdir(), 'dfukit-build-'));
  const run = (name, ...args) =>
    execFileSync(process.execPath, [self, resolve(folder, `${name}.program.js`), ...args], {
      cwd: work,
      stdio: 'pipe',
    });
  try {
    writeFileSync(join(work, 'a.bin'), image());
    const told = ['--name', 'a', '--fw-version', '1.0.0', '--product', 'a', '--image-format', 'gbl'];
    run('dfu-pack', 'keygen', '-o', 'a');
    run('dfu-pack', 'a.bin', ...told, '--start-address', '0x6000', '--key', 'a.key.pem', '-o', 'a.dfupkg');
    run('dfu-verify', 'a.dfupkg', '--key', 'a.pub.pem');
    run('dfu-flash', 'a.dfupkg', '--key', 'a.pub.pem', '--simulate', 'gecko');
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** 4 KiB that look like firmware at 0x6000: a vector table, then anything. */
function image() {
  const bytes = Buffer.alloc(4096, 0xa5);
  bytes.writeUInt32LE(0x20001000, 0);
  bytes.writeUInt32LE(0x6101, 4);
  return bytes;
}

/** In a process of its own: runs the program, and writes what V8 compiled of it. */
function runAndKeep(filename) {
  const source = readFileSync(filename);
  const digest = createHash('sha256').update(source).digest('hex');
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${source.latin1Slice()}\n})`;
  const script = new Script(wrapped, { filename });
  const module = { exports: {} };
  process.on('exit', (code) => {
    if (code !== 0) return;
    const machine = `${process.version}-${process.platform}-${process.arch}`;
    writeFileSync(`${filename}.${digest}.${machine}.cache`, script.createCachedData());
  });
  script.runInThisContext()(module.exports, createRequire(filename), module, filename, dirname(filename));
}

if (process.argv[1] === self) {
  process.argv.splice(1, 1);
  runAndKeep(process.argv[1]);
}
