import { type Bytes, concat } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { DfuError } from '../core/errors.ts';
import { Inbox } from '../core/inbox.ts';
import { pause, untilTimeout, type Wait, within } from '../core/wait.ts';
import {
  COM_PORT_OPTION,
  CONTROL,
  type ComPortCommand,
  DATA_SIZE_8,
  decodeComPortAnswer,
  encodeComPort,
  PARITY_NONE,
  PURGE_BOTH,
  STOP_SIZE_1,
} from './com-port-option.ts';
import type { ByteLink, ModemLines, Port } from './link.ts';
import { encodeData, encodeNegotiation, TelnetDecoder, type TelnetItem, type Verb } from './telnet.ts';
import { flooded, MAX_WAITING_BYTES } from './waiting-bytes.ts';

/** How the serial port at the far end of a bridge is set. */
export interface RemoteSettings {
  baudRate: number;
  /** Flow control by RTS and CTS; both ends must agree. Default: none. */
  rtscts?: boolean;
}

/** Binary transmission (RFC 856) and no go-ahead (RFC 858): without the first, bytes of an image would be changed. */
const BINARY = 0;
const SUPPRESS_GO_AHEAD = 3;
const OURS: ReadonlySet<number> = new Set([BINARY, SUPPRESS_GO_AHEAD, COM_PORT_OPTION]);
const THEIRS: ReadonlySet<number> = new Set([BINARY, SUPPRESS_GO_AHEAD, COM_PORT_OPTION]);

const BITS_A_BYTE = 10;
/** How often the reader looks up from a silent connection. */
const LOOK_MS = 60 * 60_000;
const ANSWER_MS = 1000;
const NEVER = new AbortController().signal;

/**
 * The serial port behind a server that speaks RFC 2217 (ser2net, pyserial, many adapters), reached over `connection`:
 * 8 data bits, no parity, 1 stop bit; baud rate and modem lines are set from here. Opening throws what that of
 * `connection` throws, `link.unsupported` (a server that does not offer this), `link.failed` (one that does not take the
 * settings), `link.timeout`.
 */
export function rfc2217Port(
  connection: Port<ByteLink>,
  name: string,
  settings: RemoteSettings,
): Port<ByteLink> {
  return {
    kind: 'bytes',
    name: `${name} at ${settings.baudRate} baud`,
    async open(wait: Wait): Promise<ByteLink> {
      const link = new RemoteSerialLink(await connection.open(wait), name, wait.clock, settings.baudRate);
      try {
        await link.begin(settings, wait);
      } catch (error) {
        await link.close();
        throw error;
      }
      return link;
    },
  };
}

class RemoteSerialLink implements ByteLink {
  readonly kind = 'bytes';
  readonly inbox = new Inbox<Bytes>((bytes) => bytes.length);
  readonly closed: Promise<DfuError>;
  readonly #inner: ByteLink;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #decoder = new TelnetDecoder();
  /** The server's first word on the one option without which nothing goes. */
  readonly #agreed = new Inbox<boolean>();
  #told = false;
  /** Options that were refused, ours and theirs: once each, so that a server that insists gets no more answers. */
  readonly #refused = new Set<string>();
  #asked: { command: ComPortCommand; answers: Inbox<number> } | undefined;
  #baudRate: number;
  #lastWriteBytes = 0;
  #settle: (why: DfuError) => void = () => {};
  #ended: DfuError | undefined;

  constructor(inner: ByteLink, name: string, clock: Clock, baudRate: number) {
    this.#inner = inner;
    this.#name = name;
    this.#clock = clock;
    this.#baudRate = baudRate;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    void this.#read();
  }

  async begin({ baudRate, rtscts = false }: RemoteSettings, wait: Wait): Promise<void> {
    const offers = [
      ...[...OURS].map((option) => encodeNegotiation('will', option)),
      ...[BINARY, SUPPRESS_GO_AHEAD].map((option) => encodeNegotiation('do', option)),
    ];
    await this.#inner.write(concat(offers), wait);
    const agreed = await untilTimeout(this.#agreed.take(wait));
    if (agreed !== true) {
      const what = agreed === undefined ? 'says nothing to' : 'does not offer';
      throw new DfuError(
        agreed === undefined ? 'link.timeout' : 'link.unsupported',
        `the server at ${this.#name} ${what} RFC 2217`,
        {
          facts: { port: this.#name },
          cure: 'Switch RFC 2217 on at the server (telnet with rfc2217 in ser2net), or use tcp:// and set baud rate and lines there.',
        },
      );
    }
    await this.#set('setBaudRate', baudRate, wait);
    await this.#set('setDataSize', DATA_SIZE_8, wait);
    await this.#set('setParity', PARITY_NONE, wait);
    await this.#set('setStopSize', STOP_SIZE_1, wait);
    await this.#set('setControl', rtscts ? CONTROL.hardwareFlowControl : CONTROL.noFlowControl, wait);
    await this.#inner.write(
      concat([
        encodeComPort('setLineStateMask', 0),
        encodeComPort('setModemStateMask', 0),
        encodeComPort('purgeData', PURGE_BOTH),
      ]),
      wait,
    );
  }

  async write(bytes: Bytes, wait: Wait): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    await this.#inner.write(encodeData(bytes), wait);
    this.#lastWriteBytes = bytes.length;
  }

