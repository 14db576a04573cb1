import { type Bytes, fromHex } from '../core/bytes.ts';
import { DfuError, type ErrorCode, type Facts, isErrorCode } from '../core/errors.ts';
import { printableLine, shown } from '../core/text.ts';
import {
  LINK_ABILITIES,
  LINK_WORKS,
  MAX_TRACE_BYTES,
  MAX_TRACE_LINE_BYTES,
  MAX_TRACE_MS,
  MAX_TRACE_OPTIONS,
  MAX_TRACE_PIECE_BYTES,
  MAX_TRACE_TEXT,
  TRACE_COMMANDS,
  type Trace,
  type TraceError,
  type TraceEvent,
  type TraceHeader,
  type TraceOption,
} from './trace-format.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SIDES = ['bootloader', 'application'] as const;
const DEVICE_STATES = ['untouched', 'bootloader', 'old', 'new', 'unknown'] as const;
const MAX_BAUD_RATE = 10_000_000;
const MAX_FACTS = 64;
const TIME_OF_DAY = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
const PACKAGE_ID = /^[0-9a-f]{64}$/;
const HEX = /^([0-9a-f]{2})+$/;
/** Names of options and facts. */
const NAME = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

/**
 * Reads a trace (schemas/trace-v1.schema.json, one object a line). A last line without its end is what a crash leaves:
 * it counts where it is whole, and is left out where it is not. Throws `trace.malformed` with the number of the line.
 */
export function decodeTrace(bytes: Bytes): Trace {
  if (bytes.length > MAX_TRACE_BYTES) throw malformed(1, `the file has more than ${MAX_TRACE_BYTES} bytes`);
  let header: TraceHeader | undefined;
  const events: TraceEvent[] = [];
  let previous = 0;
  let number = 0;
  for (let start = 0; start < bytes.length; ) {
    number += 1;
    const found = bytes.indexOf(LINE_FEED, start);
    const whole = found >= 0;
    const end = whole ? found : bytes.length;
    const line = bytes.subarray(start, end);
    start = end + 1;
    if (header === undefined) {
      header = decodeHeader(parse(line, number));
      continue;
    }
    try {
      const event = decodeEvent(parse(line, number), previous);
      previous = event.t;
      events.push(event);
    } catch (error) {
      if (whole || !(error instanceof DfuError)) throw error;
      return { header, events, cutOff: true };
    }
    if (!whole) return { header, events, cutOff: true };
  }
  if (header === undefined) throw malformed(1, 'the file is empty');
  return { header, events, cutOff: false };
}

function lineText(bytes: Bytes, line: number): string {
  if (bytes.length > MAX_TRACE_LINE_BYTES)
    throw malformed(line, `it has more than ${MAX_TRACE_LINE_BYTES} bytes`);
  // Mail programs may have made the ends of lines their own.
  const text = bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes;
  if (text.some((byte) => byte < 0x20 || byte > 0x7e)) throw malformed(line, 'it is no plain ASCII');
  return new TextDecoder().decode(text);
}

function decodeHeader(line: Line): TraceHeader {
  line.only('formatVersion', 'tool', 'command', 'startedAt', 'protocol', 'port', 'packageId', 'options');
  const formatVersion = line.integer('formatVersion', 0, Number.MAX_SAFE_INTEGER);
  if (formatVersion !== 1) throw line.wrong('formatVersion', 'is not 1, the only one this version reads');
  const tool = line.inner('tool');
  tool.only('name', 'version');
  const packageId = line.optional('packageId', (name) => line.matching(name, PACKAGE_ID));
  return {
    formatVersion: 1,
    tool: { name: tool.text('name'), version: tool.text('version') },
    command: line.choice('command', TRACE_COMMANDS),
    startedAt: line.matching('startedAt', TIME_OF_DAY),
    protocol: line.text('protocol'),
    port: line.text('port'),
    ...(packageId === undefined ? {} : { packageId }),
    options: line.inner('options').primitives(MAX_TRACE_OPTIONS),
  };
}

