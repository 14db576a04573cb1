import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import { auto } from '../../src/flash/auto.ts';
import { bgapi } from '../../src/flash/bgapi/driver.ts';
import type { DeviceFacts, Protocol } from '../../src/flash/protocol.ts';
import type { FlashReport } from '../../src/flash/report.ts';
import { type FlashOptions, flashPackage } from '../../src/flash/session.ts';
import { describeTrace } from '../../src/flash/trace-document.ts';
import { xmodem } from '../../src/flash/xmodem/driver.ts';
import type { ByteLink } from '../../src/link/link.ts';
import { decodeTrace } from '../../src/link/trace-decode.ts';
import type { Trace, TraceEvent } from '../../src/link/trace-format.ts';
import { type Fault, randomFaults } from '../../src/sim/index.ts';
import { testRun } from '../flash/support.ts';
import { flash, PACKAGE, type Scene, scene } from '../sweep/scene.ts';
import { HEADER, recorded, replayed, timeless, type Work } from './recording.ts';

const upload =
  (options: Partial<FlashOptions> = {}): Work<FlashReport> =>
  (port, run) =>
    flash({ clock: run.clock, port }, options, run);

/** Runs it on the scene and against its record: both must end alike. */
async function same(at: Scene, options: Partial<FlashOptions> = {}, run = testRun(at.clock)) {
  const { outcome, lines, trace } = await recorded(at.port, run, upload(options));
  const again = await replayed(trace, upload(options));
  expect(again.difference?.message).toBeUndefined();
  expect(timeless(again.outcome)).toEqual(timeless(outcome));
  at.device.powerOff();
  return { report: outcome as FlashReport, lines, trace };
}

const STRIKES: readonly Fault[] = [
  { kind: 'lose', direction: 'to-device', frame: 6 },
  { kind: 'lose', direction: 'to-host', frame: 5 },
  { kind: 'corrupt', direction: 'to-device', frame: 5, bit: 90 },
  { kind: 'corrupt', direction: 'to-host', frame: 5, bit: 1 },
  { kind: 'double', direction: 'to-host', frame: 4 },
  { kind: 'delay', direction: 'to-host', frame: 5, ms: 3000 },
  { kind: 'delay', direction: 'to-host', frame: 1, ms: 200 },
  { kind: 'noise', direction: 'to-host', frame: 5, bytes: Uint8Array.of(0x20, 0x80, 1) },
  { kind: 'cut', direction: 'to-device', frame: 6 },
  { kind: 'cut', direction: 'to-host', frame: 6 },
  { kind: 'power', operation: 3 },
  { kind: 'power', operation: 40, torn: 'after' },
];

