import type { Bytes } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { type BootloaderKind, findPart } from '../../images/parts.ts';
import type { ModemLines } from '../../link/link.ts';
import type { ByteDevice } from '../device.ts';
import { FlashMemory, type Torn } from '../flash-memory.ts';
import { Processor } from '../processor.ts';
import { Application, type ApplicationKind, type EntryCommand } from './application.ts';
import {
  applicationBytes,
  applicationVersion,
  type BootRefusal,
  bootRefusal,
  hasProgramCounter,
  type SecureBoot,
} from './application-image.ts';
import { Bootloader } from './bootloader.ts';
import type { ParserStatus, Upgrade } from './gbl-parser.ts';
import { type GeckoHardware, type GeckoPart, geckoHardware } from './hardware.ts';
import { type ProcessorHost, type Program, RESET_REASON, type ResetReason } from './host.ts';
import { type MenuQuirks, XmodemBootloader } from './xmodem-bootloader.ts';

/** What the bootloader speaks: BGAPI UART DFU, or a menu with XMODEM. */
export type BootloaderProtocol = 'bgapi' | 'xmodem';

export interface GeckoDeviceOptions {
  clock: Clock;
  /** Default: EFR32BG22 with 512 KiB. */
  part?: GeckoPart;
  /** What its bootloader speaks; default `bgapi`. */
  bootloader?: BootloaderProtocol;
  /** Of the `xmodem` bootloader: a menu that is not as it should be. */
  menu?: MenuQuirks;
  /** Of the `xmodem` bootloader: restarts when no key came for so long; default 0, never. */
  idleTimeoutMs?: number;
  /** Which of the part's bootloaders is installed; default: the part's first. */
  layout?: BootloaderKind;
  ramBytes?: number;
  /** Contents of flash from its base address on, as `flash.contents()` gives them; what is missing is erased. */
  flash?: Uint8Array;
  /** An image to put at the application's start, as if it had come with a debug probe. */
  image?: Uint8Array;
  /** How whatever application runs behaves; default `bgapi`. */
  app?: ApplicationKind;
  /** Default: `any`, for a silent application `none`. */
  entry?: EntryCommand;
  /** Default 0x02040001, that is 2.04.01. */
  bootloaderVersion?: number;
  /** Version of the Secure Element's firmware; default 0x00010200. */
  seVersion?: number;
  /** GBL files and applications must be signed; default false. */
  requireSignature?: boolean;
  /** What each check of a signature comes to, since the model computes no ECDSA; default true. */
  signatureValid?: boolean;
  /** Uploads that are no multiple of 4 bytes are refused, as by older bootloaders; default false. */
  strict?: boolean;
  /** Time from a command to its answer; default 1 ms. */
  latencyMs?: number;
  /** Time that erasing a page adds to an answer; default 10 ms. */
  pageEraseMs?: number;
  /** Time from a reset to the bootloader's decision; default 20 ms. What arrives before is lost. */
  bootMs?: number;
  /** Time from the start of the application to its boot event; default 100 ms. */
  applicationBootMs?: number;
  /** At which baud rate the bootloader talks, and at which the application; default: at the host's. */
  bootloaderBaudRate?: number;
  applicationBaudRate?: number;
  /**
   * What DTR and RTS of the host are wired to. `crossed`: two transistors, so that RTS alone holds the device in reset, and
   * DTR alone asserts the bootloader pin; `rts`: RTS holds it in reset. Default: nothing.
   */
  modemLines?: 'crossed' | 'rts';
  /** Of a crash loop: time from boot event to crash; default 300 ms. */
  crashAfterMs?: number;
}

const DEFAULT_PART = 'efr32bg22f512';
const DEFAULT_BOOTLOADER_VERSION = 0x02040001;
const DEFAULT_SE_VERSION = 0x00010200;

/** What can be seen of a device that a host on the serial port can not see. */
export interface GeckoState {
  running: 'off' | 'starting' | 'bootloader' | 'application';
  /** Of the last reset. */
  resetReason: ResetReason;
  bootloaderVersion: number;
  seVersion: number;
  /** While the bootloader runs: of the file it was sent since its start, whether it was found good, and its first error. */
  upload?: { verified: boolean; failure: ParserStatus };
}