function decodeEvent(line: Line, notBefore: number): TraceEvent {
  const t = line.number('t', 0, MAX_TRACE_MS);
  if (t < notBefore) throw line.wrong('t', 'is earlier than that of the line before');
  if (line.has('d')) {
    const sent = line.choice('d', ['>', '<']) === '>';
    line.only('t', 'd', 'hex', ...(sent ? [] : ['same']));
    const bytes = line.hex('hex');
    if (sent) return { t, event: 'sent', bytes };
    if (!line.has('same')) return { t, event: 'received', bytes };
    if (!line.flag('same')) throw line.wrong('same', 'is not true');
    return { t, event: 'received', bytes, same: true };
  }
  const event = line.choice('event', EVENTS);
  const read = READERS[event];
  return { t, ...read(line) } as TraceEvent;
}

type Reader = (line: Line) => Omit<TraceEvent, 't'>;

/** By the name in `event`. */
const READERS = {
  open: plain('open'),
  close: plain('close'),
  written: plain('written'),
  set: plain('set'),
  released: plain('released'),
  stop: plain('stop'),
  abort: plain('abort'),
  opened: (line) => {
    line.onlyEvent('can');
    return { event: 'opened', can: line.choices('can', LINK_ABILITIES) };
  },
  lines: (line) => {
    line.onlyEvent('dtr', 'rts');
    const dtr = line.optional('dtr', (name) => line.flag(name));
    const rts = line.optional('rts', (name) => line.flag(name));
    return {
      event: 'lines',
      ...(dtr === undefined ? {} : { dtr }),
      ...(rts === undefined ? {} : { rts }),
    };
  },
  baud: (line) => {
    line.onlyEvent('baudRate');
    return { event: 'baud', baudRate: line.integer('baudRate', 1, MAX_BAUD_RATE) };
  },
  turn: (line) => {
    line.onlyEvent('side');
    return { event: 'turn', side: line.choice('side', SIDES) };
  },
  failed: (line) => {
    line.onlyEvent('of', 'error');
    return { event: 'failed', of: line.choice('of', LINK_WORKS), error: decodeError(line.inner('error')) };
  },
  closed: (line) => {
    line.onlyEvent('error');
    return { event: 'closed', error: decodeError(line.inner('error')) };
  },
  phase: (line) => {
    line.onlyEvent('phase', 'attempt', 'message');
    const message = line.optional('message', (name) => line.text(name));
    return {
      event: 'phase',
      phase: line.text('phase'),
      attempt: line.integer('attempt', 1, 1_000_000),
      ...(message === undefined ? {} : { message }),
    };
  },
  end: (line) => {
    line.onlyEvent('exit', 'code', 'deviceState');
    const code = line.optional('code', (name) => line.code(name));
    const deviceState = line.optional('deviceState', (name) => line.choice(name, DEVICE_STATES));
    return {
      event: 'end',
      exit: line.integer('exit', 0, 255),
      ...(code === undefined ? {} : { code }),
      ...(deviceState === undefined ? {} : { deviceState }),
    };
  },
} satisfies Record<Exclude<TraceEvent['event'], 'sent' | 'received'>, Reader>;
const EVENTS = Object.keys(READERS) as (keyof typeof READERS)[];

function plain(event: TraceEvent['event']): Reader {
  return (line) => {
    line.onlyEvent();
    return { event } as Omit<TraceEvent, 't'>;
  };
}

function decodeError(line: Line): TraceError {
  line.only('code', 'message', 'cure', 'facts');
  const code = line.code('code');
  // No link throws it: a record must not be able to have dfukit call itself broken.
  if (code === 'internal.fault') throw line.wrong('code', 'is no error of a link');
  return {
    code,
    message: line.text('message'),
    cure: line.text('cure'),
    facts: line.inner('facts').primitives(MAX_FACTS),
  };
}

/** An object of one line; whatever is not as it must be throws `trace.malformed`. */
class Line {
  readonly #fields: Record<string, unknown>;
  readonly #number: number;
  readonly #path: string;

  constructor(fields: Record<string, unknown>, number: number, path = '') {
    this.#fields = fields;
    this.#number = number;
    this.#path = path;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name);
  }

