import { describe, expect, test } from 'vitest';
import { flashMany } from '../../src/cli/flash/many.ts';
import type { DeviceTarget } from '../../src/cli/flash/one-device.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { DfuError } from '../../src/core/errors.ts';
import { pause, within } from '../../src/core/wait.ts';
import { type TestIo, testIo } from '../support/io.ts';
import { jobOf, target } from './flash-many-support.ts';
import { bench } from './flash-support.ts';

const QUIET = { form: 'none', writeJson: () => {} } as const;

/** All devices have come up by then. */
const started = (clock: VirtualClock) => pause(within(1000, { clock, signal: new AbortController().signal }));

/** Calls `act` once, in the midst of the upload of the port with this label; `lastMs`: when each port was last heard of. */
function midway(label: string, act: () => void) {
  let done = false;
  const lastMs: Record<string, number> = {};
  return {
    lastMs,
    form: 'json',
    writeJson: (text: string) => {
      const event = JSON.parse(text) as { port: string; elapsedMs: number; doneBytes?: number };
      const { port, elapsedMs, doneBytes = 0 } = event;
      lastMs[port] = elapsedMs;
      if (done || port !== label || doneBytes < 1000) return;
      done = true;
      act();
    },
  } as const;
}

/** It stands still: a package is judged again each second, and the devices that wait for that would start apart. */
const NOW = new Date('2026-06-01T00:00:00Z');

describe('several devices in one call, each on its own', () => {
  test('what fails, hangs or vanishes delays and spoils no other', async () => {
    const { folder } = await bench();
    const job = await jobOf(folder, () => new Date('2030-01-01T00:00:00Z'));
    // Hashing takes real time, in which virtual time would go on.
    await job.pkg.judge(job.now().getTime());
    const alone = new VirtualClock();
    const single = [target(alone, 'alone')];
    await started(alone);
    const undisturbed = midway('nobody', () => {});
    const reference = await flashMany(testIo(folder), job, single, undisturbed);
    expect(reference).toMatchObject({ result: 'flashed', exit: 0 });

    const clock = new VirtualClock();
    const good = [0, 1, 2].map((n) => target(clock, `good ${n}`));
    const stuck = target(clock, 'stuck');
    const pulled = target(clock, 'pulled');
    const missing = target(clock, 'missing');
    missing.port.unplug(true);
    const faulty: DeviceTarget = {
      ...target(clock, 'faulty'),
      port: {
        kind: 'bytes',
        name: 'faulty',
        open: () => Promise.reject(new Error('a fault of the driver')),
      },
    };
    const progress = midway('stuck', () => {
      stuck.port.stall();
      pulled.port.unplug(true);
    });
    const io = testIo(folder, { now: NOW, clock });
    const targets = [stuck, ...good, pulled, missing, faulty];
    await started(clock);
    const { devices, ...result } = await flashMany(io, job, targets, progress);
    expect(result).toEqual({ result: 'not-all', exit: 10 });
    expect(devices.map(({ target: { label }, report }) => [label, report.error?.code])).toEqual([
      ['stuck', 'link.timeout'],
      ['good 0', undefined],
      ['good 1', undefined],
      ['good 2', undefined],
      ['pulled', 'link.not-found'],
      ['missing', 'link.not-found'],
      ['faulty', 'internal.fault'],
    ]);
    const { port: _, ...expected } = reference.devices[0]?.report ?? { port: '' };
    for (const { report } of devices.slice(1, 4)) {
      // To the millisecond what it is with nobody else there.
      expect(report).toMatchObject(expected);
    }
    // And at a time, not one after the other.
    for (const n of [0, 1, 2]) expect(progress.lastMs[`good ${n}`]).toBe(undisturbed.lastMs.alone);
  });

  test('the first Ctrl-C stops all at a safe point: 130', async () => {
    const { folder } = await bench();
    const clock = new VirtualClock();
    const io = testIo(folder, { now: NOW, clock });
    const targets = ['a', 'b', 'c'].map((label) => target(clock, label));
    const progress = midway('b', () => io.interrupt());
    const { devices, ...result } = await flashMany(io, await jobOf(folder), targets, progress);
    expect(result).toEqual({ result: 'interrupted', exit: 130 });
    for (const { report } of devices) {
      expect(report).toMatchObject({ result: 'interrupted', deviceState: 'bootloader' });
    }
    expect(io.stderr().match(/Stopping at the next safe point/g)).toHaveLength(1);
  });

  test('the second stops at once, also one that hangs', async () => {
    const { folder } = await bench();
    const clock = new VirtualClock();
    const io = testIo(folder, { now: NOW, clock });
    const [stuck, other] = [target(clock, 'stuck'), target(clock, 'other')];
    let stoppedAt = 0;
    const progress = midway('stuck', () => {
      stuck.port.stall();
      clock.after(50, () => {
        stoppedAt = clock.now();
        io.interrupt();
        io.interrupt();
      });
    });
    const { exit } = await flashMany(io, await jobOf(folder), [stuck, other], progress);
    expect(exit).toBe(130);
    expect(stoppedAt).toBeGreaterThan(0);
    expect(clock.now()).toBe(stoppedAt);
  });

  test('one that could not be stopped in time is flashed, and that is no interruption', async () => {
    const { folder } = await bench();
    const clock = new VirtualClock();
    const io = testIo(folder, { now: NOW, clock });
    const done = await flashMany(io, await jobOf(folder), [target(clock, 'a')], {
      ...QUIET,
      form: 'json',
      writeJson: (text) => {
        if (text.includes('"confirm"')) io.interrupt();
      },
    });
    expect(done.exit).toBe(0);
  });

  test('a package that expires while devices wait is refused to those that come later', async () => {
    const { folder } = await bench();
    const clock = new VirtualClock();
    let hour = 0;
    const job = await jobOf(folder, () => new Date(Date.UTC(2030, 0, 1, hour++)));
    const judge = job.pkg.judge.bind(job.pkg);
    job.pkg.judge = async (atMs) => {
      if (atMs >= Date.UTC(2030, 0, 1, 1)) throw new DfuError('trust.file-expired', 'the trust file expired');
      return judge(atMs);
    };
    const { devices } = await flashMany(
      testIo(folder, { now: NOW, clock }),
      job,
      ['a', 'b'].map((label) => target(clock, label)),
      QUIET,
    );
    expect(devices.map(({ report }) => report)).toMatchObject([
      { result: 'flashed' },
      { result: 'refused', exit: 5, deviceState: 'untouched', error: { code: 'trust.file-expired' } },
    ]);
  });
});

