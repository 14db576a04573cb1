import type { Bytes } from '../../core/bytes.ts';

/** Each byte can take four characters when it is shown, and 256 are shown of any text: what is kept is whole. */
export const MAX_LINE_BYTES = 64;

/** A line without its end and the white space around it, or why it is none. */
export type InputLine = { text: string; wrong?: undefined } | { text?: undefined; wrong: string };

/**
 * Lines of input that may come in pieces of any size and never end. What stands behind the last newline is no line: it
 * may be the beginning of one.
 */
export class InputLines {
  #kept: number[] = [];
  #length = 0;

  push(bytes: Bytes): InputLine[] {
    const lines: InputLine[] = [];
    for (const byte of bytes) {
      if (byte !== 0x0a) {
        this.#length += 1;
        // One more than allowed, since it may be a carriage return.
        if (this.#length <= MAX_LINE_BYTES + 1) this.#kept.push(byte);
        continue;
      }
      lines.push(this.#line());
      this.#kept = [];
      this.#length = 0;
    }
    return lines;
  }

  /** Whether a line began and did not end. */
  get pending(): boolean {
    return this.#length > 0;
  }

  #line(): InputLine {
    const end = this.#kept.at(-1) === 0x0d ? 1 : 0;
    if (this.#length - end > MAX_LINE_BYTES) return { wrong: `is longer than ${MAX_LINE_BYTES} bytes` };
    try {
      const bytes = Uint8Array.from(this.#kept.slice(0, this.#kept.length - end));
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
      return text === '' ? { wrong: 'is empty' } : { text };
    } catch {
      // Two ids that differ only in what can not be read would be one.
      return { wrong: 'is no UTF-8' };
    }
  }
}
