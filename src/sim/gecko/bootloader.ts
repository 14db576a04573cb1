import { ByteReader, type Bytes } from '../../core/bytes.ts';
import {
  CLASS,
  DFU,
  dfuBootEvent,
  dfuBootFailureEvent,
  RESET_MODE,
  response,
  STATUS,
  SYSTEM,
} from '../../flash/bgapi/wire.ts';
import { FLASH_WORD_BYTES } from '../flash-memory.ts';
import { Receiver } from '../receiver.ts';
import { type GeckoBootloaderOptions, RECEIVE_BUFFER_BYTES } from './bootloader-options.ts';
import { FlashWriter } from './flash-writer.ts';
import { GblParser, PARSER_STATUS } from './gbl-parser.ts';
import { type ProcessorHost, type Program, RESET_REASON, type ResetReason } from './host.ts';

export interface BootloaderOptions extends GeckoBootloaderOptions {
  /** Refuses uploads that are no multiple of a word, as older bootloaders did. */
  strict: boolean;
}

/** The byte that a command starts with. Any other is passed over, so payloads end at 255 bytes. */
const COMMAND_START = 0x20;
const HEADER_BYTES = 4;
const HEADER_TIMEOUT_MS = 1000;
const PAYLOAD_TIMEOUT_MS = 3000;
/** Zeroed before each command: an upload that claims more than came is read on as zeros. */
const COMMAND_BUFFER_BYTES = 260;

/**
 * The BGAPI UART DFU bootloader from its start to the next reset. Announces itself once, then takes commands one
 * after the other; half a command is dropped without a word, and so is one that it does not know.
 * Source: Silicon Labs' `btl_comm_bgapi.c`.
 */
export class Bootloader implements Program {
  readonly #host: ProcessorHost;
  readonly #options: BootloaderOptions;
  readonly #parser: GblParser;
  readonly #receiver = new Receiver(RECEIVE_BUFFER_BYTES, (byte) => this.#byte(byte));

  readonly #command = new Uint8Array(COMMAND_BUFFER_BYTES);
  #held = 0;
  #cancelTimeout = () => {};

  constructor(host: ProcessorHost, options: BootloaderOptions, reason: ResetReason) {
    this.#host = host;
    this.#options = options;
    const { flash, hardware, policy } = options;
    this.#parser = new GblParser(policy, new FlashWriter(flash, hardware), hardware.bootloaderImageAddress);
    if (reason === RESET_REASON.badApplication) host.send(dfuBootFailureEvent(STATUS.imageChecksumError));
    host.send(dfuBootEvent(policy.running.bootloader));
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

  #byte(byte: number): void {
    if (this.#held === 0) {
      if (byte !== COMMAND_START) return;
      this.#command.fill(0);
      this.#timeout(HEADER_TIMEOUT_MS);
    }
    this.#command[this.#held++] = byte;
    const payloadBytes = this.#command[1] ?? 0;
    if (this.#held < HEADER_BYTES) return;
    if (this.#held < HEADER_BYTES + payloadBytes) {
      if (this.#held === HEADER_BYTES) this.#timeout(PAYLOAD_TIMEOUT_MS);
      return;
    }
    this.#cancelTimeout();
    this.#held = 0;
    this.#dispatch();
  }

  #timeout(ms: number): void {
    this.#cancelTimeout();
    this.#cancelTimeout = this.#host.after(ms, () => {
      this.#held = 0;
    });
  }

  #dispatch(): void {
    const reader = new ByteReader(this.#command);
    const klass = reader.u8(2);
    const id = reader.u8(3);
    if (klass === CLASS.system && id === SYSTEM.reset) this.#reset(reader.u8(HEADER_BYTES));
    if (klass !== CLASS.dfu) return;
    // The address is not even looked at.
    if (id === DFU.setAddress) this.#answer(id, STATUS.ok, 0);
    if (id === DFU.upload) this.#upload(reader);
    if (id === DFU.finish) this.#finish();
  }

  #upload(reader: ByteReader): void {
    const length = reader.u8(HEADER_BYTES);
    const data = reader.slice(HEADER_BYTES + 1, HEADER_BYTES + 1 + length);
    if (this.#options.strict && length % FLASH_WORD_BYTES !== 0) {
      this.#parser.refuse();
      this.#answer(DFU.upload, STATUS.imageChecksumError, 0);
      return;
    }
    const before = this.#options.flash.erases;
    const status = this.#parser.parse(data);
    const erasedMs = (this.#options.flash.erases - before) * this.#options.pageEraseMs;
    // Finished or failed before: acknowledged all the same, so that only the first bad piece is told.
    const good = status === PARSER_STATUS.ok || status === PARSER_STATUS.eof;
    this.#answer(DFU.upload, good ? STATUS.ok : STATUS.imageChecksumError, erasedMs);
  }

  #finish(): void {
    const { verified, upgrade } = this.#parser;
    this.#answer(DFU.finish, verified ? STATUS.ok : STATUS.imageChecksumError, 0, () => {
      if (!verified || upgrade === undefined) return;
      const running =
        upgrade.kind === 'se' ? this.#options.seVersion : this.#options.policy.running.bootloader;
      if (upgrade.version > running) this.#host.install(upgrade);
    });
  }

  #reset(mode: number): void {
    this.#host.reset(mode === RESET_MODE.uartDfu ? RESET_REASON.bootload : RESET_REASON.go);
  }

  /** Commands that come until the answer has left wait in the receive buffer, and are taken in order. */
  #answer(id: number, result: number, workMs: number, then = () => {}): void {
    this.#receiver.pause();
    this.#host.after(this.#options.latencyMs + workMs, () => {
      this.#receiver.resume(() => {
        this.#host.send(response(CLASS.dfu, id, result));
        then();
      });
    });
  }
}
