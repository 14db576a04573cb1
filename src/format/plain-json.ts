import type { Bytes } from '../core/bytes.ts';

/**
 * What JSON text says, where it says it plainly: white space is free, but no key stands there twice, no string is
 * escaped without need and no number is written otherwise than usual. `undefined` where that is not so, with nothing
 * guessed: JSON.parse by itself takes the last of two equal keys, and another reader may take the first.
 */
export function parsePlainJson(bytes: Bytes): { value: unknown } | undefined {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    // Not swallowed: the caller is told that there is no value.
    return undefined;
  }
  // Strings are kept as they are, white space between them is dropped: what is left has one form for a value.
  const dense = text.replace(
    /("(?:[^"\\]+|\\.)*")|[ \t\r\n]+/g,
    (_, string: string | undefined) => string ?? '',
  );
  return dense === JSON.stringify(value) ? { value } : undefined;
}
