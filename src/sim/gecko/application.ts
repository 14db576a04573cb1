import type { Bytes } from '../../core/bytes.ts';
import {
  CLASS,
  type Frame,
  FrameDecoder,
  RESET_MODE,
  response,
  SYSTEM,
  systemBootEvent,
  USER,
} from '../../flash/bgapi/wire.ts';
import { type ProcessorHost, type Program, RESET_REASON } from './host.ts';

/**
 * What the application in flash does once it runs. `bgapi`: a network co-processor that announces itself and answers.
 * `silent`: one that has nothing to do with the serial port. `old-version`: announces a lower version than lies in
 * flash, as if the update had not taken. `crash-loop`: announces itself, crashes, restarts, for ever.
 */
export const APPLICATION_KINDS = ['bgapi', 'silent', 'old-version', 'crash-loop'] as const;
export type ApplicationKind = (typeof APPLICATION_KINDS)[number];

/** The way into the bootloader that an application offers: user_reset_to_dfu, system_reset(1), both, or none. */
export const ENTRY_COMMANDS = ['any', 'user', 'system', 'none'] as const;
export type EntryCommand = (typeof ENTRY_COMMANDS)[number];

export interface ApplicationOptions {
  kind: ApplicationKind;
  entry: EntryCommand;
  /** As in its ApplicationProperties: major << 16 | minor << 8 | patch. */
  version: number;
  bootloaderVersion: number;
  /** Time from a command to its answer. */
  latencyMs: number;
  /** Time from the start to the boot event. */
  bootMs: number;
  /** Of `crash-loop`: time from the boot event to the crash. */
  crashAfterMs: number;
}

/** SL_STATUS_NOT_SUPPORTED: what this application makes of a command it does not know. */
const NOT_SUPPORTED = 0x000f;
/** Half a command is given up after this silence. */
const FRAME_TIMEOUT_MS = 1000;

/** An application from its start to the next reset. */
export class Application implements Program {
  readonly #host: ProcessorHost;
  readonly #options: ApplicationOptions;
  readonly #decoder = new FrameDecoder();
  #cancelTimeout = () => {};
  #stopped = false;

  constructor(host: ProcessorHost, options: ApplicationOptions) {
    this.#host = host;
    this.#options = options;
    if (options.kind === 'silent') return;
    host.after(options.bootMs, () => {
      host.send(bootEvent(options));
      if (options.kind === 'crash-loop')
        host.after(options.crashAfterMs, () => host.reset(RESET_REASON.fault));
    });
  }

  receive(bytes: Bytes): void {
    this.#cancelTimeout();
    for (const piece of this.#decoder.push(bytes)) {
      if (this.#stopped) return;
      if ('frame' in piece && piece.frame.kind === 'message') this.#command(piece.frame);
    }
    this.#cancelTimeout = this.#host.after(FRAME_TIMEOUT_MS, () => this.#decoder.flush());
  }

  stop(): void {
    this.#stopped = true;
  }

  #command(frame: Frame): void {
    const { entry, kind, latencyMs } = this.#options;
    const userEntry = entry === 'any' || entry === 'user';
    const systemEntry = entry === 'any' || entry === 'system';
    if (frame.class === CLASS.user && frame.id === USER.resetToDfu && userEntry) {
      this.#host.reset(RESET_REASON.bootload);
      return;
    }
    // An application without a serial protocol knows system_reset only as a way into the bootloader.
    if (frame.class === CLASS.system && frame.id === SYSTEM.reset && (kind !== 'silent' || systemEntry)) {
      const intoBootloader = frame.payload[0] === RESET_MODE.uartDfu && systemEntry;
      this.#host.reset(intoBootloader ? RESET_REASON.bootload : RESET_REASON.go);
      return;
    }
    if (kind === 'silent') return;
    this.#host.after(latencyMs, () => this.#host.send(response(frame.class, frame.id, NOT_SUPPORTED)));
  }
}

function bootEvent({ kind, version, bootloaderVersion }: ApplicationOptions): Bytes {
  const shown = kind === 'old-version' ? olderThan(version) : version;
  return systemBootEvent({
    major: shown >>> 16,
    minor: (shown >>> 8) & 0xff,
    patch: shown & 0xff,
    build: 0,
    bootloader: bootloaderVersion,
    hardware: 1,
    hash: 0,
  });
}

/** The next lower number where there is one: `1.1.0` gives `1.0.0`, `1.0.0` gives `0.0.0`. */
function olderThan(version: number): number {
  if ((version & 0xff) > 0) return version - 1;
  if ((version & 0xff00) > 0) return version - 0x100;
  return version >>> 16 > 0 ? version - 0x10000 : version;
}
