import type { Bytes } from '../core/bytes.ts';

/** A piece of what went over a wire in one direction, for people: `text` is plain ASCII. */
export interface WireItem {
  /** `noise`: bytes that belong to no frame. */
  kind: 'frame' | 'noise';
  bytes: Bytes;
  text: string;
}

/** Takes apart what went one way; every byte comes out again, in order. */
export interface WireReader {
  push(bytes: Bytes): WireItem[];
  /** Nothing came for longer than a frame may take: what began and did not end was none. */
  gap(): WireItem[];
  /** The link has ended. */
  end(): WireItem[];
}

const SHOWN_BYTES = 16;

/** The first bytes in hex: `20 04 00 01 ...`. */
export function someHex(bytes: Uint8Array): string {
  const some = Array.from(bytes.subarray(0, SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, '0'));
  return `${some.join(' ')}${bytes.length > SHOWN_BYTES ? ' ...' : ''}`;
}

/** Whether it reads as text: printable ASCII, line ends and tabs, nothing else. */
export const isText = (bytes: Uint8Array): boolean =>
  bytes.every((byte) => (byte >= 0x20 && byte <= 0x7e) || byte === 0x0a || byte === 0x0d || byte === 0x09);

/** Bytes that belong to no frame, in words: as text where they are text, else in hex. */
export function noise(bytes: Bytes): WireItem {
  const text =
    bytes.length > 3 && isText(bytes)
      ? `text "${String.fromCharCode(...bytes.subarray(0, 256)).replace(/[\r\n\t"\\]/g, (c) => ESCAPES[c] ?? c)}${bytes.length > 256 ? '...' : ''}"`
      : someHex(bytes);
  return { kind: 'noise', bytes, text };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\r': '\\r',
  '\n': '\\n',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
};

/** For a protocol of which nothing is known here: bytes as they are. */
export const RAW_READER: WireReader = {
  push: (bytes) => (bytes.length === 0 ? [] : [noise(bytes)]),
  gap: () => [],
  end: () => [],
};