  only(...names: readonly string[]): void {
    const other = Object.keys(this.#fields).find((key) => !names.includes(key));
    if (other !== undefined) throw this.wrong(other, 'has no place here');
  }

  onlyEvent(...names: readonly string[]): void {
    this.only('t', 'event', ...names);
  }

  optional<T>(name: string, read: (name: string) => T): T | undefined {
    return this.has(name) ? read(name) : undefined;
  }

  text(name: string): string {
    const value = this.#get(name);
    if (typeof value !== 'string') throw this.wrong(name, 'is no text');
    if (value.length > MAX_TRACE_TEXT) throw this.wrong(name, `is longer than ${MAX_TRACE_TEXT} characters`);
    return printableLine(value);
  }

  matching(name: string, form: RegExp): string {
    const value = this.#get(name);
    if (typeof value !== 'string' || !form.test(value))
      throw this.wrong(name, 'has not the form it must have');
    return value;
  }

  number(name: string, min: number, max: number): number {
    const value = this.#get(name);
    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      throw this.wrong(name, `is no number from ${min} to ${max}`);
    }
    return value;
  }

  integer(name: string, min: number, max: number): number {
    const value = this.number(name, min, max);
    if (!Number.isInteger(value)) throw this.wrong(name, 'is no whole number');
    return value;
  }

  flag(name: string): boolean {
    const value = this.#get(name);
    if (typeof value !== 'boolean') throw this.wrong(name, 'is neither true nor false');
    return value;
  }

  choice<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.#get(name);
    const choice = choices.find((one) => one === value);
    if (choice === undefined) throw this.wrong(name, `is none of ${choices.join(', ')}`);
    return choice;
  }

  choices<T extends string>(name: string, choices: readonly T[]): T[] {
    const value = this.#get(name);
    const all = Array.isArray(value) ? value : [undefined];
    const known = choices.filter((choice) => all.includes(choice));
    if (known.length !== all.length) throw this.wrong(name, `is no list of some of ${choices.join(', ')}`);
    return known;
  }

  code(name: string): ErrorCode {
    const value = this.#get(name);
    if (typeof value !== 'string' || !isErrorCode(value)) {
      throw this.wrong(name, 'is no error code of this version');
    }
    return value;
  }

  hex(name: string): Bytes {
    const value = this.#get(name);
    const bytes = typeof value === 'string' && HEX.test(value) ? fromHex(value) : undefined;
    if (bytes === undefined) throw this.wrong(name, 'is no lower-case hex of a byte or more');
    if (bytes.length > MAX_TRACE_PIECE_BYTES) {
      throw this.wrong(name, `is longer than ${MAX_TRACE_PIECE_BYTES} bytes`);
    }
    return bytes;
  }

  inner(name: string): Line {
    const value = this.#get(name);
    if (!isObject(value)) throw this.wrong(name, 'is no object');
    return new Line(value, this.#number, `${this.#path}${name}.`);
  }

  /** All fields, each a text, a number or a flag. */
  primitives(max: number): Readonly<Record<string, TraceOption>> & Facts {
    const names = Object.keys(this.#fields);
    if (names.length > max) throw malformed(this.#number, `${this.#path} has more than ${max} fields`);
    return Object.fromEntries(names.map((name) => [name, this.#primitive(name)]));
  }

  wrong(name: string, what: string): DfuError {
    return malformed(this.#number, `${this.#path}${shown(name)} ${what}`);
  }

  #primitive(name: string): TraceOption {
    if (!NAME.test(name)) throw this.wrong(name, 'is no name');
    const value = this.#get(name);
    if (typeof value === 'string') return this.text(name);
    if (typeof value === 'boolean') return value;
    return this.number(name, -Number.MAX_VALUE, Number.MAX_VALUE);
  }

  #get(name: string): unknown {
    if (!this.has(name)) throw this.wrong(name, 'is missing');
    return this.#fields[name];
  }
}

function parse(line: Bytes, number: number): Line {
  let value: unknown;
  const text = lineText(line, number);
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(number, 'it is no JSON', cause);
  }
  if (!isObject(value)) throw malformed(number, 'it is no JSON object');
  return new Line(value, number);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function malformed(line: number, what: string, cause?: unknown): DfuError {
  return new DfuError('trace.malformed', `line ${line} of the trace: ${what}`, { facts: { line }, cause });
}