describe('progress', () => {
  const shown = async (form: 'bar' | 'lines' | 'json', terminal: Partial<TestIo['terminal']>) => {
    const { folder } = await bench();
    const clock = new VirtualClock();
    const io = testIo(folder, { now: NOW, clock, terminal });
    const targets = ['A', 'B'].map((label) => target(clock, label));
    targets[1]?.port.unplug(true);
    await flashMany(io, await jobOf(folder), targets, { form, writeJson: io.out });
    return io;
  };

  test('lines begin with the name of the port', async () => {
    const text = (await shown('lines', {})).stderr();
    const lines = text.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^[AB]: /);
    expect(lines.filter((line) => /^A: Uploaded \d+0 %/.test(line))).toHaveLength(10);
    expect(lines).toContain('A: flashed [version]');
    expect(lines).toContain('B: failed [link.not-found]');
  });

  test('a live table on a terminal: the last one drawn tells how all ended', async () => {
    const text = (await shown('bar', { stderr: true, columns: 70 })).stderr();
    const screen = played(text);
    expect(screen).toEqual([
      'A  flashed [version]',
      'B  failed [link.not-found]',
      '1 of 2 devices done, 1 failed',
    ]);
    expect(text).toMatch(/A {2}uploading +\d+ %/);
    // Ten times a second, not once a chunk.
    expect(text.split('devices done').length).toBeLessThan(20);
  });

  test('events carry the port', async () => {
    const events = (await shown('json', {}))
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(new Set(events.map(({ port }) => port))).toEqual(new Set(['A', 'B']));
  });
});

const ESC = String.fromCharCode(27);

/** What stands on the screen of a terminal that was sent this. */
function played(text: string): string[] {
  const lines: string[] = [''];
  let row = 0;
  for (const [, count, kind, plain] of text.matchAll(
    new RegExp(`${ESC}\\[(\\d*)([AJK])|([^${ESC}])`, 'gs'),
  )) {
    if (kind === 'A') row -= Number(count);
    else if (kind === 'J') lines.length = row + 1;
    else if (plain === '\n') {
      row += 1;
      // What is written next begins at the left end.
      lines[row] = '';
    } else if (plain !== undefined) lines[row] = `${lines[row] ?? ''}${plain}`;
    if (kind === 'A') lines[row] = '';
  }
  return lines.filter((line) => line !== '');
}
