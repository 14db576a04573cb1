// The thread in which scripts/fuzz.mjs fuzzes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';

const { target: targetUrl, engine, count, words, shared, corpus, seconds, seed, keep } = workerData;
const counters = new Uint8Array(count);
globalThis.dfukitCounters = counters;
const { fuzz, minimized } = await import(engine);
const { target } = await import(targetUrl);

const state = new Int32Array(shared, 0, 2);
const current = new Uint8Array(shared, 8);
const files = existsSync(corpus)
  ? readdirSync(corpus).map((file) => new Uint8Array(readFileSync(join(corpus, file))))
  : [];
const seeds = [...target.seeds(), ...files];
const coverage = { counters, words };
const begin = performance.now();
const end = begin + 1000 * seconds;
const result = await fuzz(target, {
  seed,
  corpus: seeds,
  coverage,
  goOn: () => performance.now() < end,
  about(input) {
    current.set(input.subarray(0, current.length));
    Atomics.store(state, 1, Math.min(input.length, current.length));
    Atomics.add(state, 0, 1);
  },
});
Atomics.store(state, 0, 0);
parentPort.postMessage({
  ...result,
  corpus: undefined,
  found: result.corpus.length - seeds.length,
  seconds: (performance.now() - begin) / 1000,
  kept: keep ? await minimized(target, result.corpus, coverage) : undefined,
  findings: result.findings.map(({ input, error }) => ({ input, error: String(error.stack ?? error) })),
});
