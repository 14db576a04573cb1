import type { Bytes } from '../../core/bytes.ts';
import { CONTROL } from './wire.ts';

/** Something that a menu bootloader said. */
export type Sign =
  | { kind: 'ack' | 'nak' | 'can' }
  /** `C`: waits for the first block. */
  | { kind: 'ready' }
  /** The menu's head; `version` as it is written there. */
  | { kind: 'title'; version: string }
  /** The menu's first line. */
  | { kind: 'item' }
  /** The menu's end: it waits for a key. */
  | { kind: 'prompt' }
  | { kind: 'begin' | 'complete' | 'aborted' | 'failed-to-boot' }
  | { kind: 'error'; scope: 'block' | 'file'; code: number };

const CONTROLS: ReadonlyMap<number, Sign> = new Map([
  [CONTROL.ack, { kind: 'ack' }],
  [CONTROL.nak, { kind: 'nak' }],
  [CONTROL.can, { kind: 'can' }],
]);
/** What is known as soon as its last letter has come, wherever it stands. */
const PHRASES: readonly (readonly [string, Sign])[] = [
  ['BL >', { kind: 'prompt' }],
  ['begin upload', { kind: 'begin' }],
  ['upload complete', { kind: 'complete' }],
  ['upload aborted', { kind: 'aborted' }],
  ['Failed to boot', { kind: 'failed-to-boot' }],
];
const LAST_LETTERS: ReadonlySet<string> = new Set(PHRASES.map(([text]) => text.slice(-1)));
const ERROR = /(block|file) error 0x([0-9a-f]{2})$/i;
const TITLE = /\bBootloader v(\S+)/;
const ITEM = /\b1\. upload (?:gbl|ebl)\b/;
/** Longer than any line of a menu. */
const MAX_LINE = 80;

/**
 * Finds in a stream, whatever its pieces, what a menu bootloader says. NULs are passed over, so are bytes that are
 * neither text nor an answer. Holds one line and no more.
 */
export class MenuReader {
  #line = '';

  push(bytes: Bytes): Sign[] {
    const out: Sign[] = [];
    for (const byte of bytes) {
      const control = CONTROLS.get(byte);
      if (control !== undefined) out.push(control);
      else if (byte === 0x0a || byte === 0x0d) this.#endLine(out);
      else if (byte >= 0x20 && byte <= 0x7e) this.#letter(String.fromCharCode(byte), bytes.length === 1, out);
    }
    return out;
  }

  #letter(letter: string, alone: boolean, out: Sign[]): void {
    // Sent each second, on a line of its own; of many there the line keeps one.
    if (letter === 'C' && (this.#line === '' || this.#line === 'C')) {
      this.#line = letter;
      out.push({ kind: 'ready' });
      return;
    }
    this.#line += letter;
    if (this.#line.length > 2 * MAX_LINE) this.#line = this.#line.slice(-MAX_LINE);
    // Behind rubbish it is still known by coming alone.
    if (letter === 'C' && alone) out.push({ kind: 'ready' });
    const error = this.#line.at(-3) === 'x' ? ERROR.exec(this.#line) : null;
    const phrase = LAST_LETTERS.has(letter) ? PHRASES.find(([text]) => this.#line.endsWith(text)) : undefined;
    if (error !== null) {
      const scope = error[1]?.toLowerCase() === 'file' ? 'file' : 'block';
      out.push({ kind: 'error', scope, code: Number.parseInt(error[2] ?? '', 16) });
    } else if (phrase !== undefined) out.push(phrase[1]);
    else return;
    this.#line = '';
  }

  #endLine(out: Sign[]): void {
    const version = TITLE.exec(this.#line)?.[1];
    if (version !== undefined) out.push({ kind: 'title', version });
    else if (ITEM.test(this.#line)) out.push({ kind: 'item' });
    this.#line = '';
  }
}

/** Whether a menu bootloader alone says that, and not any text with a letter C in it. */
export const tellsMenu = ({ kind }: Sign): boolean =>
  kind === 'title' || kind === 'item' || kind === 'prompt';

/** `2.04.01` as other protocols tell it: 2.4.1. `undefined` for what is no such number, which can not be compared. */
export function plainVersion(written: string): string | undefined {
  if (!/^\d{1,5}(\.\d{1,5}){0,3}$/.test(written)) return undefined;
  return written.split('.').map(Number).join('.');
}
