import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { concat, utf8 } from '../../src/core/bytes.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { DfuError } from '../../src/core/errors.ts';
import type { ByteLink, ModemLines, Port } from '../../src/link/link.ts';
import { TraceRecorder } from '../../src/link/trace.ts';
import { decodeTrace } from '../../src/link/trace-decode.ts';
import { encodeTraceEvent, encodeTraceHeader } from '../../src/link/trace-encode.ts';
import { MAX_TRACE_LINE_BYTES, type TraceEvent } from '../../src/link/trace-format.ts';
import { someBytes, testRun } from '../flash/support.ts';
import { thrownBy } from '../support/codes.ts';
import { expectValid } from '../support/schema.ts';
import { scene } from '../sweep/scene.ts';
import { HEADER, recorded, replayed, type Work } from './recording.ts';

const ERROR = {
  code: 'link.closed',
  message: 'gone',
  cure: 'Look.',
  facts: { n: 1, s: 'a', b: true },
} as const;
/** Each kind of line. */
const EVENTS: readonly TraceEvent[] = [
  { t: 0, event: 'open' },
  { t: 0.5, event: 'opened', can: ['setLines', 'setBaud'] },
  { t: 0.5, event: 'phase', phase: 'enter', attempt: 1, message: 'press the button' },
  { t: 1, event: 'sent', bytes: Uint8Array.of(0x20, 0xff) },
  { t: 1.001, event: 'written' },
  { t: 1.25, event: 'received', bytes: Uint8Array.of(0) },
  { t: 1.25, event: 'received', bytes: Uint8Array.of(1), same: true },
  { t: 2, event: 'lines', dtr: true },
  { t: 2, event: 'baud', baudRate: 9600 },
  { t: 2, event: 'turn', side: 'application' },
  { t: 2, event: 'set' },
  { t: 3, event: 'failed', of: 'write', error: ERROR },
  { t: 3, event: 'stop' },
  { t: 3, event: 'abort' },
  { t: 3, event: 'close' },
  { t: 4, event: 'closed', error: ERROR },
  { t: 4, event: 'released' },
  { t: 5, event: 'end', exit: 6, code: 'link.closed', deviceState: 'bootloader' },
];
const HEAD = encodeTraceHeader(HEADER);
const LINES = EVENTS.map(encodeTraceEvent);
const decode = (text: string) => decodeTrace(utf8(text));

test('what is written is read, and is what the schema says', () => {
  const trace = decode(HEAD + LINES.join(''));
  expect(trace).toEqual({ header: HEADER, events: EVENTS, cutOff: false });
  for (const line of [HEAD, ...LINES]) expectValid('trace-v1', JSON.parse(line));
  expect(decode((HEAD + LINES.join('')).replaceAll('\n', '\r\n')).events).toEqual(EVENTS);
});

/** Other values for each field, fields too many and too few. */
const WRONG = [
  null,
  -1,
  1.5,
  1e10,
  '',
  'x',
  'X'.repeat(5000),
  'zz',
  '0g',
  [],
  {},
  ['x'],
  true,
  false,
  'ab',
  'link.timeout',
  ' 0',
];
const schema = JSON.parse(
  readFileSync(new URL('../../schemas/trace-v1.schema.json', import.meta.url), 'utf8'),
);
const validate = new Ajv2020.default({ strict: true }).compile(schema);

describe('what the schema refuses is refused, and nothing else', () => {
  test.each([HEAD, ...LINES].map((line) => [line.slice(0, 60).trim(), line]))('%s', (_, line) => {
    const before = line === HEAD ? '' : HEAD;
    for (const mutant of mutantsOf(JSON.parse(line))) {
      const text = JSON.stringify(mutant);
      // Times alone are compared with the line before.
      const read = () => decode(`${before}${text}\n`);
      let refused: unknown;
      try {
        read();
      } catch (error) {
        expect(error).toMatchObject({ code: 'trace.malformed', facts: { line: line === HEAD ? 1 : 2 } });
        refused = error;
      }
      expect(refused === undefined, text.slice(0, 200)).toBe(validate(mutant));
    }
  });
});

function* mutantsOf(value: Record<string, unknown>): Generator<Record<string, unknown>> {
  yield { ...value, other: 1 };
  for (const key of Object.keys(value)) {
    const { [key]: inner, ...rest } = value;
    yield rest;
    for (const wrong of WRONG) yield { ...value, [key]: wrong };
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) {
      for (const mutant of mutantsOf(inner as Record<string, unknown>)) yield { ...value, [key]: mutant };
    }
  }
}

