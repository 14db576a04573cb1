import type { Bytes } from '../core/bytes.ts';

/** Tags of DER (X.690) that key files are made of. */
export const DER = { integer: 0x02, octetString: 0x04, null: 0x05, oid: 0x06, sequence: 0x30 } as const;

/**
 * Reads the elements of a DER structure one after the other; strict: shortest lengths, nothing left over. Whatever is
 * otherwise ends with the error of `malformed`.
 */
export class DerReader {
  readonly #bytes: Bytes;
  readonly #malformed: (why: string) => Error;
  #offset = 0;

  constructor(bytes: Bytes, malformed: (why: string) => Error) {
    this.#bytes = bytes;
    this.#malformed = malformed;
  }

  /** Whether an element of this tag comes next. */
  has(tag: number): boolean {
    return this.#bytes[this.#offset] === tag;
  }

  /** The content of the next element, a view. */
  read(tag: number): Bytes {
    if (!this.has(tag)) throw this.#malformed('an element of its structure is not what belongs there');
    const start = this.#offset + 1;
    const first = this.#bytes[start] ?? 0xff;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    // Two bytes of length are more than any key file has.
    if (lengthBytes > 2) throw this.#malformed('a length in its structure is out of bounds');
    let length = first < 0x80 ? first : 0;
    for (let i = 1; i <= lengthBytes; i++) length = length * 256 + (this.#bytes[start + i] ?? 0xff);
    if (first >= 0x80 && length < (lengthBytes < 2 ? 0x80 : 0x100)) {
      throw this.#malformed('a length in its structure is not in its shortest form');
    }
    const content = start + 1 + lengthBytes;
    if (content + length > this.#bytes.length) throw this.#malformed('it ends in the middle');
    this.#offset = content + length;
    return this.#bytes.subarray(content, this.#offset);
  }

  /** The elements within the next sequence. */
  sequence(): DerReader {
    return new DerReader(this.read(DER.sequence), this.#malformed);
  }

  /** A number from 0 to 2^47 - 1. */
  integer(): number {
    const content = this.read(DER.integer);
    const [first = 0xff, second = 0xff] = content;
    if (content.length > 6 || first >= 0x80) throw this.#malformed('a number in it is out of bounds');
    if (content.length > 1 && first === 0 && second < 0x80) {
      throw this.#malformed('a number in it is not in its shortest form');
    }
    return content.reduce((value, byte) => value * 256 + byte, 0);
  }

  /** An object identifier with dots: `1.2.840.113549.1.5.13`. */
  oid(): string {
    const content = this.read(DER.oid);
    const arcs: number[] = [];
    let arc = 0;
    for (const byte of content) {
      arc = arc * 128 + (byte & 0x7f);
      if (arc > 2 ** 32) throw this.#malformed('an object identifier in it is out of bounds');
      if (byte >= 0x80) continue;
      arcs.push(arc);
      arc = 0;
    }
    const [first] = arcs;
    if (first === undefined || (content.at(-1) ?? 0x80) >= 0x80) {
      throw this.#malformed('an object identifier in it is cut short');
    }
    const top = Math.min(2, Math.floor(first / 40));
    return [top, first - 40 * top, ...arcs.slice(1)].join('.');
  }

  /** Nothing may be left. */
  end(): void {
    if (this.#offset !== this.#bytes.length) throw this.#malformed('something follows its structure');
  }
}

/** An element: tag, length in its shortest form, content. */
export function encodeDer(tag: number, ...content: readonly Uint8Array[]): Bytes {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, Math.floor(length / 256), length & 0xff];
  const bytes = new Uint8Array(header.length + length);
  bytes.set(header);
  let offset = header.length;
  for (const part of content) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** A number from 0 on as an element. */
export function encodeDerInteger(value: number): Bytes {
  const digits: number[] = [];
  for (let rest = value; rest > 0 || digits.length === 0; rest = Math.floor(rest / 256)) {
    digits.unshift(rest % 256);
  }
  if ((digits[0] ?? 0) >= 0x80) digits.unshift(0);
  return encodeDer(DER.integer, Uint8Array.from(digits));
}

/** An object identifier with dots as an element. */
export function encodeDerOid(text: string): Bytes {
  const [top = 0, second = 0, ...rest] = text.split('.').map(Number);
  const content = [top * 40 + second, ...rest].flatMap((arc) => {
    const digits: number[] = [];
    for (let value = arc; value > 0 || digits.length === 0; value = Math.floor(value / 128)) {
      digits.unshift((value % 128) | (digits.length === 0 ? 0 : 0x80));
    }
    return digits;
  });
  return encodeDer(DER.oid, Uint8Array.from(content));
}
