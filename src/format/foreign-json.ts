import type { Bytes } from '../core/bytes.ts';

/** What a text from other programs may at most hold. */
export interface JsonLimits {
  /** Arrays and objects within each other, the outermost counted. */
  readonly maxDepth: number;
  /** Of one array, and fields of one object. */
  readonly maxItems: number;
}

/** Why a text is refused, and the byte it shows at where that is known. */
export interface JsonFault {
  readonly fault: string;
  readonly offset?: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN = [0x5b, 0x7b];
const CLOSE = [0x5d, 0x7d];
const BRACE = 0x7b;

/**
 * JSON that others wrote, in whatever form: unlike our own files it can not be compared with one way of writing it. Strict
 * UTF-8 without a byte order mark; a field that stands twice in an object is refused, since readers differ on which of the
 * two counts; depth and size are counted before anything is parsed.
 */
export function readForeignJson(bytes: Bytes, limits: JsonLimits): { value: unknown } | JsonFault {
  const tooMuch = overLimit(bytes, limits);
  if (tooMuch !== undefined) return tooMuch;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return { fault: 'it is no JSON' };
  }
  return doubledField(bytes) ?? { value };
}

function overLimit(bytes: Bytes, { maxDepth, maxItems }: JsonLimits): JsonFault | undefined {
  /** Commas seen in each array or object that is open. */
  const commas: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte === QUOTE) i = endOfString(bytes, i);
    else if (OPEN.includes(byte)) {
      if (commas.push(0) > maxDepth) return { fault: `it is more than ${maxDepth} levels deep`, offset: i };
    } else if (CLOSE.includes(byte)) commas.pop();
    else if (byte === COMMA) {
      const count = (commas.pop() ?? 0) + 1;
      if (count >= maxItems) return { fault: `it has more than ${maxItems} items in one place`, offset: i };
      commas.push(count);
    }
  }
  return undefined;
}

/** Takes bytes that are JSON: a string before a colon is the name of a field. */
function doubledField(bytes: Bytes): JsonFault | undefined {
  const open: (Set<string> | undefined)[] = [];
  const decoder = new TextDecoder();
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (OPEN.includes(byte)) open.push(byte === BRACE ? new Set() : undefined);
    else if (CLOSE.includes(byte)) open.pop();
    else if (byte === QUOTE) {
      const start = i;
      i = endOfString(bytes, i);
      if (!isFieldName(bytes, i + 1)) continue;
      const name: string = JSON.parse(decoder.decode(bytes.subarray(start, i + 1)));
      const names = open.at(-1);
      if (names?.has(name) === true) return { fault: 'a field stands twice in one object', offset: start };
      names?.add(name);
    }
  }
  return undefined;
}

/** The offset of the quote that ends the string; where none does, that of the last byte. */
function endOfString(bytes: Bytes, start: number): number {
  let i = start + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}

function isFieldName(bytes: Bytes, after: number): boolean {
  let i = after;
  while (bytes[i] === 0x20 || bytes[i] === 0x09 || bytes[i] === 0x0a || bytes[i] === 0x0d) i++;
  return bytes[i] === COLON;
}

/** A field of an object, and nothing that it inherits; `undefined` for whatever is no object. */
export function own(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