describe('no trace', () => {
  test.each<[string, string, number]>([
    ['an empty file', '', 1],
    ['something else', 'PK\u0003\u0004', 1],
    ['a header cut off', HEAD.slice(0, 50), 1],
    ['another version', HEAD.replace('"formatVersion":1', '"formatVersion":2'), 1],
    ['an event first', LINES.join(''), 1],
    ['two headers', HEAD + HEAD, 2],
    ['an empty line', `${HEAD}\n${LINES.join('')}`, 2],
    ['no JSON in the middle', `${HEAD}${LINES[0]}{"t":1\n${LINES[1]}`, 3],
    ['an array', `${HEAD}[]\n`, 2],
    ['a time that runs back', `${HEAD}{"t":5,"event":"open"}\n{"t":4.9,"event":"written"}\n`, 3],
    ['a name of the prototype', `${HEAD}{"t":0,"event":"toString"}\n`, 2],
    ['an option named __proto__', HEAD.replace('"options":{', '"options":{"__proto__":1,'), 1],
    [
      'a fault of dfukit itself as that of a link',
      `${HEAD}{"t":0,"event":"failed","of":"open","error":{"code":"internal.fault","message":"x","cure":"x","facts":{}}}\n`,
      2,
    ],
    ['text that acts on terminals', `${HEAD}{"t":0,"event":"\u001b[2J"}\n`, 2],
    ['an endless line', `${HEAD}${' '.repeat(MAX_TRACE_LINE_BYTES + 1)}\n`, 2],
    ['deep nesting', `${HEAD}${'['.repeat(100_000)}\n`, 2],
  ])('%s', async (_, text, line) => {
    const error = await thrownBy(() => decode(text));
    expect(error).toMatchObject({ code: 'trace.malformed', exit: 2, facts: { line } });
    expect(error.message).toMatch(/^line \d+ of the trace: [\x20-\x7e]+$/);
  });

  test('but one that a crash has cut off, anywhere behind its header', () => {
    const all = HEAD + LINES.join('');
    for (let end = HEAD.length; end < all.length; end++) {
      const trace = decode(all.slice(0, end));
      const whole = all.slice(0, end).split('\n').length - 2;
      // A line that is whole but for its end counts.
      const events = all[end] === '\n' ? whole + 1 : whole;
      expect(trace.events).toEqual(EVENTS.slice(0, events));
      expect(trace.cutOff).toBe(all[end - 1] !== '\n');
    }
  });
});

describe('a port that is recorded', () => {
  const wait = (clock: VirtualClock, ms: number) => ({
    clock,
    until: clock.now() + ms,
    signal: new AbortController().signal,
  });

  test('has the abilities of the one behind it, and a replay has them too', async () => {
    const asked: unknown[] = [];
    const behind = (abilities: object): Port<ByteLink> => ({
      kind: 'bytes',
      name: 'able',
      open: async (w) =>
        Object.assign(await scene().port.open(w), { setLines: undefined, setBaud: undefined }, abilities),
    });
    const able = {
      setLines: async (lines: ModemLines) => void asked.push(lines),
      setBaud: async (rate: number) => void asked.push(rate),
      turnTo: async (side: string) => {
        if (side === 'application') throw new DfuError('link.failed', 'it can not');
        asked.push(side);
      },
    };
    const work: Work<unknown> = async (port, { clock }) => {
      const link = await port.open(wait(clock, 10));
      await link.setLines?.({ dtr: true }, wait(clock, 10));
      await link.setBaud?.(9600, wait(clock, 10));
      await link.turnTo?.('bootloader', wait(clock, 10));
      const failed = await link.turnTo?.('application', wait(clock, 10)).catch((error: unknown) => error);
      await link.close();
      await link.close();
      return [link.setLines !== undefined, link.setBaud !== undefined, link.turnTo !== undefined, failed];
    };
    for (const abilities of [able, {}]) {
      const run = testRun();
      const { outcome, trace } = await recorded(behind(abilities), run, work);
      expect((outcome as unknown[]).slice(0, 3)).toEqual(Array(3).fill(abilities === able));
      expect(await replayed(trace, work)).toEqual({ outcome, difference: undefined });
    }
    expect(asked).toEqual([{ dtr: true }, 9600, 'bootloader']);
    const { trace } = await recorded(behind(able), testRun(), work);
    const other = await replayed(trace, async (port, { clock }) => {
      const link = await port.open(wait(clock, 10));
      await link.setLines?.({ dtr: false }, wait(clock, 10));
    });
    expect(other.difference?.message).toMatch(/the run sets DTR=0; the recorded one sets DTR=1$/);
  });

  test('huge pieces take several lines, and come out as they were', async () => {
    const much = someBytes(200_000);
    const clock = new VirtualClock();
    const device = { receive: () => {}, send: (_: Uint8Array) => {}, powerCycle() {}, cutPowerAt() {} };
    const { memoryPort } = await import('../../src/sim/index.ts');
    const port = memoryPort(device, { clock });
    const work: Work<number> = async (to, run) => {
      const link = await to.open(wait(run.clock, 10));
      await link.write(much, wait(run.clock, 10));
      const got = [];
      for (let n = 0; n < much.length; n += got.at(-1)?.length ?? 0)
        got.push(await link.inbox.take(wait(run.clock, 1000)));
      await link.close();
      return concat(got).reduce((sum, byte) => sum + byte, 0);
    };
    clock.after(100, () => device.send(much));
    const { outcome, lines, trace } = await recorded(port, testRun(clock), work);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(MAX_TRACE_LINE_BYTES);
    expect(trace.events.filter(({ event }) => event === 'sent').length).toBe(4);
    expect(await replayed(trace, work)).toEqual({ outcome, difference: undefined });
  });

  test('a link that can not be opened, or is closed at once', async () => {
    const clock = new VirtualClock();
    const sink: string[] = [];
    const recorder = new TraceRecorder(clock, (line) => void sink.push(line), HEADER);
    const failing: Port<ByteLink> = {
      kind: 'bytes',
      name: 'gone',
      open: () => Promise.reject(new DfuError('link.forbidden', 'no')),
    };
    await expect(recorder.record(failing).open(wait(clock, 1))).rejects.toMatchObject({
      code: 'link.forbidden',
    });
    expect(sink.at(-1)).toContain('"event":"failed","of":"open","error":{"code":"link.forbidden"');
  });
});
