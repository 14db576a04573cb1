// Many packages in one call of dfu-verify: how many it judges a second, of a core's time and of real time.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, noise, program, verdict } from './measure.mjs';

const PACKAGE_BYTES = 512 * 1024;
const DIFFERENT = 8;
const REPEATS = 50;
const BAR_PER_SECOND_AND_CORE = 250;
const ROUNDS = 5;

/** Lines for the results. `folder` is where files may be put. */
export async function verifyMany(folder) {
  const at = (name) => join(folder, `many-${name}`);
  const node = process.execPath;
  execFileSync(node, [program('dfu-pack'), 'keygen', '-o', at('key')]);
  const packages = Array.from({ length: DIFFERENT }, (_, i) => {
    const [image, output] = [at(`${i}.bin`), at(`${i}.dfupkg`)];
    writeFileSync(image, noise(PACKAGE_BYTES + 4 * i));
    execFileSync(node, [
      ...[program('dfu-pack'), image, '--name', 'many', '--fw-version', `1.0.${i}`, '--product', 'bench'],
      ...['--start-address', '0x0', '--key', at('key.key.pem'), '-o', output],
    ]);
    return output;
  });
  const files = Array.from({ length: REPEATS }, () => packages).flat();
  const rounds = Array.from({ length: ROUNDS }, () => timesOf([...files, '--key', at('key.pub.pem')]));
  const perCore = files.length / median(rounds.map(({ cpuSeconds }) => cpuSeconds));
  const perSecond = files.length / median(rounds.map(({ seconds }) => seconds));
  const figure = `${perCore.toFixed(0)} (${perSecond.toFixed(0)} a second of real time)`;
  const bar = `>= ${BAR_PER_SECOND_AND_CORE}`;
  return [
    verdict(
      `packages of 512 KiB a second and core, ${files.length} in one call`,
      figure,
      bar,
      perCore >= BAR_PER_SECOND_AND_CORE,
    ),
  ];
}

function timesOf(args) {
  const preload = new URL('./print-cpu.mjs', import.meta.url).href;
  const start = process.hrtime.bigint();
  const run = spawnSync(process.execPath, ['--import', preload, program('dfu-verify'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (run.status !== 0) throw new Error(`dfu-verify: ${run.stderr}`);
  return { seconds, cpuSeconds: Number(run.output[3].toString()) / 1e6 };
}
