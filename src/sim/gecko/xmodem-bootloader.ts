import { type Bytes, utf8 } from '../../core/bytes.ts';
import { CONTROL, decodePacket, KEY, PACKET_BYTES } from '../../flash/xmodem/wire.ts';
import { Receiver } from '../receiver.ts';
import { type GeckoBootloaderOptions, RECEIVE_BUFFER_BYTES } from './bootloader-options.ts';
import { FlashWriter } from './flash-writer.ts';
import { GblParser, PARSER_STATUS, type ParserStatus } from './gbl-parser.ts';
import { type ProcessorHost, type Program, RESET_REASON } from './host.ts';

/** How the menu meets the host, where that is not as the vendor's bootloader prints it. */
export interface MenuQuirks {
  /** How often it is printed each time; default 1. */
  copies?: number;
  /** NULs in front of it and behind it, besides the one that ends every text; default 0. */
  nuls?: number;
  /** Prints no menu at all; keys have their effect all the same. */
  silent?: boolean;
  /** Instead of `Gecko Bootloader`: `EM3xx Serial Bootloader` of older ones. */
  title?: string;
}

export interface XmodemBootloaderOptions extends GeckoBootloaderOptions {
  menu: MenuQuirks;
  /** Restarts when no key came for so long; 0 is never, the vendor's default. */
  idleTimeoutMs: number;
}

const FLUSH_AFTER_MS = 5;
const READY_EVERY_MS = 1000;
const READY_TIMES = 60;
const PACKET_TIMEOUT_MS = 3000;

/** Codes of the ending text, and what they are of. */
const ENDING = { noStart: 0x21, cancelled: 0x18, afterEnd: 0x4f } as const;
const FILE_CODES: ReadonlyMap<ParserStatus, number> = new Map([
  [PARSER_STATUS.version, 0x41],
  [PARSER_STATUS.crc, 0x43],
  [PARSER_STATUS.unknownTag, 0x44],
  [PARSER_STATUS.signature, 0x45],
  [PARSER_STATUS.fileType, 0x4f],
  [PARSER_STATUS.unexpected, 0x4f],
  [PARSER_STATUS.keyError, 0x50],
]);
const OTHER_FILE_CODE = 0x18;

/** `menu` takes keys; `ready` asks for the first block; `block` waits for a packet's first byte; `packet` for its rest. */
type State = 'menu' | 'ready' | 'block' | 'packet';

/**
 * The menu bootloader with XMODEM from its start to the next reset. All texts end in a NUL. It asks for what it did not
 * get for ever: only an end, a cancel or a byte that belongs nowhere gets it out of an upload.
 * Source: Silicon Labs' `btl_comm_xmodem.c`, `btl_comm_xmodem_common.c`.
 */
export class XmodemBootloader implements Program {
  readonly #host: ProcessorHost;
  readonly #options: XmodemBootloaderOptions;
  readonly #receiver = new Receiver(RECEIVE_BUFFER_BYTES, (byte) => this.#byte(byte));
  #parser: GblParser;
  #uploaded = false;
  #state: State = 'menu';
  #lastNumber = 0;
  #began = false;
  readonly #packet: number[] = [];
  #cancelTimer = () => {};
  #cancelIdle = () => {};

  constructor(host: ProcessorHost, options: XmodemBootloaderOptions) {
    this.#host = host;
    this.#options = options;
    this.#parser = this.#newParser();
    this.#printMenu();
  }

  /** What the parser made of the file so far. */
  get parser(): Pick<GblParser, 'verified' | 'failure'> {
    return this.#parser;
  }

  receive(bytes: Bytes): void {
    this.#receiver.receive(bytes);
  }

  stop(): void {
    this.#receiver.stop();
  }

