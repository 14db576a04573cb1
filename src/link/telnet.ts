import { type Bytes, concat } from '../core/bytes.ts';

/** Bytes that mean something in a Telnet stream (RFC 854). */
export const TELNET = {
  endOfSubnegotiation: 240,
  subnegotiation: 250,
  will: 251,
  wont: 252,
  do: 253,
  dont: 254,
  /** Interpret as command; doubled where it is meant as data. */
  iac: 255,
} as const;

export type Verb = 'will' | 'wont' | 'do' | 'dont';

/** What was found in a stream, in its order. */
export type TelnetItem =
  | { kind: 'data'; bytes: Bytes }
  | { kind: 'negotiation'; verb: Verb; option: number }
  /** The first byte of `bytes` is the option. */
  | { kind: 'subnegotiation'; bytes: Bytes };

/** Those of COM-PORT-OPTION have 6 bytes, signatures a line of text; a longer one is dropped. */
const MAX_SUBNEGOTIATION_BYTES = 256;

/** Data as it goes into the stream, which carries all 8 bits (binary transmission, RFC 856). */
export function encodeData(bytes: Uint8Array): Bytes {
  const doubled = bytes.reduce((count, byte) => count + (byte === TELNET.iac ? 1 : 0), 0);
  const out = new Uint8Array(bytes.length + doubled);
  let at = 0;
  for (const byte of bytes) {
    out[at++] = byte;
    if (byte === TELNET.iac) out[at++] = byte;
  }
  return out;
}

/** `ff fd 2c`: DO option 44. */
export function encodeNegotiation(verb: Verb, option: number): Bytes {
  return Uint8Array.of(TELNET.iac, TELNET[verb], option);
}

/** `ff fa 2c 01 00 01 c2 00 ff f0`: of option 44, the bytes 01 and 115200. */
export function encodeSubnegotiation(bytes: Uint8Array): Bytes {
  return concat([
    Uint8Array.of(TELNET.iac, TELNET.subnegotiation),
    encodeData(bytes),
    Uint8Array.of(TELNET.iac, TELNET.endOfSubnegotiation),
  ]);
}

/** Takes a stream apart, in pieces of any size; keeps no more than one subnegotiation. */
export class TelnetDecoder {
  #state: 'data' | 'command' | Verb | 'inside' | 'command inside' = 'data';
  #inside: number[] = [];
  #tooLong = false;

  push(chunk: Uint8Array): TelnetItem[] {
    const items: TelnetItem[] = [];
    let data: number[] = [];
    const flush = () => {
      if (data.length > 0) items.push({ kind: 'data', bytes: Uint8Array.from(data) });
      data = [];
    };
    for (const byte of chunk) {
      if (this.#state === 'data') {
        if (byte === TELNET.iac) this.#state = 'command';
        else data.push(byte);
      } else if (this.#state === 'command' && byte === TELNET.iac) {
        data.push(byte);
        this.#state = 'data';
      } else {
        const item = this.#control(byte);
        if (item !== undefined) {
          flush();
          items.push(item);
        }
      }
    }
    flush();
    return items;
  }

  #control(byte: number): TelnetItem | undefined {
    switch (this.#state) {
      case 'will':
      case 'wont':
      case 'do':
      case 'dont': {
        const verb = this.#state;
        this.#state = 'data';
        return { kind: 'negotiation', verb, option: byte };
      }
      case 'inside':
        if (byte === TELNET.iac) this.#state = 'command inside';
        else this.#keep(byte);
        return undefined;
      case 'command inside':
        if (byte === TELNET.endOfSubnegotiation) return this.#end();
        this.#state = 'inside';
        if (byte === TELNET.iac) this.#keep(byte);
        // No command may stand there: whatever began is not what it was meant to be.
        else return this.#command(byte);
        return undefined;
      default:
        return this.#command(byte);
    }
  }

  /** The byte after IAC. Those that are not known stand alone and mean nothing here. */
  #command(byte: number): undefined {
    this.#inside = [];
    this.#tooLong = false;
    if (byte === TELNET.subnegotiation) this.#state = 'inside';
    else this.#state = VERBS.get(byte) ?? 'data';
  }

  #keep(byte: number): void {
    if (this.#inside.length < MAX_SUBNEGOTIATION_BYTES) this.#inside.push(byte);
    else this.#tooLong = true;
  }

  #end(): TelnetItem | undefined {
    this.#state = 'data';
    const bytes = Uint8Array.from(this.#inside);
    const whole = bytes.length > 0 && !this.#tooLong;
    this.#inside = [];
    this.#tooLong = false;
    return whole ? { kind: 'subnegotiation', bytes } : undefined;
  }
}

const VERBS: ReadonlyMap<number, Verb> = new Map([
  [TELNET.will, 'will'],
  [TELNET.wont, 'wont'],
  [TELNET.do, 'do'],
  [TELNET.dont, 'dont'],
]);
