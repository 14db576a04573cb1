import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { bench } from '../cli/flash-support.ts';
import { expectValid } from '../support/schema.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/dfu-flash.js', import.meta.url));
const DEVICES = fileURLToPath(new URL('../../bench/devices.mjs', import.meta.url));
const PEAK = new URL('../../bench/print-peak.mjs', import.meta.url).href;

/** A process that is ended with the test. */
function start(args: readonly string[], cwd: string, stdio: 'pipe'[]): ChildProcess {
  const child = spawn(process.execPath, args, { cwd, stdio });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const closed = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.on('close', (exit) => resolve(exit)));

/** Collects what a process says on one of its streams. */
function heard(
  child: ChildProcess,
  stream: 1 | 2 | 3,
  onText: (all: string) => void = () => {},
): () => string {
  let text = '';
  (child.stdio[stream] as NodeJS.ReadableStream).setEncoding('utf8').on('data', (more: string) => {
    text += more;
    onText(text);
  });
  return () => text;
}

/** Windows has no pseudo-terminals. */
const testThere = process.platform === 'win32' ? () => {} : test;

testThere(
  'sixteen pseudo-terminals at 115200 baud: a port that vanishes fails alone',
  async () => {
    const { folder } = await bench();
    const devices = start([DEVICES, '16', '115200'], folder, ['pipe', 'pipe', 'pipe']);
    const [line] = (await createInterface({ input: devices.stdout as NodeJS.ReadableStream })
      [Symbol.asyncIterator]()
      .next()
      .then(({ value }) => [value])) as [string];
    const paths = JSON.parse(line) as string[];
    const ports = paths.flatMap((path) => ['--port', path]);
    const upload = start(
      [
        ...['--import', PEAK, PROGRAM, 'new.dfupkg', '--key', 'k.pub.pem', ...ports],
        ...['--confirm', 'none', '--retries', '0', '--progress', 'json', '--json'],
      ],
      folder,
      ['pipe', 'pipe', 'pipe', 'pipe'],
    );
    let pulled = false;
    const stderr = heard(upload, 2, (all) => {
      if (pulled || !all.includes('"phase":"upload"')) return;
      pulled = true;
      devices.stdin?.write('close 3\n');
    });
    const [stdout, peak] = [heard(upload, 1), heard(upload, 3)];
    expect(await closed(upload), stderr()).toBe(10);
    const document = JSON.parse(stdout());
    expectValid('flash-reports-v1', document);
    expect(document.summary).toMatchObject({ devices: 16, flashed: 15, failed: 1 });
    const results = document.devices as { result: string; durationMs: number; attempts: unknown[] }[];
    expect(results.findIndex(({ result }) => result === 'failed')).toBe(3);
    const good = results.filter(({ result }) => result === 'flashed').map(({ durationMs }) => durationMs);
    // All at a time; bench/many.mjs has the figures. One after the other the last would take fifteen times as long.
    expect(Math.max(...good)).toBeLessThan(3 * Math.min(...good));
    expect(Number(peak()) * 1024).toBeLessThan(200e6);
  },
  60_000,
);

/** Numbers that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test('a station that is killed at any moment has lost no result that it told', async () => {
  const { folder } = await bench();
  const random = seeded(2024);
  const told: string[] = [];
  for (let round = 0; round < 5; round++) {
    const station = start(
      [
        ...[
          PROGRAM,
          'station',
          'new.dfupkg',
          '--key',
          'k.pub.pem',
          '--simulate',
          'gecko',
          '--trigger',
          'stdin',
        ],
        ...['--journal', 'j.jsonl', '--json', '--progress', 'none'],
      ],
      folder,
      ['pipe', 'pipe', 'pipe'],
    );
    let scanned = 0;
    const scan = () => station.stdin?.write(`SN-${round}-${scanned++}\n`);
    station.stdin?.on('error', () => {});
    // After some results, and a moment of the next flash more: most die in the midst of one, some while they write.
    const [results, more] = [round === 0 ? 0 : 1 + Math.floor(7 * random()), 40 * random()];
    let dying = false;
    const counted = (count: number) => {
      if (dying || count < results) return;
      dying = true;
      systemClock.after(more, () => station.kill('SIGKILL'));
    };
    heard(station, 2, (all) => {
      if (scanned > 0 || !all.includes('The station is ready')) return;
      scan();
      counted(0);
    });
    let count = 0;
    const stdout = heard(station, 1, (all) => {
      for (const lines = all.split('\n').length - 1; count < lines; count++) scan();
      counted(count);
    });
    await closed(station);
    // What stands before the last newline was told whole.
    told.push(...stdout().split('\n').slice(0, -1));
  }
  const journal = (await readFile(join(folder, 'j.jsonl'), 'utf8')).split('\n');
  // At least one in every round but the first.
  expect(told.length).toBeGreaterThanOrEqual(4);
  let at = 0;
  for (const line of told) {
    expectValid('journal-line-v1', JSON.parse(line));
    at = journal.indexOf(line, at) + 1;
    expect(at, line).toBeGreaterThan(0);
  }
  expect(new Set(told).size).toBe(told.length);
}, 60_000);
