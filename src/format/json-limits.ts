import type { Bytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { MAX_JSON_ARRAY_ITEMS, MAX_JSON_DEPTH } from './limits.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const ARRAY = [0x5b, 0x5d] as const;
const OBJECT = [0x7b, 0x7d] as const;

/**
 * Counts brackets and commas, before anything is parsed: no text can bring a parser to its knees.
 * It takes the text for JSON; whether it is, the parser says. Throws `package.json-limit`.
 */
export function checkJsonLimits(bytes: Bytes, file: string): void {
  /** Commas seen in each array or object that is open. */
  const commas: number[] = [];
  const isArray: boolean[] = [];
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === ARRAY[0] || byte === OBJECT[0]) {
      if (commas.push(0) > MAX_JSON_DEPTH)
        throw limitError(file, i, `more than ${MAX_JSON_DEPTH} levels deep`);
      isArray.push(byte === ARRAY[0]);
    } else if (byte === ARRAY[1] || byte === OBJECT[1]) {
      commas.pop();
      isArray.pop();
    } else if (byte === COMMA && isArray.at(-1) === true) {
      const count = (commas.pop() ?? 0) + 1;
      if (count >= MAX_JSON_ARRAY_ITEMS) {
        throw limitError(file, i, `an array of more than ${MAX_JSON_ARRAY_ITEMS} items`);
      }
      commas.push(count);
    }
  }
}

function limitError(file: string, offset: number, what: string): DfuError {
  return new DfuError('package.json-limit', `${file} has, at offset ${offset}, ${what}`, {
    facts: { offset },
  });
}