/** The application in flash, as the bootloader would judge it now. */
export interface GeckoImage {
  /** Absent: it would be started. */
  refusal?: BootRefusal;
  /** From its ApplicationProperties, if it has them. */
  version?: number;
  /** From the application's start to the last byte that is not erased. */
  bytes: Bytes;
}

/** A virtual Gecko with a serial port. Powered on when it is made. */
export interface GeckoDevice extends ByteDevice {
  readonly hardware: Readonly<GeckoHardware>;
  readonly flash: FlashMemory;
  readonly state: GeckoState;
  /** What is in flash, and whether it would start. */
  runs(): GeckoImage;
  powerOff(): void;
  /** Does nothing while the power is on. */
  powerOn(): void;
  /** Holds the pin that asks for the bootloader, or lets go of it. Looked at after each reset. */
  assertBootloaderPin(asserted: boolean): void;
  /** Presses the reset button, with the bootloader pin held meanwhile if so asked. */
  pressReset(pinAsserted?: boolean): void;
}

/**
 * A Silicon Labs Gecko with the BGAPI UART DFU or the XMODEM bootloader, its flash and an application, in the time of a clock.
 * Throws RangeError for contents that do not fit into the part's flash.
 */
export function createGeckoDevice(options: GeckoDeviceOptions): GeckoDevice {
  return new Gecko(options);
}

/** After these the bootloader stays, without a look at the application. */
const STAY: ReadonlySet<ResetReason> = new Set([
  RESET_REASON.bootload,
  RESET_REASON.force,
  RESET_REASON.upgrade,
  RESET_REASON.badApplication,
]);

class Gecko implements GeckoDevice {
  readonly hardware: GeckoHardware;
  readonly flash: FlashMemory;
  send: (bytes: Bytes) => void = () => {};
  readonly #options: GeckoDeviceOptions;
  readonly #secureBoot: SecureBoot;
  readonly #processor: Processor;
  #running: GeckoState['running'] = 'off';
  #program: Program | undefined;
  #resetReason: ResetReason = RESET_REASON.unknown;
  #bootloaderVersion: number;
  #seVersion: number;
  #pinAsserted = false;
  #heldInReset = false;

