import { readFile, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type TestIo, testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { bench, moment, simulation, TRUST } from './flash-support.ts';

const NODE = process.execPath;
const SIMULATED = [...TRUST, '--simulate', 'gecko', '--trigger', 'stdin', '--progress', 'none'];

interface Running {
  io: TestIo;
  exit: Promise<number>;
  /** Results told on stdout so far, with --json. */
  told(): Record<string, unknown>[];
}

/** A station in this process, ready for the first device. */
async function started(
  { run, folder }: Pick<Awaited<ReturnType<typeof bench>>, 'run' | 'folder'>,
  argv: readonly string[],
  io = testIo(folder),
): Promise<Running> {
  const exit = run(['station', 'new.dfupkg', ...argv, '--json'], io);
  onTestFinished(() => {
    for (let i = 0; i < 2; i++) io.interrupt();
  });
  await until(() => io.stderr().includes('The station is ready'), io);
  const told = () => lines(io.stdout());
  return { io, exit, told };
}

async function until(condition: () => boolean, io: TestIo): Promise<void> {
  for (let i = 0; i < 1500 && !condition(); i++) await moment();
  expect(condition(), io.stderr()).toBe(true);
}

const lines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe('a line on standard input is a device', () => {
  test('each gets a record: in the journal, on stdout, and for the program', async () => {
    const made = await bench();
    const copy = `const fs = require('fs'); fs.appendFileSync('seen', fs.readFileSync(0) + '|' + process.argv[1] + '\\n')`;
    const program = ['--on-result', NODE, '--on-result-arg=-e', '--on-result-arg', copy];
    const more = ['--journal', 'j.jsonl', '--station', 'line 1', ...program, '--on-result-arg', '$HOME;'];
    const { io, exit, told } = await started(made, [...SIMULATED, ...more]);
    io.input('SN-1\n');
    await until(() => told().length === 1, io);
    io.input('\x1b[2JSN-\u00fc\r\n');
    await until(() => told().length === 2, io);
    io.input(undefined);
    expect(await exit, io.stderr()).toBe(0);

    const journal = await readFile(join(made.folder, 'j.jsonl'), 'utf8');
    expect(journal).toBe(io.stdout());
    for (const record of told()) expectValid('journal-line-v1', record);
    expect(told()).toMatchObject([
      {
        station: 'line 1',
        device: 'SN-1',
        port: 'simulated',
        result: 'flashed',
        exit: 0,
        confirmation: 'version',
        told: { bootloaderVersion: '2.4.1', applicationVersion: '1.1.0' },
        package: { name: 'lamp', version: '1.1.0', product: 'lamp', verdict: 'trusted' },
      },
      { device: '\\x1b[2JSN-\\xc3\\xbc' },
    ]);
    // No shell has read the argument.
    const seen = (await readFile(join(made.folder, 'seen'), 'utf8')).split('\n').sort();
    expect(seen.filter((line) => line === '|$HOME;')).toHaveLength(2);
    for (const line of journal.trimEnd().split('\n')) expect(seen).toContain(line);
    expect(io.stderr()).toContain('The station ends: 2 flashed, 0 failed, 0 interrupted.');
  });

  test('for people: a line each, on stdout', async () => {
    const { run, folder } = await bench();
    const io = testIo(folder);
    const exit = run(['station', 'new.dfupkg', ...SIMULATED], io);
    await until(() => io.stderr().includes('ready'), io);
    io.input('SN-1\n');
    await until(() => io.stdout() !== '', io);
    io.interrupt();
    expect(await exit).toBe(0);
    expect(io.stdout()).toMatch(/^\S+Z OK SN-1 at simulated: lamp 1\.1\.0 flashed \[version\], \d+\.\d s\n$/);
  });

  test('what is no serial number, and what comes too early, starts nothing and is said', async () => {
    const { io, exit, told } = await started(await bench(), SIMULATED);
    io.input(`\n${'x'.repeat(65)}\n`);
    // The second stands in the same piece: it can not be the id of the device that is being flashed.
    io.input('SN-1\nSN-2\n');
    await until(() => told().length === 1, io);
    io.input('SN-3');
    io.input(undefined);
    expect(await exit).toBe(0);
    expect(told().map(({ device }) => device)).toEqual(['SN-1']);
    for (const why of [
      'is empty',
      'is longer than 64 bytes',
      '"SN-2" came while',
      'the last line has no end',
    ]) {
      expect(io.stderr()).toContain(why);
    }
    expect(io.stderr().match(/\[station\.not-taken\]/g)).toHaveLength(4);
  });

  test('a program that fails or is not there is said, and changes nothing', async () => {
    const made = await bench();
    const failing = [
      '--on-result',
      NODE,
      '--on-result-arg=-e',
      '--on-result-arg',
      'console.error("no paper"); process.exit(3)',
    ];
    const first = await started(made, [...SIMULATED, ...failing]);
    first.io.input('SN-1\n');
    await until(() => first.told().length === 1, first.io);
    first.io.input(undefined);
    expect(await first.exit).toBe(0);
    expect(first.io.stderr()).toMatch(/ended with exit code 3: no paper\n.*\[station\.program-failed\]/);
    const second = await started(made, [...SIMULATED, '--on-result', 'no-such-program-anywhere']);
    second.io.input('SN-1\n');
    await until(() => second.told().length === 1, second.io);
    second.io.input(undefined);
    expect(await second.exit).toBe(0);
    expect(second.io.stderr()).toContain('no-such-program-anywhere can not be started (ENOENT)');
  });

  test('a journal that ended in a torn line is warned of, and goes on', async () => {
    const made = await bench();
    await writeFile(join(made.folder, 'j'), '{"formatVersion":1,"rec');
    const { io, exit, told } = await started(made, [...SIMULATED, '--journal', 'j']);
    expect(io.stderr()).toContain('ended in a line that a crash cut off');
    io.input('SN-1\n');
    await until(() => told().length === 1, io);
    io.input(undefined);
    expect(await exit).toBe(0);
    expect((await readFile(join(made.folder, 'j'), 'utf8')).split('\n')[1]).toBe(io.stdout().trimEnd());
  });
});

test('a package that expires: the next flash is refused, recorded, and the station goes on', async () => {
  const made = await bench();
  const packing = testIo(made.folder);
  const { main: pack } = await import('../../src/cli/dfu-pack.ts');
  await writeFile(
    join(made.folder, 'r.yaml'),
    `formatVersion: 1
name: lamp
version: "1.1.0"
target: { product: lamp, part: efr32bg22 }
notAfter: "2030-01-01T12:00:00Z"
images: [{ name: application, role: application, file: new.bin }]
`,
  );
  const argv = ['--recipe', 'r.yaml', '--key', 'k.key.pem', '-o', 'new.dfupkg', '--force'];
  expect(await pack(argv, packing), packing.stderr()).toBe(0);
  let now = new Date('2030-01-01T11:59:59Z');
  const io: TestIo = { ...testIo(made.folder), now: () => now };
  const { exit, told } = await started(made, SIMULATED, io);
  io.input('SN-1\n');
  await until(() => told().length === 1, io);
  now = new Date('2030-01-01T12:00:00Z');
  io.input('SN-2\n');
  await until(() => told().length === 2, io);
  io.input(undefined);
  expect(await exit).toBe(10);
  expectValid('journal-line-v1', told()[1]);
  expect(told()).toMatchObject([
    { device: 'SN-1', result: 'flashed' },
    { device: 'SN-2', result: 'refused', exit: 5, code: 'policy.expired', deviceState: 'untouched' },
  ]);
  expect(io.stderr()).toContain('the package is not accepted any more: it expired');
});

describe('over ports', () => {
  test('a port that appears is flashed, once until it goes away', async () => {
    const made = await bench();
    const device = await simulation(made.folder, ['--pty']);
    onTestFinished(() => void device.end());
    const path = join(made.folder, 'fixture');
    const argv = [...TRUST, '--trigger', 'port', '--port', path, '--confirm', 'none'];
    const { io, exit, told } = await started(made, argv);
    await moment(100);
    await symlink(device.address, path);
    await until(() => told().length === 1, io);
    expect(told()[0]).toMatchObject({ result: 'flashed', port: path });
    // It stays, and nothing more happens.
    await moment(1200);
    expect(told()).toHaveLength(1);
    await unlink(path);
    io.interrupt();
    expect(await exit).toBe(0);
  });

  test('a station that waits for boot events touches nothing, and ends by Ctrl-C with 0', async () => {
    const made = await bench();
    const device = await simulation(made.folder, ['--tcp']);
    onTestFinished(() => void device.end());
    // Blank, so it tells its start: before anybody listens.
    await moment(200);
    const argv = [...TRUST, '--trigger', 'boot-event', '--port', device.address, '--journal', 'j'];
    const { io, exit, told } = await started(made, argv);
    await moment(300);
    io.interrupt();
    expect(await exit).toBe(0);
    expect(told()).toEqual([]);
    expect(await readFile(join(made.folder, 'j'), 'utf8')).toBe('');
  });
});

describe('usage errors', () => {
  const STDIN = ['--trigger', 'stdin'];
  test.each<[string, string[], string]>([
    ['no trigger', ['--port', 'x'], 'it is not said what starts a flash'],
    ['an unknown one', ['--trigger', 'bell'], '--trigger takes port, boot-event, stdin, not "bell"'],
    ['no port', STDIN, 'no port is given'],
    [
      'two ports for one id',
      [...STDIN, '--port', 'a', '--port', 'b'],
      '--trigger stdin takes one port, not 2',
    ],
    ['all ports', ['--trigger', 'port', '--all'], '--all is for upload'],
    [
      'ports that come to virtual devices',
      ['--trigger', 'port', '--simulate', 'gecko'],
      '--simulate needs --trigger stdin',
    ],
    [
      'a port of a simulation',
      [...STDIN, '--simulate', 'gecko', '--port', 'a'],
      '--port and --simulate exclude',
    ],
    [
      'arguments for no program',
      [...STDIN, '--port', 'a', '--on-result-arg', 'x'],
      '--on-result-arg needs --on-result',
    ],
    ['an empty program', [...STDIN, '--port', 'a', '--on-result', ''], '--on-result is empty'],
    [
      'the package as its journal',
      [...STDIN, '--port', 'a', '--journal', 'new.dfupkg'],
      'would replace new.dfupkg',
    ],
    ['a baud rate that is none', ['--trigger', 'port', '--baud', 'x'], '--baud takes a whole number'],
    ['a way in that is none', [...STDIN, '--port', 'a', '--entry', 'door'], '--entry takes'],
  ])('%s', async (_, options, words) => {
    const { run, io } = await bench();
    expect(await run(['station', 'new.dfupkg', ...TRUST, ...options])).toBe(2);
    expect(io.stderr()).toContain(words);
    expect(io.stderr()).toMatch(/\[usage\.invalid\]\n$/);
  });

  test('a package that is refused at once, and a journal that can not be', async () => {
    const { run, io } = await bench();
    expect(await run(['station', 'new.dfupkg', ...SIMULATED, '--product', 'heater'])).toBe(5);
    expect(await run(['station', 'new.dfupkg', ...SIMULATED, '--journal', 'no/such'])).toBe(2);
    expect(io.stderr()).toContain('[output.failed]');
  });
});
