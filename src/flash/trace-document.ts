import { toHex } from '../core/bytes.ts';
import { counted, printableLine } from '../core/text.ts';
import type { Trace, TraceEvent, TraceHeader } from '../link/trace-format.ts';
import { type WireDirection, wireReaders } from './trace-decoders.ts';
import type { WireItem } from './wire-reader.ts';

/** A frame comes in one go: what stands still for longer has ended. As long as drivers wait for the rest of one. */
const MAX_GAP_MS = 400;

/** One thing that was seen, in words: schemas/trace-report-v1.schema.json. */
export interface TraceItem {
  /** In ms since the trace was begun; of a frame, when its last byte came. */
  t: number;
  direction?: '>' | '<';
  kind: 'frame' | 'noise' | 'event';
  text: string;
  hex?: string;
}

/** A trace in words. */
export interface TraceDocument {
  formatVersion: 1;
  header: TraceHeader;
  items: TraceItem[];
  /** Bytes each way. */
  sentBytes: number;
  receivedBytes: number;
  /** Its last line was cut off. */
  cutOff: boolean;
  /** The run came to its end while it was recorded. */
  ended: boolean;
}

/** Puts a trace in words, frame by frame. Every text is plain ASCII. */
export function describeTrace(trace: Trace): TraceDocument {
  const { header, events, cutOff } = trace;
  const items: TraceItem[] = [];
  const readers = wireReaders(header.protocol);
  const lastAt = { sent: 0, received: 0 };
  const bytes = { sent: 0, received: 0 };
  const add = (t: number, direction: WireDirection, found: readonly WireItem[]) => {
    for (const { kind, bytes: of, text } of found) {
      items.push({
        t,
        direction: direction === 'sent' ? '>' : '<',
        kind,
        text: printableLine(text),
        hex: toHex(of),
      });
    }
  };
  const rest = () => {
    for (const direction of ['sent', 'received'] as const) {
      add(lastAt[direction], direction, readers[direction].end());
    }
  };
  for (const event of events) {
    for (const direction of ['sent', 'received'] as const) {
      const until = lastAt[direction] + MAX_GAP_MS;
      if (event.t > until) add(lastAt[direction], direction, readers[direction].gap());
    }
    if (event.event === 'sent' || event.event === 'received') {
      lastAt[event.event] = event.t;
      bytes[event.event] += event.bytes.length;
      add(event.t, event.event, readers[event.event].push(event.bytes));
      continue;
    }
    if (event.event === 'closed' || event.event === 'close') rest();
    const text = describeEvent(event);
    if (text !== undefined) items.push({ t: event.t, kind: 'event', text: printableLine(text) });
  }
  rest();
  return {
    formatVersion: 1,
    header,
    items,
    sentBytes: bytes.sent,
    receivedBytes: bytes.received,
    cutOff,
    ended: events.at(-1)?.event === 'end',
  };
}

/** `undefined` for what only a replay needs. */
function describeEvent(event: Exclude<TraceEvent, { event: 'sent' | 'received' }>): string | undefined {
  switch (event.event) {
    case 'open':
      return 'opening the port';
    case 'opened':
      return 'the port is open';
    case 'written':
    case 'set':
      return undefined;
    case 'lines': {
      const lines = Object.entries({ DTR: event.dtr, RTS: event.rts }).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name} ${value ? 'on' : 'off'}`],
      );
      return lines.length === 0 ? 'no modem line set' : lines.join(', ');
    }
    case 'baud':
      return `${event.baudRate} baud`;
    case 'turn':
      return `at the baud rate of the ${event.side}`;
    case 'close':
      return 'closing the port';
    case 'released':
      return 'the port is free';
    case 'failed':
      return `${WORKS[event.of]} failed: ${event.error.message} [${event.error.code}]`;
    case 'closed':
      return `the link ended: ${event.error.message}`;
    case 'stop':
      return 'Ctrl-C: to stop at the next safe point';
    case 'abort':
      return 'Ctrl-C again: to stop at once';
    case 'phase':
      return `attempt ${event.attempt}, ${event.phase}${event.message === undefined ? '' : `: ${event.message}`}`;
    case 'end':
      return [
        `the run ended with exit ${event.exit}`,
        ...(event.code === undefined ? [] : [` [${event.code}]`]),
        ...(event.deviceState === undefined ? [] : [`, device: ${event.deviceState}`]),
      ].join('');
  }
}

const WORKS = { open: 'opening', write: 'writing', set: 'the setting', close: 'closing' } as const;

const GAP_TOLD_MS = 500;

/** A trace for people, a line an item. */
export function renderTrace(document: TraceDocument): string {
  const { header, items, sentBytes, receivedBytes, cutOff, ended } = document;
  const { tool, command, protocol, port, startedAt, packageId, options } = header;
  const said = Object.entries(options).map(([name, value]) => `${name} ${value}`);
  const lines = [
    `Trace of dfu-flash ${command}, ${tool.name} ${tool.version}, ${startedAt}`,
    `  port ${port}, protocol ${protocol}`,
    ...(packageId === undefined ? [] : [`  package ${packageId}`]),
    ...(said.length === 0 ? [] : [`  ${said.join(', ')}`]),
  ];
  let last = 0;
  for (const { t, direction, kind, text } of items) {
    if (t - last >= GAP_TOLD_MS) lines.push(`${' '.repeat(13)}... ${((t - last) / 1000).toFixed(3)} s`);
    last = t;
    const at = (t / 1000).toFixed(6).padStart(12);
    lines.push(`${at} ${direction ?? '-'} ${kind === 'noise' ? 'noise: ' : ''}${text}`);
  }
  lines.push(`${counted(sentBytes, 'byte')} sent, ${receivedBytes} received.`);
  if (cutOff) lines.push('The last line was cut off.');
  if (!ended) lines.push('The record ends before the run did: the program, or the machine, was ended.');
  return `${lines.map(printableLine).join('\n')}\n`;
}
