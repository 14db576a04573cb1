// All bars of speed and size in one run: `npm run build && npm run bench`. Writes bench/results.md; fails where a bar is missed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { many } from './many.mjs';
import { firmware, medians, peakBytes, program, ROUNDS, verdict } from './measure.mjs';
import { verifyMany } from './verify-many.mjs';
import { xmodemSpeed } from './xmodem-speed.mjs';

const KIB = 1024;
const MIB = 1024 * KIB;
const START_ADDRESS = '0x0';
const folder = mkdtempSync(join(tmpdir(), 'dfukit-bench-'));
const node = process.execPath;
const at = (name) => join(folder, name);
const results = [];

try {
  execFileSync(node, [program('dfu-pack'), 'keygen', '-o', at('release')]);
  startUp();
  large();
  results.push(...(await verifyMany(folder)));
  wire();
  results.push(...(await xmodemSpeed(folder)));
  results.push(...(await many(folder)));
} finally {
  rmSync(folder, { recursive: true });
}

report();

function buildArguments(image, output) {
  return [
    ...[program('dfu-pack'), at(image), '--name', 'bench', '--fw-version', '1.0.0', '--product', 'bench'],
    ...['--start-address', START_ADDRESS, '--key', at('release.key.pem'), '--force', '-o', at(output)],
  ];
}

function verifyArguments(packageName) {
  return [program('dfu-verify'), at(packageName), '--key', at('release.pub.pem')];
}

function startUp() {
  writeFileSync(at('small.bin'), firmware(512 * KIB, 0));
  execFileSync(node, buildArguments('small.bin', 'small.dfupkg'));
  const [idle, verify, pack, verifySource, packSource] = medians([
    [node, '-e', '0'],
    [node, ...verifyArguments('small.dfupkg')],
    [node, ...buildArguments('small.bin', 'again.dfupkg')],
    [node, program('dfu-verify.program'), ...verifyArguments('small.dfupkg').slice(1)],
    [node, program('dfu-pack.program'), ...buildArguments('small.bin', 'again.dfupkg').slice(1)],
  ]);
  results.push(ratio('dfu-verify, 512 KiB, against `node -e 0`', verify, idle, 1.6));
  results.push(ratio('dfu-pack, 512 KiB, signed and verified, against `node -e 0`', pack, idle, 1.8));
  const other = (name, ms) =>
    verdict(
      `${name}, the same on another Node than built it`,
      `${(ms / idle).toFixed(2)} times`,
      'none',
      true,
    );
  results.push(other('dfu-verify', verifySource), other('dfu-pack', packSource));
}

function large() {
  writeFileSync(at('large.bin'), firmware(16 * MIB, 0));
  execFileSync(node, buildArguments('large.bin', 'large.dfupkg'));
  const [idle, hash, verify, pack] = medians([
    [node, '-e', '0'],
    ['sha256sum', at('large.dfupkg')],
    [node, ...verifyArguments('large.dfupkg')],
    [node, ...buildArguments('large.bin', 'again.dfupkg')],
  ]);
  const base = idle + hash;
  results.push(ratio('dfu-verify, 16 MiB, against `node -e 0` + `sha256sum`', verify, base, 1.5));
  results.push(ratio('dfu-pack, 16 MiB, against `node -e 0` + `sha256sum`', pack, base, 3));
  const [verifyScript, ...verifyRest] = verifyArguments('large.dfupkg');
  const [packScript, ...packRest] = buildArguments('large.bin', 'again.dfupkg');
  results.push(memory('dfu-verify, 16 MiB, peak memory', peakBytes(verifyScript, verifyRest)));
  results.push(memory('dfu-pack, 16 MiB, peak memory', peakBytes(packScript, packRest)));
}

/** GBL bytes over all bytes between the first upload and the finish, of an upload to the virtual device. */
function wire() {
  writeFileSync(at('wire.bin'), firmware(64 * KIB, 0x6000));
  execFileSync(node, [
    ...[program('dfu-pack'), at('wire.bin'), '--name', 'wire', '--fw-version', '1.0.0', '--product', 'bench'],
    ...[
      '--image-format',
      'gbl',
      '--start-address',
      '0x6000',
      '--key',
      at('release.key.pem'),
      '-o',
      at('wire.dfupkg'),
    ],
  ]);
  const report = JSON.parse(
    execFileSync(node, [
      ...[program('dfu-flash'), at('wire.dfupkg'), '--key', at('release.pub.pem')],
      ...['--simulate', 'gecko', '--confirm', 'none', '--progress', 'none', '--json'],
    ]),
  );
  const efficiency = report.imageBytes / report.wireBytes;
  results.push(
    verdict('wire efficiency, 64 KiB in GBL', efficiency.toFixed(4), '>= 0.95', efficiency >= 0.95),
  );
}

function ratio(what, ms, baseMs, bar) {
  const times = ms / baseMs;
  const figure = `${times.toFixed(2)} times (${ms.toFixed(1)} ms / ${baseMs.toFixed(1)} ms)`;
  return verdict(what, figure, `<= ${bar}`, times <= bar);
}

function memory(what, peak) {
  const bar = 60e6 + 3 * 16 * MIB;
  return verdict(what, `${(peak / 1e6).toFixed(0)} MB`, `<= ${(bar / 1e6).toFixed(0)} MB`, peak <= bar);
}

function report() {
  const lines = [
    '# Last results',
    '',
    `Medians of ${ROUNDS} whole processes run in turn, Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0].model.trim()}).`,
    'Command: `npm run build && npm run bench`.',
    '',
    '| what | figure | bar | holds |',
    '|---|---|---|---|',
    ...results.map((r) => `| ${r.what} | ${r.figure} | ${r.bar} | ${r.holds ? 'yes' : 'no'} |`),
    '',
  ];
  writeFileSync(new URL('./results.md', import.meta.url), lines.join('\n'));
  console.log(lines.join('\n'));
  if (results.some((r) => !r.holds)) process.exitCode = 1;
}
