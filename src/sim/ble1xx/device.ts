import type { Bytes } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { ByteDevice } from '../device.ts';
import { FlashMemory, type Torn } from '../flash-memory.ts';
import { Processor } from '../processor.ts';
import { Ble1xxApplication, type Ble1xxApplicationKind } from './application.ts';
import { Ble1xxBootloader } from './bootloader.ts';
import { type Ble1xxHardware, type Ble1xxPart, ble1xxHardware } from './hardware.ts';
import type { Ble1xxHost, Ble1xxProgram } from './host.ts';

export interface Ble1xxDeviceOptions {
  clock: Clock;
  /** Default: 128 KiB of flash. */
  part?: Ble1xxPart;
  /** Contents of flash from address 0 on, as `flash.contents()` gives them; what is missing is erased. */
  flash?: Uint8Array;
  /** An image to put at the application's start, as if it had come with a debug probe. */
  image?: Uint8Array;
  /** How whatever application runs behaves; default `bgapi`. */
  app?: Ble1xxApplicationKind;
  /** What the application tells when it starts, major << 16 | minor << 8 | patch; default 0x00010302, a stack 1.3.2. */
  version?: number;
  /** Default 1. */
  bootloaderVersion?: number;
  /** Whether commands must come with their length in front; default neither wants it. */
  packetMode?: { application?: boolean; bootloader?: boolean };
  /**
   * What the bootloader makes of an image that was begun and not finished: stays, or starts it, and then nothing
   * answers. Which of them the real one does is not known. Default `stays`.
   */
  halfAnImage?: 'stays' | 'starts';
  /** Time from a command to its answer; default 1 ms. */
  latencyMs?: number;
  /** Time that erasing a page adds to an answer; default 20 ms. */
  pageEraseMs?: number;
  /** Time from a reset to the bootloader's decision; default 20 ms. What arrives before is lost. */
  bootMs?: number;
  /** Time from the start of the application to its boot event; default 100 ms. */
  applicationBootMs?: number;
  /** Of a crash loop: time from boot event to crash; default 300 ms. */
  crashAfterMs?: number;
}

const DEFAULT_PART: Ble1xxPart = { flashBytes: 131_072 };
const DEFAULT_VERSION = 0x00010302;
const ERASED_WORD = 0xffffffff;

/** What can be seen of a device that a host on the serial port can not see. */
export interface Ble1xxState {
  running: 'off' | 'starting' | 'bootloader' | 'application';
}

/** A virtual BLE112, BLE113 or BLE121LR with a serial port. Powered on when it is made. */
export interface Ble1xxDevice extends ByteDevice {
  readonly hardware: Readonly<Ble1xxHardware>;
  readonly flash: FlashMemory;
  readonly state: Ble1xxState;
  /** What is in flash from the application's start to the last byte that is not erased, and whether it was finished. */
  runs(): { bytes: Bytes; whole: boolean };
  powerOff(): void;
  /** Does nothing while the power is on. */
  powerOn(): void;
  pressReset(): void;
}

/**
 * A Bluegiga BLE1xx with the UART bootloader, its flash and an application, in the time of a clock. The model runs no
 * 8051 code: an application is whole when an update of it was finished, or it came with a debug probe.
 * Throws RangeError for contents that do not fit into the part's flash.
 */
export function createBle1xxDevice(options: Ble1xxDeviceOptions): Ble1xxDevice {
  return new Ble1xx(options);
}

class Ble1xx implements Ble1xxDevice {
  readonly hardware: Ble1xxHardware;
  readonly flash: FlashMemory;
  send: (bytes: Bytes) => void = () => {};
  readonly #options: Ble1xxDeviceOptions;
  readonly #processor: Processor;
  #running: Ble1xxState['running'] = 'off';
  #program: Ble1xxProgram | undefined;
  #whole = true;

  constructor(options: Ble1xxDeviceOptions) {
    this.#options = options;
    this.#processor = new Processor(options.clock, () => this.powerOff());
    this.hardware = ble1xxHardware(options.part ?? DEFAULT_PART);
    this.flash = new FlashMemory(this.hardware.flash, options.flash);
    if (options.image !== undefined) this.flash.load(this.hardware.applicationStart, options.image);
    this.powerOn();
  }

  get state(): Ble1xxState {
    return { running: this.#running };
  }

  runs(): { bytes: Bytes; whole: boolean } {
    const { applicationStart, applicationEnd } = this.hardware;
    const all = this.flash.read(applicationStart, applicationEnd - applicationStart);
    let end = all.length;
    while (end > 0 && all[end - 1] === 0xff) end--;
    return { bytes: all.slice(0, end), whole: this.#whole && end > 0 };
  }

  receive(bytes: Bytes): void {
    this.#processor.run(() => this.#program?.receive(bytes));
  }

  powerCycle(): void {
    this.powerOff();
    this.powerOn();
  }

  powerOff(): void {
    this.#halt();
    this.#running = 'off';
  }

  powerOn(): void {
    if (this.#running === 'off') this.#reset('application');
  }

  pressReset(): void {
    if (this.#running !== 'off') this.#reset('application');
  }

  cutPowerAt(flashOperation: number, torn?: Torn): void {
    this.flash.cutPowerAt(flashOperation, torn);
  }

  #reset(into: 'bootloader' | 'application'): void {
    this.#halt();
    this.#running = 'starting';
    this.#processor.after(this.#options.bootMs ?? 20, () => this.#start(into));
  }

  #halt(): void {
    this.#program?.stop();
    this.#program = undefined;
    this.#processor.halt();
  }

  #start(into: 'bootloader' | 'application'): void {
    const blank = this.flash.u32(this.hardware.applicationStart) === ERASED_WORD;
    const stays = !this.#whole && (this.#options.halfAnImage ?? 'stays') === 'stays';
    const host: Ble1xxHost = {
      after: (ms, fn) => this.#processor.after(ms, fn),
      send: (frame) => this.send(frame),
      reset: (next) => this.#reset(next),
    };
    if (into === 'bootloader' || blank || stays) {
      this.#running = 'bootloader';
      this.#program = this.#bootloader(host);
    } else {
      this.#running = 'application';
      this.#program = this.#application(host);
    }
  }

  #bootloader(host: Ble1xxHost): Ble1xxBootloader {
    const { bootloaderVersion = 1, packetMode, latencyMs = 1, pageEraseMs = 20 } = this.#options;
    return new Ble1xxBootloader(host, {
      hardware: this.hardware,
      flash: this.flash,
      version: bootloaderVersion,
      packetMode: packetMode?.bootloader ?? false,
      latencyMs,
      pageEraseMs,
      onImage: (whole) => {
        this.#whole = whole;
      },
    });
  }

  #application(host: Ble1xxHost): Ble1xxApplication {
    const {
      app = 'bgapi',
      version = DEFAULT_VERSION,
      packetMode,
      latencyMs = 1,
      applicationBootMs = 100,
      crashAfterMs = 300,
    } = this.#options;
    return new Ble1xxApplication(host, {
      kind: this.#whole ? app : 'silent',
      version,
      packetMode: packetMode?.application ?? false,
      latencyMs,
      bootMs: applicationBootMs,
      crashAfterMs,
    });
  }
}
