import { toHex } from '../core/bytes.ts';
import type { TraceEvent, TraceHeader } from './trace-format.ts';

/** The header as a line of a trace, its end included. */
export const encodeTraceHeader = (header: TraceHeader): string => line(header);

/** An event as a line: bytes as `{"t":1.5,"d":">","hex":"2004000100000000"}`, all others with their name in `event`. */
export function encodeTraceEvent(event: TraceEvent): string {
  switch (event.event) {
    case 'sent':
      return line({ t: event.t, d: '>', hex: toHex(event.bytes) });
    case 'received':
      return line({ t: event.t, d: '<', hex: toHex(event.bytes), ...(event.same && { same: true }) });
    default:
      return line(event);
  }
}

/** Plain ASCII: no text in it acts on a terminal. */
function line(value: object): string {
  const text = JSON.stringify(value);
  return `${text.replace(/[\x7f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}