  constructor(options: GeckoDeviceOptions) {
    this.#options = options;
    this.#processor = new Processor(options.clock, () => this.powerOff());
    const part = options.part ?? findPart(DEFAULT_PART);
    if (part === undefined) throw new RangeError('a part that is not known');
    this.hardware = geckoHardware(part, options.layout, options.ramBytes);
    this.flash = new FlashMemory(this.hardware.flash, options.flash);
    if (options.image !== undefined) this.flash.load(this.hardware.applicationStart, options.image);
    this.#secureBoot = {
      required: options.requireSignature ?? false,
      signatureValid: options.signatureValid ?? true,
    };
    this.#bootloaderVersion = options.bootloaderVersion ?? DEFAULT_BOOTLOADER_VERSION;
    this.#seVersion = options.seVersion ?? DEFAULT_SE_VERSION;
    this.powerOn();
  }

  get state(): GeckoState {
    const program = this.#program;
    const upload =
      program instanceof Bootloader || program instanceof XmodemBootloader
        ? { verified: program.parser.verified, failure: program.parser.failure }
        : undefined;
    return {
      running: this.#running,
      resetReason: this.#resetReason,
      bootloaderVersion: this.#bootloaderVersion,
      seVersion: this.#seVersion,
      ...(upload && { upload }),
    };
  }

  runs(): GeckoImage {
    const refusal = bootRefusal(this.flash, this.hardware, this.#secureBoot);
    const version = applicationVersion(this.flash, this.hardware);
    return {
      ...(refusal !== undefined && { refusal }),
      ...(version !== undefined && { version }),
      bytes: applicationBytes(this.flash, this.hardware),
    };
  }

  get baudRate(): number | undefined {
    const { bootloaderBaudRate, applicationBaudRate } = this.#options;
    return this.#running === 'application' ? applicationBaudRate : bootloaderBaudRate;
  }

  setLines({ dtr, rts }: Required<ModemLines>): void {
    const { modemLines } = this.#options;
    if (modemLines === undefined) return;
    if (modemLines === 'crossed') this.#pinAsserted = dtr && !rts;
    const held = modemLines === 'crossed' ? rts && !dtr : rts;
    const released = this.#heldInReset && !held;
    this.#heldInReset = held;
    if (this.#running === 'off') return;
    if (held) this.#halt();
    else if (released) this.#reset(RESET_REASON.unknown);
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
    if (this.#running === 'off') this.#reset(RESET_REASON.unknown);
  }

  assertBootloaderPin(asserted: boolean): void {
    this.#pinAsserted = asserted;
  }

  pressReset(pinAsserted = false): void {
    if (this.#running === 'off') return;
    this.#reset(RESET_REASON.unknown, pinAsserted);
  }

  cutPowerAt(flashOperation: number, torn?: Torn): void {
    this.flash.cutPowerAt(flashOperation, torn);
  }

  #reset(reason: ResetReason, pinHeld = false): void {
    this.#halt();
    this.#resetReason = reason;
    this.#running = 'starting';
    if (this.#heldInReset) return;
    this.#processor.after(this.#options.bootMs ?? 20, () => this.#start(pinHeld || this.#pinAsserted));
  }

  /** Ends the program that runs, and all that it began. */
  #halt(): void {
    this.#program?.stop();
    this.#program = undefined;
    this.#processor.halt();
  }

  /** The bootloader's decision whether to stay. */
  #start(pinAsserted: boolean): void {
    let stay = pinAsserted || STAY.has(this.#resetReason);
    // Without an application even a device that was asked into its bootloader says that it has none.
    const refused = stay
      ? !hasProgramCounter(this.flash, this.hardware)
      : bootRefusal(this.flash, this.hardware, this.#secureBoot) !== undefined;
    if (refused) {
      this.#resetReason = RESET_REASON.badApplication;
      stay = true;
    }
    const host = this.#hostOfOneProgram();
    if (stay) {
      this.#running = 'bootloader';
      this.#program = this.#bootloader(host);
    } else {
      this.#running = 'application';
      this.#program = this.#application(host);
    }
  }

  #bootloader(host: ProcessorHost): Bootloader | XmodemBootloader {
    const { bootloader = 'bgapi', latencyMs = 1, pageEraseMs = 10 } = this.#options;
    const { strict = false, menu = {}, idleTimeoutMs = 0 } = this.#options;
    const common = {
      hardware: this.hardware,
      flash: this.flash,
      policy: {
        requireSignature: this.#secureBoot.required,
        signatureValid: this.#secureBoot.signatureValid,
        running: {
          application: applicationVersion(this.flash, this.hardware) ?? 0,
          bootloader: this.#bootloaderVersion,
          se: this.#seVersion,
        },
      },
      seVersion: this.#seVersion,
      latencyMs,
      pageEraseMs,
    };
    return bootloader === 'xmodem'
      ? new XmodemBootloader(host, { ...common, menu, idleTimeoutMs })
      : new Bootloader(host, { ...common, strict }, this.#resetReason);
  }

  #application(host: ProcessorHost): Application {
    const {
      app = 'bgapi',
      entry,
      latencyMs = 1,
      applicationBootMs = 100,
      crashAfterMs = 300,
    } = this.#options;
    return new Application(host, {
      kind: app,
      entry: entry ?? (app === 'silent' ? 'none' : 'any'),
      version: applicationVersion(this.flash, this.hardware) ?? 0,
      bootloaderVersion: this.#bootloaderVersion,
      latencyMs,
      bootMs: applicationBootMs,
      crashAfterMs,
    });
  }

  #hostOfOneProgram(): ProcessorHost {
    return {
      after: (ms, fn) => this.#processor.after(ms, fn),
      send: (frame) => this.send(frame),
      reset: (reason) => this.#reset(reason),
      install: (upgrade) => this.#install(upgrade),
    };
  }

  /** The model keeps the version of an upgrade, not its code: it goes on as the same bootloader. */
  #install(upgrade: Upgrade): void {
    if (upgrade.kind === 'se') this.#seVersion = upgrade.version;
    else this.#bootloaderVersion = upgrade.version;
    this.#reset(RESET_REASON.upgrade);
  }
}
