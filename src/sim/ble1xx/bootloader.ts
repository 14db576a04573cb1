import { ByteReader, type Bytes } from '../../core/bytes.ts';
import {
  BOOT_IN_DFU,
  LEGACY_CLASS,
  LEGACY_DFU,
  legacyDfuBootEvent,
  legacyResponse,
} from '../../flash/bgapi/ble1xx-wire.ts';
import type { FlashMemory } from '../flash-memory.ts';
import { Receiver } from '../receiver.ts';
import { type Command, CommandReader } from './commands.ts';
import { Ble1xxFlashWriter } from './flash-writer.ts';
import type { Ble1xxHardware } from './hardware.ts';
import type { Ble1xxHost, Ble1xxProgram } from './host.ts';

export interface Ble1xxBootloaderOptions {
  hardware: Ble1xxHardware;
  flash: FlashMemory;
  version: number;
  packetMode: boolean;
  /** Time from a command to its answer. */
  latencyMs: number;
  /** Time that erasing a page adds to it. */
  pageEraseMs: number;
  /** Told before flash is changed, and when finish found nothing wrong. */
  onImage(whole: boolean): void;
}

/** Of BGAPI's results, those that suit; which ones the bootloader answers is not known. */
const RESULT = {
  ok: 0x0000,
  invalidParameter: 0x0180,
  wrongState: 0x0181,
  commandIncomplete: 0x0195,
} as const;

/** What the UART keeps while the processor is busy; more is lost. */
const RECEIVE_BUFFER_BYTES = 128;

/**
 * The UART bootloader of a BLE1xx: writes what it is sent, where set_address says, and moves on. Takes commands of the
 * DFU class only. Lengths that are no power of two up to 64 make the update fail, until the next set_address.
 * Source: BGLib's DFU reference text. What results it gives, and that finish tells of such a failure, is assumed.
 */
export class Ble1xxBootloader implements Ble1xxProgram {
  readonly #host: Ble1xxHost;
  readonly #options: Ble1xxBootloaderOptions;
  readonly #reader: CommandReader;
  readonly #writer: Ble1xxFlashWriter;
  readonly #receiver = new Receiver(RECEIVE_BUFFER_BYTES, (byte) => this.#byte(byte));
  /** `none` before the first set_address. */
  #update: 'none' | 'good' | 'failed' = 'none';

  constructor(host: Ble1xxHost, options: Ble1xxBootloaderOptions) {
    this.#host = host;
    this.#options = options;
    this.#reader = new CommandReader(options.packetMode, host.after);
    this.#writer = new Ble1xxFlashWriter(options.flash, options.hardware);
    host.send(legacyDfuBootEvent(options.version));
  }

  receive(bytes: Bytes): void {
    this.#receiver.receive(bytes);
  }

  stop(): void {
    this.#receiver.stop();
  }

  #byte(byte: number): void {
    const command = this.#reader.take(byte);
    if (command?.class === LEGACY_CLASS.dfu) this.#dispatch(command);
  }

  #dispatch({ id, payload }: Command): void {
    switch (id) {
      case LEGACY_DFU.reset:
        this.#host.reset(payload[0] === BOOT_IN_DFU.yes ? 'bootloader' : 'application');
        return;
      case LEGACY_DFU.setAddress:
        this.#answer(id, this.#setAddress(payload));
        return;
      case LEGACY_DFU.upload: {
        const before = this.#options.flash.erases;
        const result = this.#upload(payload);
        this.#answer(id, result, (this.#options.flash.erases - before) * this.#options.pageEraseMs);
        return;
      }
      case LEGACY_DFU.finish:
        this.#answer(id, this.#finish());
    }
  }

  #setAddress(payload: Bytes): number {
    if (payload.length !== 4) return RESULT.commandIncomplete;
    const address = new ByteReader(payload).u32(0);
    if (!this.#writer.takes(address, 1)) return RESULT.invalidParameter;
    this.#writer.seek(address);
    this.#update = 'good';
    return RESULT.ok;
  }

  #upload(payload: Bytes): number {
    if (this.#update !== 'good') return RESULT.wrongState;
    const length = payload[0] ?? 0;
    const data = payload.subarray(1);
    const powerOfTwo = length > 0 && length <= 64 && (length & (length - 1)) === 0;
    if (data.length !== length || !powerOfTwo || !this.#writer.fits(length)) {
      this.#update = 'failed';
      return data.length === length ? RESULT.invalidParameter : RESULT.commandIncomplete;
    }
    this.#options.onImage(false);
    this.#writer.write(data);
    return RESULT.ok;
  }

  #finish(): number {
    if (this.#update !== 'good') return RESULT.wrongState;
    this.#writer.flush();
    this.#update = 'none';
    this.#options.onImage(true);
    return RESULT.ok;
  }

  /** Commands that come until the answer has left wait in the receive buffer, and are taken in order. */
  #answer(id: number, result: number, workMs = 0): void {
    this.#receiver.pause();
    this.#host.after(this.#options.latencyMs + workMs, () => {
      this.#receiver.resume(() => this.#host.send(legacyResponse(LEGACY_CLASS.dfu, id, result)));
    });
  }
}
