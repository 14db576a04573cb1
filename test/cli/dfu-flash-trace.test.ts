import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { DfuError } from '../../src/core/errors.ts';
import { AppendFile } from '../../src/node/append-file.ts';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { type Bench, bench, door, simulation, TRUST } from './flash-support.ts';

const SIMULATED = [...TRUST, '--simulate', 'gecko'];

/** What a run printed and wrote, in the folder of the bench. */
async function run({ folder, run: flash }: Bench, argv: readonly string[]) {
  const io = testIo(folder);
  const exit = await flash(argv, io);
  return { exit, out: io.stdout(), err: io.stderr(), json: () => JSON.parse(io.stdout()) };
}

const lines = async ({ folder }: Bench, file: string): Promise<Record<string, unknown>[]> =>
  (await readFile(join(folder, file), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

const timeless = (report: Record<string, unknown>) => ({
  ...report,
  durationMs: 0,
  attempts: (report.attempts as object[]).map((attempt) => ({ ...attempt, durationMs: 0 })),
});

/** A bench with t.trace, the record of an upload. */
async function recordedUpload() {
  const at = await bench();
  const options = [
    '--chunk-size',
    '128',
    '--retries',
    '1',
    '--product',
    'lamp',
    '--installed-version',
    '1.0.0',
  ];
  const first = await run(at, ['new.dfupkg', ...SIMULATED, ...options, '--trace', 't.trace', '--json']);
  expect(first.exit, first.err).toBe(0);
  return { at, first };
}

describe('a run is recorded, and replayed', () => {
  test('an upload, with its options: the same report', async () => {
    const { at, first } = await recordedUpload();
    const [header, ...events] = await lines(at, 't.trace');
    for (const line of [header, ...events]) expectValid('trace-v1', line);
    expect(header).toMatchObject({
      command: 'upload',
      packageId: first.json().package.packageId,
      options: { chunkBytes: 128, retries: 1, entry: 'auto', confirm: 'auto', installedVersion: '1.0.0' },
    });
    expect(events.at(-1)).toMatchObject({ event: 'end', exit: 0, deviceState: 'new' });
    expect(events.filter(({ event }) => event === 'phase').map(({ phase }) => phase)).toContain('upload');

    const again = await run(at, [
      'new.dfupkg',
      ...TRUST,
      '--product',
      'lamp',
      '--replay',
      't.trace',
      '--json',
    ]);
    expect(again.exit, again.err).toBe(0);
    expect(again.err).toContain('replay of t.trace: nothing is sent to any device');
    expectValid('flash-report-v1', again.json());
    const { verification: _, replayOf, ...report } = again.json();
    expect(replayOf).toBe('t.trace');
    expect(first.json()).not.toHaveProperty('replayOf');
    const { verification: __, ...before } = first.json();
    expect(timeless(report)).toEqual(timeless(before));
  });

  test('and no result of it reads as one of a device', async () => {
    const { at } = await recordedUpload();
    const argv = ['new.dfupkg', ...TRUST, '--product', 'lamp', '--replay', 't.trace', '--report', 'r.json'];
    const again = await run(at, argv);
    expect([again.exit, again.out]).toEqual([
      0,
      expect.stringMatching(
        /^Replay of t\.trace\. No device was there; its record says:\nlamp 1\.1\.0 was sent /,
      ),
    ]);
    const report = JSON.parse(await readFile(join(at.folder, 'r.json'), 'utf8'));
    expect(report).toMatchObject({ result: 'flashed', replayOf: 't.trace' });
    const events = await run(at, [...argv.slice(0, -2), '--progress', 'json']);
    expect(events.err).toContain('No device was there');
  });

  test('with other options: the first difference, as an error', async () => {
    const { at } = await recordedUpload();
    const argv = ['new.dfupkg', ...TRUST, '--product', 'lamp', '--replay', 't.trace'];
    const other = await run(at, [...argv, '--chunk-size', '48', '--json']);
    expect(other.exit).toBe(2);
    expectValid('error-v1', other.json());
    expect(other.json().error).toMatchObject({ code: 'trace.differs', facts: { offsetInWrite: 1 } });
    expect(other.err).toMatch(/line \d+ of the trace: the run sends 53 bytes \(2031000230/);
  });

  test('in words, and as a document', async () => {
    const { at } = await recordedUpload();
    const words = await run(at, ['trace', 't.trace']);
    expect(words.exit).toBe(0);
    expect(words.out).toMatch(/> dfu upload of 128 bytes: eb 17 a6 03/);
    const document = await run(at, ['trace', 't.trace', '--json']);
    expectValid('trace-report-v1', document.json());
  });

  test('a record of another package, of another command, of nothing', async () => {
    const { at } = await recordedUpload();
    const other = await run(at, ['old.dfupkg', ...TRUST, '--replay', 't.trace']);
    expect(other.exit).toBe(2);
    expect(other.err).toMatch(
      /the record is of package [0-9a-f]{64}; this one is [0-9a-f]{64}\n.*\[trace\.differs\]\n$/,
    );
    const identify = await run(at, ['identify', '--replay', 't.trace']);
    expect(identify.err).toMatch(
      /is the record of dfu-flash upload\n.*dfu-flash upload --replay\. \[trace\.differs\]\n$/,
    );
    await writeFile(join(at.folder, 'none.trace'), 'x');
    for (const argv of [['trace'], ['new.dfupkg', ...TRUST, '--replay'], ['identify', '--replay']]) {
      const none = await run(at, [...argv, 'none.trace']);
      expect([none.exit, none.err]).toEqual([
        2,
        expect.stringMatching(/line 1 of the trace: .*\n.*\[trace\.malformed\]\n$/),
      ]);
      expect((await run(at, [...argv, 'no.trace'])).err).toContain('[input.not-found]');
    }
  });

  test('a package is judged as always: a record opens no door', async () => {
    const { at } = await recordedUpload();
    const refused = await run(at, ['new.dfupkg', ...TRUST, '--product', 'heater', '--replay', 't.trace']);
    expect([refused.exit, refused.err]).toEqual([5, expect.stringContaining('[policy.product]')]);
  });

  test('a failure: the same code', async () => {
    const at = await bench();
    const { url } = await door();
    const argv = ['new.dfupkg', ...TRUST, '--retries', '0'];
    const first = await run(at, [...argv, '--port', url, '--trace', 'f.trace']);
    expect(first.exit).toBe(6);
    const code = /\[([a-z.-]+)\]\n$/.exec(first.err)?.[1];
    expect((await lines(at, 'f.trace')).at(-1)).toMatchObject({ event: 'end', exit: 6, code });
    const again = await run(at, ['new.dfupkg', ...TRUST, '--replay', 'f.trace']);
    expect(again.exit).toBe(6);
    expect(again.err).toContain(`[${code}]`);

    const asked = await run(at, ['identify', '--port', url, '--trace', 'i.trace']);
    expect(asked.exit).toBe(6);
    const other = await run(at, ['identify', '--replay', 'i.trace']);
    expect(other.exit).toBe(6);
    expect(other.err).toContain(asked.err);
  });

  test('a record of a record is the record', async () => {
    const { at } = await recordedUpload();
    const argv = ['new.dfupkg', ...TRUST, '--product', 'lamp', '--replay', 't.trace', '--trace', 'u.trace'];
    expect((await run(at, argv)).exit).toBe(0);
    const bytes = (all: Record<string, unknown>[]) =>
      all.flatMap(({ d, hex }) => (d === undefined ? [] : [[d, hex]]));
    expect(bytes(await lines(at, 'u.trace'))).toEqual(bytes(await lines(at, 't.trace')));
  });
});

test('a record in real time, of a device behind TCP', async () => {
  const at = await bench();
  const device = await simulation(at.folder, ['--tcp']);
  const first = await run(at, ['identify', '--port', device.address, '--trace', 't.trace', '--json']);
  expect(first.exit, first.err).toBe(0);
  await device.end();
  const again = await run(at, ['identify', '--replay', 't.trace', '--json']);
  expect(again.exit, again.err).toBe(0);
  expectValid('identify-report-v1', again.json());
  expect(again.json()).toEqual({ ...first.json(), replayOf: 't.trace' });
  const words = await run(at, ['identify', '--replay', 't.trace']);
  expect(words.out).toMatch(/^Replay of: +t\.trace; no device was there\n/);
});

describe('a record that can not be written', () => {
  test('at all: is found before the port is opened', async () => {
    const at = await bench();
    const { url, visits } = await door();
    for (const file of ['no/such/t.trace', '.']) {
      const failed = await run(at, ['new.dfupkg', ...TRUST, '--port', url, '--trace', file]);
      expect([failed.exit, failed.err]).toEqual([2, expect.stringContaining('[output.failed]')]);
    }
    expect(visits()).toBe(0);
  });

  test.runIf(process.platform === 'linux')('through a link to a device: is left alone', async () => {
    const at = await bench();
    await symlink('/dev/full', join(at.folder, 'full.trace'));
    const failed = await run(at, ['new.dfupkg', ...SIMULATED, '--trace', 'full.trace']);
    expect([failed.exit, failed.err]).toEqual([
      2,
      expect.stringContaining('not a regular file; it is left alone'),
    ]);
  });

  test('any further: hurts no run, hides nothing, and is told', async () => {
    const at = await bench();
    const full = vi
      .spyOn(AppendFile.prototype, 'end')
      .mockImplementation(async () => new DfuError('output.failed', 'full'));
    const flashed = await run(at, ['new.dfupkg', ...SIMULATED, '--trace', 't.trace']);
    expect(flashed.exit).toBe(2);
    expect(flashed.out).toContain('was sent to virtual gecko');
    expect(flashed.err).toMatch(/full\n.*\[output\.failed\]\n$/);
    const { url } = await door();
    for (const argv of [['new.dfupkg', ...TRUST, '--retries', '0'], ['identify']]) {
      const failed = await run(at, [...argv, '--port', url, '--trace', 't.trace']);
      expect(failed.exit).toBe(6);
      expect(failed.err).toContain('[output.failed]');
    }
    full.mockRestore();
  });

  test('replaces what is there, as a report does, but nothing that the run reads or writes', async () => {
    const at = await bench();
    await writeFile(join(at.folder, 't.trace'), 'x'.repeat(1e6));
    expect((await run(at, ['new.dfupkg', ...SIMULATED, '--trace', 't.trace'])).exit).toBe(0);
    expect((await lines(at, 't.trace')).length).toBeGreaterThan(20);
    for (const argv of [
      ['new.dfupkg', ...SIMULATED, '--trace', 'new.dfupkg'],
      ['new.dfupkg', ...SIMULATED, '--trace', 'k.pub.pem'],
      ['new.dfupkg', ...SIMULATED, '--trace', 'r.json', '--report', 'r.json'],
      ['new.dfupkg', ...TRUST, '--replay', 't.trace', '--trace', 't.trace'],
      ['new.dfupkg', ...TRUST, '--replay', 't.trace', '--report', 't.trace'],
      ['new.dfupkg', ...SIMULATED, '--trace', ''],
      ['new.dfupkg', ...SIMULATED, '--trace', 'u.trace', '--dry-run'],
      ['new.dfupkg', ...TRUST, '--port', 'a', '--port', 'b', '--trace', 'u.trace'],
    ]) {
      const refused = await run(at, argv);
      expect([refused.exit, refused.err], argv.join(' ')).toEqual([
        2,
        expect.stringContaining('[usage.invalid]'),
      ]);
    }
    expect((await lines(at, 't.trace')).length).toBeGreaterThan(20);
    await rm(join(at.folder, 't.trace'));
  });

  test.each([
    ['--port', '/dev/ttyUSB0'],
    ['--baud', '9600'],
    ['--rtscts'],
    ['--simulate', 'gecko'],
    ['--all'],
    ['--dry-run'],
  ])('%s and --replay exclude each other', async (...option) => {
    const at = await bench();
    const refused = await run(at, ['new.dfupkg', ...TRUST, '--replay', 't.trace', ...option]);
    expect(refused.err).toContain(`${option[0]} and --replay exclude each other`);
    expect(refused.exit).toBe(2);
  });
});
