import { type Bytes, concat, toHex, utf8 } from '../../../src/core/bytes.ts';
import { finish, response, setAddress, upload } from '../../../src/flash/bgapi/wire.ts';
import { describeTrace, renderTrace } from '../../../src/flash/trace-document.ts';
import { encodePacket } from '../../../src/flash/xmodem/wire.ts';
import { decodeTrace } from '../../../src/link/trace-decode.ts';
import { encodeTraceEvent, encodeTraceHeader } from '../../../src/link/trace-encode.ts';
import type { Trace, TraceEvent } from '../../../src/link/trace-format.ts';
import { HEADER } from '../../link/recording.ts';
import { rewriteJson } from '../engine/json.ts';
import { promised, type Target } from '../engine/target.ts';

const encode = ({ header, events }: Pick<Trace, 'header' | 'events'>): Bytes =>
  utf8([encodeTraceHeader(header), ...events.map(encodeTraceEvent)].join(''));

const ERROR = { code: 'link.closed', message: 'gone', cure: 'Look.', facts: { n: 1 } } as const;
const EVENTS: readonly TraceEvent[] = [
  { t: 0, event: 'open' },
  { t: 1, event: 'opened', can: ['setLines'] },
  { t: 1, event: 'lines', dtr: true },
  { t: 1, event: 'phase', phase: 'enter', attempt: 1 },
  { t: 2, event: 'sent', bytes: setAddress(0) },
  { t: 2.5, event: 'received', bytes: response(0, 1, 0) },
  { t: 3, event: 'sent', bytes: upload(Uint8Array.of(1, 2)) },
  { t: 500, event: 'received', bytes: utf8('\r\nBL > C'), same: true },
  { t: 501, event: 'sent', bytes: encodePacket(0, finish()) },
  { t: 502, event: 'failed', of: 'write', error: ERROR },
  { t: 503, event: 'closed', error: ERROR },
  { t: 504, event: 'end', exit: 6, code: 'link.closed' },
];

/** A trace is read as it was written, is put in words without loss, and the words are harmless. */
export const target: Target = {
  name: 'trace',
  maxBytes: 8192,
  slow: true,
  seeds: () =>
    ['bgapi', 'xmodem', 'auto', 'ble1xx-packet', 'other'].map((protocol) =>
      encode({ header: { ...HEADER, protocol }, events: EVENTS }),
    ),
  // One line of it.
  rewrite: (bytes, random) => {
    const lines = Buffer.from(bytes).toString('latin1').split('\n');
    const at = random.below(lines.length);
    const text = Buffer.from(lines[at] ?? '', 'latin1');
    lines[at] = Buffer.from(rewriteJson(new Uint8Array(text), random, 0)).toString('latin1');
    return new Uint8Array(Buffer.from(lines.join('\n'), 'latin1'));
  },
  words: ['"event":"', '"d":"<"', '"same":true', '\n', '__proto__'],
  run(bytes) {
    const trace = decodeTrace(bytes);
    const again = decodeTrace(encode(trace));
    promised(JSON.stringify(again.events) === JSON.stringify(trace.events), 'encoding gives the same events');
    const document = describeTrace(trace);
    for (const [way, event] of [
      ['>', 'sent'],
      ['<', 'received'],
    ] as const) {
      const all = trace.events.flatMap((one) => (one.event === event ? [one.bytes] : []));
      const told = document.items.filter(({ direction }) => direction === way).map(({ hex }) => hex);
      promised(told.join('') === toHex(concat(all)), 'every byte is told once, in order');
    }
    promised(/^[\x20-\x7e\n]*$/.test(renderTrace(document)), 'the words are plain ASCII');
    return true;
  },
};
