// Sixteen devices at a time over pseudo-terminals, against one alone: `npm run build && node bench/many.mjs`.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { firmware, program, verdict } from './measure.mjs';

const DEVICES = 16;
const ROUNDS = 3;
const BAUD = 115_200;
const IMAGE_BYTES = 64 * 1024;
const START_ADDRESS = '0x6000';
const TIMES_BAR = 1.1;
const MEMORY_BAR_MB = 200;

/** The results of many devices, for bench/run.mjs; writes its files into the folder. */
export async function many(folder) {
  const at = (name) => join(folder, name);
  execFileSync(process.execPath, [program('dfu-pack'), 'keygen', '-o', at('many')]);
  writeFileSync(at('many.bin'), firmware(IMAGE_BYTES, Number(START_ADDRESS)));
  execFileSync(process.execPath, [
    ...[program('dfu-pack'), at('many.bin'), '--name', 'many', '--fw-version', '1.0.0', '--product', 'bench'],
    ...['--image-format', 'gbl', '--start-address', START_ADDRESS, '--key', at('many.key.pem')],
    ...['-o', at('many.dfupkg')],
  ]);
  const upload = (ports, midway) => run(folder, ports, midway);

  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const one = await withDevices(1, ({ ports }) => upload(ports));
    const all = await withDevices(DEVICES, ({ ports }) => upload(ports));
    const hurt = await withDevices(DEVICES, ({ ports, tell }) =>
      upload(ports, () => {
        tell('close 0');
        tell('stall 1');
      }),
    );
    if (all.document.summary.flashed !== DEVICES) throw new Error('not all devices were flashed');
    if (hurt.document.summary.flashed !== DEVICES - 2) throw new Error('a device was spoiled by another');
    rounds.push({ one, all, hurt });
  }
  const slowest = (documents) => Math.max(...documents.map(({ durationMs }) => durationMs));
  const flashed = ({ document }) => document.devices.filter(({ result }) => result === 'flashed');
  /** The line sets the pace, so the shortest of several is what the programs take; the rest is what else the machine did. */
  const least = (take) => Math.min(...rounds.map(take));
  const line = (what, ms, baseMs) => {
    const times = ms / baseMs;
    const figure = `${times.toFixed(3)} times (${(ms / 1000).toFixed(2)} s / ${(baseMs / 1000).toFixed(2)} s)`;
    return verdict(what, figure, `<= ${TIMES_BAR}`, times <= TIMES_BAR);
  };
  const single = least(({ one }) => one.document.durationMs);
  const megabytes = Math.max(...rounds.map(({ all }) => all.peakBytes)) / 1e6;
  return [
    line(
      `${DEVICES} devices at ${BAUD} baud, 64 KiB, whole call against one device's`,
      least(({ all }) => all.ms),
      least(({ one }) => one.ms),
    ),
    line(
      `the slowest of ${DEVICES}`,
      least(({ all }) => slowest(flashed(all))),
      single,
    ),
    line(
      'the slowest beside a port that vanishes and a device that hangs',
      least(({ hurt }) => slowest(flashed(hurt))),
      single,
    ),
    verdict(
      `${DEVICES} devices, peak memory`,
      `${megabytes.toFixed(0)} MB`,
      `<= ${MEMORY_BAR_MB} MB`,
      megabytes <= MEMORY_BAR_MB,
    ),
  ];
}

/** Runs `work` with devices in another process. */
async function withDevices(count, work) {
  const script = fileURLToPath(new URL('./devices.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, String(count), String(BAUD)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      // What a blank device tells at its start is over.
      await new Promise((resolve) => setTimeout(resolve, 500));
      return await work({ ports: JSON.parse(line), tell: (text) => child.stdin.write(`${text}\n`) });
    }
    throw new Error('the devices did not start');
  } finally {
    child.stdin.end();
  }
}

/** One call of dfu-flash; `midway` is called when the first device has half of its image. */
function run(folder, ports, midway) {
  return new Promise((resolve, reject) => {
    const preload = new URL('./print-peak.mjs', import.meta.url).href;
    const start = performance.now();
    const child = spawn(
      process.execPath,
      [
        ...['--import', preload, program('dfu-flash'), join(folder, 'many.dfupkg')],
        ...['--key', join(folder, 'many.pub.pem'), '--confirm', 'none', '--retries', '0'],
        ...['--progress', 'json', '--json', ...ports.flatMap((port) => ['--port', port])],
      ],
      { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
    );
    const texts = ['', '', '', ''];
    let told = false;
    for (const stream of [1, 2, 3]) {
      child.stdio[stream].setEncoding('utf8').on('data', (text) => {
        texts[stream] += text;
        if (stream !== 2 || told || midway === undefined) return;
        const shares = [...text.matchAll(/"doneBytes":(\d+),"totalBytes":(\d+)/g)];
        if (!shares.some(([, done, total]) => done / total > 0.5)) return;
        told = true;
        midway();
      });
    }
    child.on('error', reject);
    child.on('close', () => {
      const ms = performance.now() - start;
      try {
        resolve({ ms, document: JSON.parse(texts[1]), peakBytes: Number(texts[3]) * 1024 });
      } catch (cause) {
        reject(new Error(texts[2].slice(-2000), { cause }));
      }
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = mkdtempSync(join(tmpdir(), 'dfukit-bench-'));
  try {
    for (const { what, figure, bar, holds } of await many(folder)) {
      console.log(`${holds ? 'holds ' : 'MISSED'}  ${what}: ${figure}, bar ${bar}`);
      if (!holds) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
