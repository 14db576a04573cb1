// Coverage-guided fuzzing of the decoders: `npm run fuzz -- TARGET [--seconds N] [--seed N] [--keep]`; `list` names the
// targets. Inputs begin with test/fuzz/corpus/TARGET; --keep puts those that reach new code there, the smallest that do.
// A finding is written to the folder fuzz-findings, and the exit code is 1. See docs/fuzzing.md.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { instrument } from './fuzz/instrument.mjs';

process.chdir(fileURLToPath(new URL('../', import.meta.url)));

/** An input that takes longer is a finding. */
const MAX_INPUT_MS = 5000;
const MAX_HEAP_MIB = 512;
const MAX_INPUT_BYTES = 1 << 20;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
});
const targets = readdirSync('test/fuzz/targets').map((file) => file.replace(/\.ts$/, ''));
const [name] = positionals;
if (name === undefined || !targets.includes(name) || !(Number(values.seconds) > 0)) {
  console.error(
    `usage: npm run fuzz -- TARGET [--seconds N] [--seed N] [--keep]\ntargets: ${targets.join(', ')}`,
  );
  process.exit(name === 'list' ? 0 : 2);
}
process.exit(await watch(await prepare()));

/**
 * Bundles the target with counters in it, the engine without. What both use (`DfuError` is one class for both) comes into
 * pieces of its own, with counters.
 */
async function prepare() {
  const folder = join('node_modules', '.cache', 'fuzz', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { outputFiles } = await build({
    entryPoints: { target: `test/fuzz/targets/${name}.ts`, engine: 'test/fuzz/engine/fuzz.ts' },
    bundle: true,
    splitting: true,
    write: false,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'warning',
  });
  let count = 0;
  const words = new Set();
  for (const { path, text } of outputFiles) {
    let code = text;
    if (basename(path) !== 'engine.mjs') {
      const made = instrument(text, count);
      ({ code, count } = made);
      for (const word of made.words) words.add(word);
    }
    writeFileSync(join(folder, basename(path)), code);
  }
  const url = (file) => pathToFileURL(join(folder, file)).href;
  return { target: url('target.mjs'), engine: url('engine.mjs'), count, words: [...words] };
}

/** Fuzzes in a thread, whose current input is read from shared memory should it never end or run out of memory. */
async function watch(prepared) {
  const shared = new SharedArrayBuffer(8 + MAX_INPUT_BYTES);
  const corpus = join('test', 'fuzz', 'corpus', name);
  const worker = new Worker(new URL('./fuzz/worker.mjs', import.meta.url), {
    workerData: {
      ...prepared,
      shared,
      corpus,
      seconds: Number(values.seconds),
      seed: Number(values.seed),
      keep: values.keep,
    },
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  const state = new Int32Array(shared, 0, 2);
  let last = -1;
  const timer = setInterval(() => {
    const now = Atomics.load(state, 0);
    if (now === last && now !== 0)
      worker.emit('error', new Error(`an input took more than ${MAX_INPUT_MS} ms`));
    last = now;
  }, MAX_INPUT_MS);
  try {
    return await new Promise((resolve) => {
      worker.on('message', (result) => resolve(report(result, corpus)));
      worker.on('error', (error) => {
        const input = new Uint8Array(shared, 8, Atomics.load(state, 1)).slice();
        resolve(writeFindings([{ input, error: String(error.stack ?? error) }]));
      });
    });
  } finally {
    clearInterval(timer);
    await worker.terminate();
  }
}

function report({ tried, accepted, branches, seconds, found, kept, findings }, corpus) {
  const rate = Math.round(tried / seconds);
  console.log(
    `${name}: ${tried} inputs in ${Math.round(seconds)} s (${rate}/s), ${accepted} accepted, ${branches} branches, ${found} inputs that reached new code, ${findings.length} findings`,
  );
  if (kept !== undefined && findings.length === 0) {
    rmSync(corpus, { recursive: true, force: true });
    mkdirSync(corpus, { recursive: true });
    for (const input of kept) writeFileSync(join(corpus, idOf(input)), input);
  }
  return writeFindings(findings);
}

function writeFindings(findings) {
  mkdirSync('fuzz-findings', { recursive: true });
  for (const { input, error } of findings) {
    const file = join('fuzz-findings', `${name}-${idOf(input)}`);
    writeFileSync(file, input);
    console.error(`${file} (${input.length} bytes): ${error}`);
  }
  return findings.length === 0 ? 0 : 1;
}

function idOf(input) {
  return createHash('sha256').update(input).digest('hex').slice(0, 16);
}