  #newParser(): GblParser {
    const { flash, hardware, policy } = this.#options;
    return new GblParser(policy, new FlashWriter(flash, hardware), hardware.bootloaderImageAddress);
  }

  #byte(byte: number): void {
    if (this.#state === 'menu') this.#key(byte);
    else if (this.#state === 'packet') this.#rest(byte);
    else this.#first(byte);
  }

  #key(byte: number): void {
    this.#cancelIdle();
    if (byte === KEY.upload) this.#begin();
    else if (byte === KEY.run) this.#work(0, () => this.#run());
    else this.#work(0, () => this.#printMenu());
  }

  #begin(): void {
    this.#print('\r\nbegin upload\r\n');
    this.#parser = this.#newParser();
    this.#uploaded = false;
    this.#lastNumber = 0;
    this.#began = false;
    this.#receiver.pause();
    this.#host.after(FLUSH_AFTER_MS, () => {
      this.#receiver.discard();
      this.#receiver.resume(() => this.#askFirst(READY_TIMES));
    });
  }

  #askFirst(times: number): void {
    if (times === 0) {
      this.#sendByte(CONTROL.can, 3);
      this.#printMenu();
      return;
    }
    this.#state = 'ready';
    this.#sendByte(CONTROL.c);
    this.#timeout(READY_EVERY_MS, () => this.#askFirst(times - 1));
  }

  #await(): void {
    this.#state = 'block';
    this.#timeout(PACKET_TIMEOUT_MS, () => this.#answer(CONTROL.nak));
  }

  /** The first byte of what may be a packet. */
  #first(byte: number): void {
    this.#cancelTimer();
    if (byte === CONTROL.soh) {
      this.#packet.length = 0;
      this.#packet.push(byte);
      this.#state = 'packet';
      this.#timeout(PACKET_TIMEOUT_MS, () => this.#answer(CONTROL.nak));
    } else if (byte === CONTROL.eot) this.#end();
    else if (byte === CONTROL.can || byte === CONTROL.c || byte === CONTROL.etx) {
      this.#work(0, () => this.#abort('block', ENDING.cancelled));
    } else this.#work(0, () => this.#abort('block', ENDING.noStart));
  }

  #rest(byte: number): void {
    this.#packet.push(byte);
    if (this.#packet.length < PACKET_BYTES) return;
    this.#cancelTimer();
    const packet = decodePacket(Uint8Array.from(this.#packet));
    if (typeof packet === 'string') this.#work(0, () => this.#answer(CONTROL.nak));
    // Taken before: the answer to it was lost.
    else if (this.#began && packet.number === this.#lastNumber) {
      this.#work(0, () => this.#answer(CONTROL.ack));
    } else if (packet.number !== ((this.#lastNumber + 1) & 0xff)) {
      this.#work(0, () => this.#answer(CONTROL.nak));
    } else {
      this.#began = true;
      this.#lastNumber = packet.number;
      this.#take(packet.data);
    }
  }

  #take(data: Bytes): void {
    if (this.#parser.verified) {
      this.#work(0, () => this.#refuse('file', ENDING.afterEnd));
      return;
    }
    const before = this.#options.flash.erases;
    const status = this.#parser.parse(data);
    const erasedMs = (this.#options.flash.erases - before) * this.#options.pageEraseMs;
    this.#work(erasedMs, () => {
      if (status === PARSER_STATUS.ok) this.#answer(CONTROL.ack);
      else this.#refuse('file', FILE_CODES.get(status) ?? OTHER_FILE_CODE);
    });
  }

  #end(): void {
    this.#work(0, () => {
      if (this.#parser.verified) {
        this.#uploaded = true;
        this.#sendByte(CONTROL.ack);
        this.#print('\r\nSerial upload complete\r\n');
        this.#printMenu();
      } else this.#refuse('block', ENDING.cancelled);
    });
  }

  #refuse(scope: 'block' | 'file', code: number): void {
    this.#sendByte(CONTROL.can, 3);
    this.#abort(scope, code);
  }

  #abort(scope: 'block' | 'file', code: number): void {
    this.#print('\r\nSerial upload aborted\r\n');
    this.#print(`\r\n${scope} error 0x`);
    this.#send(utf8(`${code.toString(16).padStart(2, '0').toUpperCase()}\r\n`));
    this.#printMenu();
  }

  #run(): void {
    const { upgrade } = this.#parser;
    const { seVersion, policy } = this.#options;
    if (!this.#uploaded) this.#host.reset(RESET_REASON.badImage);
    else if (upgrade === undefined) this.#host.reset(RESET_REASON.go);
    else if (upgrade.version > (upgrade.kind === 'se' ? seVersion : policy.running.bootloader)) {
      this.#host.install(upgrade);
    } else {
      this.#print('\r\nFailed to boot\r\n');
      this.#toMenu();
    }
  }

  #printMenu(): void {
    const { menu, policy } = this.#options;
    const { copies = 1, nuls = 0, silent = false, title = 'Gecko Bootloader' } = menu;
    this.#toMenu();
    if (silent) return;
    const version = policy.running.bootloader;
    const two = (n: number) => String(n).padStart(2, '0');
    const text = [
      `\r\n${title} v${version >>> 24}.${two((version >>> 16) & 0xff)}.${two(version & 0xffff)}`,
      ...['1. upload gbl', '2. run', '3. ebl info', 'BL > '],
    ].join('\r\n');
    const around = '\0'.repeat(nuls);
    for (let i = 0; i < copies; i++) this.#print(`${around}${text}${around}`);
  }

  #toMenu(): void {
    this.#state = 'menu';
    this.#cancelTimer();
    const { idleTimeoutMs } = this.#options;
    if (idleTimeoutMs > 0) {
      this.#cancelIdle();
      this.#cancelIdle = this.#host.after(idleTimeoutMs, () => this.#host.reset(RESET_REASON.timeout));
    }
  }

  #answer(byte: number): void {
    this.#sendByte(byte);
    this.#await();
  }

  #timeout(ms: number, fn: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#host.after(ms, fn);
  }

  #print(text: string): void {
    this.#send(utf8(`${text}\0`));
  }

  #sendByte(byte: number, times = 1): void {
    this.#send(new Uint8Array(times).fill(byte));
  }

  #send(bytes: Bytes): void {
    this.#host.send(bytes);
  }

  /** What comes until the answer has left waits in the receive buffer, and is taken in order. */
  #work(ms: number, then: () => void): void {
    this.#receiver.pause();
    this.#host.after(this.#options.latencyMs + ms, () => this.#receiver.resume(then));
  }
}
