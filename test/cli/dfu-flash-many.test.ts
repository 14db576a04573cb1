import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { type Bench, bench, door, simulation, TRUST } from './flash-support.ts';

const QUICK = ['--confirm', 'none', '--retries', '0'];
const ports = (...urls: string[]) => urls.flatMap((url) => ['--port', url]);

/** A bench with two virtual devices, each behind a TCP port of its own. */
async function twoDevices(): Promise<Bench & { urls: [string, string] }> {
  const made = await bench();
  const devices = [
    await simulation(made.folder, ['--tcp']),
    await simulation(made.folder, ['--tcp']),
  ] as const;
  for (const device of devices) onTestFinished(() => void device.end());
  return { ...made, urls: [devices[0].address, devices[1].address] };
}

describe('upload to several ports', () => {
  test('all succeed: 0, a line each', async () => {
    const { run, io, urls } = await twoDevices();
    expect(await run(['new.dfupkg', ...TRUST, ...ports(...urls), ...QUICK]), io.stderr()).toBe(0);
    expect(io.stdout()).toMatch(
      new RegExp(`^${urls.map((url) => `${url}: lamp 1\\.1\\.0 flashed \\[none\\], .* s\n`).join('')}$`),
    );
    for (const url of urls) expect(io.stderr()).toContain(`${url}: Uploaded 100 %`);
  });

  test('not all: 10; one document, with a report each and a summary', async () => {
    const { run, io, json, urls, folder } = await twoDevices();
    const bad = '/dev/tty-of-nobody';
    const all = ports(urls[0], bad, urls[1]);
    expect(await run(['new.dfupkg', ...TRUST, ...all, ...QUICK, '--json', '--report', 'r.json'])).toBe(10);
    expectValid('flash-reports-v1', json());
    expect(json()).toMatchObject({
      result: 'not-all',
      exit: 10,
      summary: { devices: 3, flashed: 2, failed: 1, interrupted: 0, refused: 0 },
      devices: [{ result: 'flashed' }, { result: 'failed', exit: 6 }, { result: 'flashed' }],
      verification: { verdict: 'trusted' },
    });
    // Each is what a run to that port alone would have reported.
    for (const device of json().devices as object[]) expectValid('flash-report-v1', device);
    expect(JSON.parse(await readFile(join(folder, 'r.json'), 'utf8'))).toEqual(json());
    expect(io.stderr()).toContain(`dfu-flash: ${bad}: `);
    expect(io.stderr()).toMatch(/1 of 3 devices failed: .*tty-of-nobody\n.* \[flash\.not-all\]\n$/);
  });

  test('--progress json: events with their port on stdout, and nothing else there', async () => {
    const { run, io, urls } = await twoDevices();
    expect(await run(['new.dfupkg', ...TRUST, ...ports(...urls), ...QUICK, '--progress', 'json'])).toBe(0);
    const events = io
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const event of events) expectValid('progress-event-v1', event);
    expect(new Set(events.map(({ port }) => port))).toEqual(new Set(urls));
  });

  test('a refused package opens no port, a dry run neither', async () => {
    const { run, io, json } = await bench();
    const { url, visits } = await door();
    const two = ports(url, '/dev/tty-of-nobody');
    expect(await run(['new.dfupkg', ...TRUST, ...two, '--product', 'heater'])).toBe(5);
    expect(await run(['new.dfupkg', ...TRUST, ...two, '--dry-run', '--json']), io.stderr()).toBe(0);
    expectValid('flash-report-v1', json());
    expect(visits()).toBe(0);
  });

  test('one port alone is what it was: its own exit code and its own document', async () => {
    const { run, json } = await bench();
    expect(await run(['new.dfupkg', ...TRUST, '--port', '/dev/tty-of-nobody', '--json'])).toBe(6);
    expectValid('flash-report-v1', json());
  });
});

describe('usage errors', () => {
  test.each<[string, string[], string]>([
    ['the same port twice', ports('/dev/ttyUSB0', '/dev/ttyUSB0'), '--port /dev/ttyUSB0 is given twice'],
    [
      'two spellings of one bridge',
      ports('tcp://Bench-3:7000', 'rfc2217://bench-3:07000/'),
      '--port rfc2217://bench-3:07000/ and tcp://Bench-3:7000 are the same port',
    ],
    ['all, and one by name', ['--all', '--port', 'x'], '--all and --port exclude each other'],
    [
      'all, and a virtual device',
      ['--all', '--simulate', 'gecko'],
      '--all and --simulate exclude each other',
    ],
    [
      'two, and a virtual device',
      [...ports('a', 'b'), '--simulate', 'gecko'],
      '--port and --simulate exclude',
    ],
    ['an address that is none', ports('/dev/ttyUSB0', 'tcp://bridge'), '"tcp://bridge" is no address'],
    [
      'too many',
      ports(...Array.from({ length: 65 }, (_, i) => `/dev/tty-${i}`)),
      '65 ports are more than the 64',
    ],
  ])('%s', async (_, options, words) => {
    const { run, io } = await bench();
    expect(await run(['new.dfupkg', ...TRUST, ...options])).toBe(2);
    expect(io.stderr()).toContain(words);
    expect(io.stderr()).toMatch(/\[usage\.invalid\]\n$/);
  });

  test('two names of one port', async () => {
    const { run, io, folder } = await bench();
    await symlink(join(folder, 'port'), join(folder, 'link'));
    await symlink('/dev/null', join(folder, 'port'));
    const both = ports(join(folder, 'port'), join(folder, 'link'));
    expect(await run(['new.dfupkg', ...TRUST, ...both])).toBe(2);
    expect(io.stderr()).toMatch(/--port .*link and .*port are the same port/);
  });
});

test('--all takes the ports of this machine, or says that there are none', async () => {
  const { run, folder } = await bench();
  const listed = testIo(folder);
  await run(['list', '--json'], listed);
  const { ports: there } = JSON.parse(listed.stdout()) as { ports: { path: string }[] };
  const io = testIo(folder);
  // Ports that nobody may open while tests run are none of theirs: a plan is made, nothing is sent.
  const exit = await run(['new.dfupkg', ...TRUST, '--all', '--dry-run'], io);
  expect(exit, io.stderr()).toBe(there.length === 0 ? 6 : 0);
  if (there.length === 0) expect(io.stderr()).toContain('[link.not-found]');
});
