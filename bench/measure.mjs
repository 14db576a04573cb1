// Side by side: every round runs each command once, so that whatever slows the machine slows all of them.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROUNDS = 20;

/** Medians in milliseconds, in the order of the commands. A command is [program, ...arguments]. */
export function medians(commands, rounds = ROUNDS) {
  const times = commands.map(() => []);
  for (let round = -1; round < rounds; round++) {
    commands.forEach((command, i) => {
      const ms = timeOf(command);
      // The first round only fills the caches.
      if (round >= 0) times[i].push(ms);
    });
  }
  return times.map(median);
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function timeOf([program, ...args]) {
  const start = process.hrtime.bigint();
  const { status, error, stderr } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (error || status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error ?? stderr}`);
  return ms;
}

/** Peak resident memory of one run of a Node program, in bytes. */
export function peakBytes(script, args) {
  const preload = new URL('./print-peak.mjs', import.meta.url).href;
  const run = spawnSync(process.execPath, ['--import', preload, script, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  if (run.status !== 0) throw new Error(`${script}: ${run.stderr}`);
  return Number(run.output[3].toString()) * 1024;
}

/** A built program's path. */
export const program = (name) => fileURLToPath(new URL(`../dist/bin/${name}.js`, import.meta.url));

/** An image as dfu-pack meets it every day: a vector table that fits its address, then bytes that do not compress. */
export function firmware(length, startAddress) {
  const bytes = noise(length);
  bytes.writeUInt32LE(0x20008000, 0);
  bytes.writeUInt32LE(startAddress + 0x101, 4);
  return bytes;
}

/** Bytes that do not compress and are the same in every run. */
export function noise(length) {
  const bytes = Buffer.alloc(length);
  let state = 0x2545f491;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** One line of the results: what was measured, the figure, the bar, and whether it holds. */
export function verdict(what, figure, bar, holds) {
  return { what, figure, bar, holds };
}