  async setLines({ dtr, rts }: ModemLines, wait: Wait): Promise<void> {
    // Released before asserted: two lines that change together must not both be asserted in between.
    const wanted: [boolean | undefined, number, number][] = [
      [dtr, CONTROL.dtrOn, CONTROL.dtrOff],
      [rts, CONTROL.rtsOn, CONTROL.rtsOff],
    ];
    for (const on of [false, true]) {
      for (const [level, high, low] of wanted) {
        if (level === on) await this.#set('setControl', on ? high : low, wait);
      }
    }
  }

  async setBaud(baudRate: number, wait: Wait): Promise<void> {
    // The server does not say when the bytes have left its serial port.
    const onTheWayMs = (this.#lastWriteBytes * BITS_A_BYTE * 1000) / this.#baudRate;
    await pause(within(onTheWayMs, wait), `${this.#name} to send what was written`);
    await this.#set('setBaudRate', baudRate, wait);
    this.#baudRate = baudRate;
  }

  async close(): Promise<void> {
    this.#end(new DfuError('link.closed', `${this.#name} was closed by this side`));
    await this.#inner.close();
  }

  /** Asks for a setting and looks whether the server has it now. */
  async #set(command: ComPortCommand, value: number, wait: Wait): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#asked !== undefined) throw new Error('one setting at a time');
    const answers = new Inbox<number>();
    this.#asked = { command, answers };
    try {
      await this.#inner.write(encodeComPort(command, value), wait);
      const told = await answers.take(wait, `answer of ${this.#name} to ${WORDS[command]} ${value}`);
      if (told === value) return;
      throw new DfuError(
        'link.failed',
        `the server at ${this.#name} does not take ${WORDS[command]} ${value}: it says ${told}`,
        { facts: { port: this.#name, asked: value, told } },
      );
    } finally {
      this.#asked = undefined;
    }
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const wait = within(LOOK_MS, { clock: this.#clock, signal: NEVER });
        const bytes = await untilTimeout(this.#inner.inbox.take(wait));
        for (const item of bytes === undefined ? [] : this.#decoder.push(bytes)) this.#took(item);
      }
    } catch (error) {
      if (!(error instanceof DfuError)) throw error;
      this.#end(error);
    }
  }

  #took(item: TelnetItem): void {
    if (item.kind === 'data') this.#received(item.bytes);
    else if (item.kind === 'negotiation') this.#negotiated(item.verb, item.option);
    else {
      const answer = decodeComPortAnswer(item.bytes);
      // Notifications, and what nobody has asked for, say nothing that is needed.
      if (answer !== undefined && answer.command === this.#asked?.command) {
        this.#asked.answers.put(answer.value);
      }
    }
  }

  #received(bytes: Bytes): void {
    this.inbox.put(bytes);
    if (this.inbox.waiting <= MAX_WAITING_BYTES) return;
    this.inbox.drain();
    this.#end(flooded(this.#name));
    void this.#inner.close();
  }

  #negotiated(verb: Verb, option: number): void {
    if (verb === 'do' || verb === 'dont') {
      if (option === COM_PORT_OPTION && !this.#told) {
        this.#told = true;
        this.#agreed.put(verb === 'do');
      }
      if (option === BINARY && verb === 'dont') this.#notBinary();
      if (verb === 'do' && !OURS.has(option)) this.#refuse('wont', option);
    } else {
      if (option === BINARY && verb === 'wont') this.#notBinary();
      if (verb === 'will' && !THEIRS.has(option)) this.#refuse('dont', option);
    }
  }

  #notBinary(): void {
    this.#end(
      new DfuError('link.unsupported', `the server at ${this.#name} refuses to carry all 256 bytes`, {
        facts: { port: this.#name },
        cure: 'Switch binary transmission on at the server, or use tcp:// with a port that passes bytes through.',
      }),
    );
    void this.#inner.close();
  }

  #refuse(verb: 'wont' | 'dont', option: number): void {
    const key = `${verb} ${option}`;
    if (this.#refused.has(key)) return;
    this.#refused.add(key);
    const wait = within(ANSWER_MS, { clock: this.#clock, signal: NEVER });
    this.#inner.write(encodeNegotiation(verb, option), wait).catch((error: unknown) => {
      if (!(error instanceof DfuError)) throw error;
      // A server that takes no answers will not take data either: that is said where data is written.
    });
  }

  #end(why: DfuError): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    this.#agreed.close(why);
    this.#asked?.answers.close(why);
    this.inbox.close(why);
    this.#settle(why);
  }
}

const WORDS: Record<ComPortCommand, string> = {
  setBaudRate: 'baud rate',
  setDataSize: 'data bits',
  setParity: 'parity',
  setStopSize: 'stop bits',
  setControl: 'control',
  setLineStateMask: 'line state mask',
  setModemStateMask: 'modem state mask',
  purgeData: 'purge',
};
