// Faults at random over real pseudo-terminals: npm run build && npm run chaos -- --runs 200 --seed 1.
// Each run is drawn from its own seed (seed, seed + 1, ...) and followed by a clean one on the same device. Time goes
// faster by --speed for hosts and devices alike, except in every --program-every-th run, which is the built program in
// real time. Exit 1 where a promise is broken.
import { fork } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeFault, draw } from './chaos/draw.mjs';
import { oneRun } from './chaos/one-run.mjs';
import { opened } from './chaos/plug.mjs';
import { resultTable } from './chaos/results.mjs';
import { packages as makePackages } from './chaos/scene.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '16' },
    speed: { type: 'string', default: '8' },
    'program-every': { type: 'string', default: '20' },
    out: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const [runs, seed, jobs, speed] = [values.runs, values.seed, values.jobs, values.speed].map(Number);
const programEvery = Number(values['program-every']);
if (![runs, seed, jobs, speed, programEvery].every((n) => Number.isSafeInteger(n) && n > 0)) {
  console.error('chaos: --runs, --seed, --jobs, --speed and --program-every are positive whole numbers');
  process.exit(2);
}

const unhandled = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));
process.on('uncaughtException', (error) => unhandled.push(error));
// Before any pseudo-terminal is open.
const launcher = fork(fileURLToPath(new URL('./chaos/launcher.mjs', import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'dfukit-chaos-'));
const results = [];
let launches = 0;
const from = performance.now();
try {
  const packages = await makePackages(folder);
  // What the first run loads stays.
  await oneRun({ ...draw(seed), faults: [] }, { packages, launch, byProgram: false, speed });
  const before = await handles();
  let next = 0;
  const worker = async () => {
    while (next < runs) {
      const index = next++;
      const byProgram = (index + 1) % programEvery === 0;
      const drawn = draw(seed + index, byProgram);
      try {
        results.push(await oneRun(drawn, { packages, launch, byProgram, speed }));
      } catch (error) {
        results.push({ drawn, byProgram, broken: [error.stack] });
      }
      tell(results.at(-1));
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, runs) }, worker));
  const after = await handles();
  const broken = results.filter((result) => result.broken.length > 0).length;
  for (const reason of unhandled) console.error(`chaos: nobody handled: ${reason?.stack ?? reason}`);
  const leaked = after.descriptors > before.descriptors || after.timers > before.timers;
  if (leaked)
    console.error(`chaos: handles before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
  const seconds = (performance.now() - from) / 1000;
  const text = resultTable(results, { seed, speed, seconds, unhandled: unhandled.length, leaked });
  console.log(text);
  if (values.out !== undefined) writeFileSync(values.out, text);
  process.exitCode = broken > 0 || unhandled.length > 0 || leaked ? 1 : 0;
} finally {
  launcher.disconnect();
  rmSync(folder, { recursive: true, force: true });
}

/** Runs a program in the launcher; gives its exit code and what it wrote. */
function launch(args, longestMs) {
  const id = ++launches;
  return new Promise((resolve) => {
    const answer = (message) => {
      if (message.id !== id) return;
      launcher.off('message', answer);
      resolve(message);
    };
    launcher.on('message', answer);
    launcher.send({ id, args, longestMs });
  });
}

function tell({ drawn, byProgram, report, again, broken, faultyMs }) {
  const bad = broken.length > 0;
  if (!bad && !values.verbose) return;
  const { device, protocol, app, retries, confirm, faults } = drawn;
  const how = `${device} by ${protocol}, app ${app}, retries ${retries}, confirm ${confirm}${byProgram ? ', the program' : ''}`;
  console.error(
    [
      `seed ${drawn.seed}: ${how}: ${report?.result} ${report?.error?.code ?? report?.confirmation} ${report?.deviceState} in ${Math.round(faultyMs)} ms, then ${again?.result}`,
      ...faults.map((fault) => `    ${describeFault(fault)}`),
      ...(bad || values.verbose
        ? (report?.attempts ?? []).map(
            ({ error }) => `    attempt: ${error?.code ?? 'good'} ${error?.message ?? ''}`,
          )
        : []),
      ...broken.map((text) => `  BROKEN: ${text}`),
    ].join('\n'),
  );
}

/** Open descriptors (Linux) and timers, once what was closed is gone. */
async function handles() {
  await new Promise((resolve) => setTimeout(resolve, 300));
  const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length - 2 * opened : 0;
  return { timers, descriptors };
}