describe('a replay ends as the run that was recorded', () => {
  test('which went well', async () => {
    const { report } = await same(scene());
    expect(report).toMatchObject({ result: 'flashed', confirmation: 'version' });
  });

  test.each(STRIKES)('which met $kind $direction $frame', async (fault) => {
    await same(scene([fault]));
    await same(scene([fault]), { retries: 0 });
  });

  test('which nobody answered', async () => {
    const at = scene();
    at.device.powerOff();
    const { report } = await same(at);
    expect(report.error?.code).toBe('device.no-bootloader');
  });

  test('whose port was not there, and came later', async () => {
    const gone = scene();
    gone.port.unplug(true);
    expect((await same(gone)).report.error?.code).toBe('link.not-found');

    const back = scene([{ kind: 'cut', direction: 'to-device', frame: 7 }]);
    const { report } = await same(back);
    expect(report.attempts.length).toBe(2);
  });

  test('whose far side took no more bytes', async () => {
    const at = scene();
    at.clock.after(400, () => at.port.stall());
    await same(at, { retries: 0 });
  });

  test.each([['stopNow'], ['abortNow']] as const)('which the operator ended: %s', async (how) => {
    for (const ms of [0, 1, 100, 700, 701.5]) {
      const at = scene();
      const run = testRun(at.clock);
      at.clock.after(ms, () => run[how]());
      const { report } = await same(at, {}, run);
      if (report.result !== 'flashed') expect(report.error?.code).toBe('run.interrupted');
    }
    const at = scene();
    const run = testRun(at.clock, ({ doneBytes = 0 }) => {
      // As a signal comes: between two turns of the program.
      if (doneBytes > 500) at.clock.after(0, () => run[how]());
    });
    expect((await same(at, {}, run)).report.result).toBe('interrupted');
  });

  test('which only asked what is there', async () => {
    const at = scene();
    const identify: Work<DeviceFacts> = (port, run) => bgapi.identify(port, run);
    const { outcome, trace } = await recorded(at.port, testRun(at.clock), identify);
    const again = await replayed(trace, identify);
    expect(again).toEqual({ outcome, difference: undefined });
    at.device.powerOff();
  });

  test('whatever happened to it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.nat(),
          count: fc.integer({ min: 1, max: 5 }),
          // Without a rate much happens in one moment; with one, between two.
          baudRate: fc.constantFrom(undefined, 115_200),
          chunkBytes: fc.constantFrom(252, 48),
        }),
        async ({ seed, count, baudRate, chunkBytes }) => {
          const faults = randomFaults(seed, { count, frames: 14, maxDelayMs: 4000 });
          await same(scene(faults, {}, baudRate), { chunkBytes, retries: 2 });
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('over the menu bootloader, and where the protocol must be found out', () => {
  const send =
    (protocol: Protocol<ByteLink>): Work<FlashReport> =>
    (port, run) =>
      flashPackage(
        PACKAGE,
        port,
        protocol,
        { entry: 'auto', confirm: 'auto', retries: 2, operator: {} },
        run,
      );

  test.each([
    ['xmodem', 'xmodem', xmodem],
    ['auto', 'xmodem', auto],
    ['auto', 'bgapi', auto],
  ] as const)('%s, %s', async (_, bootloader, protocol) => {
    for (let seed = 0; seed < 8; seed++) {
      const faults = seed === 0 ? [] : randomFaults(seed, { count: 3, frames: 20 });
      const at = scene(faults, { bootloader, image: new Uint8Array() }, seed % 2 === 0 ? 115_200 : undefined);
      const { outcome, trace } = await recorded(at.port, testRun(at.clock), send(protocol));
      const again = await replayed(trace, send(protocol));
      expect(again.difference?.message, `seed ${seed}`).toBeUndefined();
      expect(timeless(again.outcome)).toEqual(timeless(outcome));
      at.device.powerOff();
      if (seed === 0) {
        expect(outcome).toMatchObject({ result: 'flashed' });
        const header = { ...trace.header, protocol: protocol.name };
        const { items } = describeTrace({ ...trace, header });
        expect(items.filter(({ kind }) => kind === 'noise')).toEqual([]);
      }
    }
  });
});

describe('the time of a record', () => {
  const bytes = Uint8Array.of(1);
  /** Sends, waits 100 ms for an answer, again and again; the times at which answers came, or did not. */
  const ask: Work<string[]> = async (port, { clock, signal }) => {
    const wait = (ms: number) => ({ clock, until: clock.now() + ms, signal });
    const link = await port.open(wait(10));
    const told: string[] = [];
    for (let i = 0; i < 3; i++) {
      await link.write(bytes, wait(10));
      const answer = await link.inbox.take(wait(100)).catch(() => undefined);
      told.push(`${answer === undefined ? 'nothing' : 'answer'} at ${clock.now().toFixed(1)}`);
    }
    await link.close();
    return told;
  };
  const recordOf = (...events: TraceEvent[]): Trace => ({
    header: HEADER,
    events: [{ t: 0, event: 'open' }, { t: 0, event: 'opened', can: [] }, ...events],
    cutOff: false,
  });
  const sent = (t: number): TraceEvent[] => [
    { t, event: 'sent', bytes },
    { t, event: 'written' },
  ];
  const closed = (t: number): TraceEvent[] => [
    { t, event: 'close' },
    { t, event: 'released' },
  ];

  test('timers of real machines fire late: what came is as much later than what was sent', async () => {
    const trace = recordOf(
      ...sent(0),
      ...sent(103),
      { t: 104, event: 'received', bytes },
      ...sent(105),
      // 99 ms later, and 104 after the time at which a replay sends it.
      { t: 204, event: 'received', bytes },
      ...closed(205),
    );
    const { outcome, difference } = await replayed(trace, ask);
    expect(difference).toBeUndefined();
    expect(outcome).toEqual(['nothing at 100.0', 'answer at 101.0', 'answer at 200.0']);
  });

  test('what came at the last moment came, however often', async () => {
    const trace = recordOf(
      ...[0, 100, 200].flatMap((t) => [...sent(t), { t: t + 100, event: 'received', bytes } as const]),
      ...closed(300),
    );
    const { outcome, difference } = await replayed(trace, ask);
    expect(difference).toBeUndefined();
    expect(outcome).toEqual(['answer at 100.0', 'answer at 200.0', 'answer at 300.0']);
  });
});

describe('a run that does something else is told where', () => {
  test('other chunks: the first byte that differs, and both sides', async () => {
    const { trace, lines } = await same(scene());
    const { difference, outcome } = await replayed(trace, upload({ chunkBytes: 128 }));
    expect(difference).toMatchObject({ code: 'trace.differs', exit: 2 });
    const { line, offset, offsetInWrite, sent, recorded: had } = difference?.facts ?? {};
    const first = lines.findIndex((text) => text.includes('"hex":"20fd0002fc'));
    expect(line).toBe(first + 1);
    expect(offsetInWrite).toBe(1);
    const before = lines
      .slice(0, first)
      .flatMap((text) => (text.includes('"d":">"') ? [/"hex":"([^"]*)"/.exec(text)?.[1] ?? ''] : []))
      .join('').length;
    expect(offset).toBe(before / 2 + 1);
    expect(sent).toMatch(/^81000280/);
    expect(had).toMatch(/^fd0002fc/);
    expect(difference?.message).toContain(`line ${line} of the trace: the run sends 133 bytes (2081000280`);
    expect((outcome as FlashReport).error?.code).toBe('trace.differs');
  });

  test('another order, an early end, a longer run', async () => {
    const { trace } = await same(scene());
    const half = { ...trace, events: trace.events.slice(0, 20), cutOff: true };
    expect((await replayed(half, upload())).difference?.message).toMatch(
      /the record ends here, since it was cut off$/,
    );
    const short = await replayed(trace, (port, run) => bgapi.identify(port, run));
    expect(short.difference?.message).toMatch(/the run (sends|closes)/);
    const nothing = await replayed(trace, async () => undefined);
    expect(nothing.difference?.message).toMatch(/: the run is over; the recorded one opens the port$/);
  });

  test('and a driver without patience, which can not know what would have come', async () => {
    const at = scene([{ kind: 'delay', direction: 'to-host', frame: 0, ms: 900 }]);
    const ask =
      (ms: number): Work<number> =>
      async (port, run) => {
        const wait = (howLong: number) => ({
          clock: run.clock,
          until: run.clock.now() + howLong,
          signal: run.signal,
        });
        const link = await port.open(wait(100));
        await link.write(Uint8Array.of(0x20, 4, 0, 1, 0, 0, 0, 0), wait(100));
        const bytes = await link.inbox.take(wait(ms)).catch(() => []);
        await link.close();
        return bytes.length;
      };
    const { outcome, trace } = await recorded(at.port, testRun(at.clock), ask(2000));
    expect(outcome).toBeGreaterThan(0);
    expect((await replayed(trace, ask(5000))).difference).toBeUndefined();
    expect((await replayed(trace, ask(100))).difference?.message).toMatch(
      /closes the port \d+ ms before the time at which, in the record, \d+ bytes came/,
    );
    at.device.powerOff();
  });
});

test('a crash leaves a record that replays to its end', async () => {
  const at = scene();
  const { lines } = await recorded(at.port, testRun(at.clock), upload());
  at.device.powerOff();
  const text = lines.join('');
  const trace = decodeTrace(utf8(text.slice(0, -(text.length / 3) | 0)));
  expect(trace.cutOff).toBe(true);
  const { outcome, difference } = await replayed(trace, upload());
  expect(difference?.message).toMatch(/the record ends here/);
  expect((outcome as FlashReport).result).toBe('failed');
});
