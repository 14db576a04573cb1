import type { Bytes } from '../../core/bytes.ts';
import {
  BOOT_IN_DFU,
  LEGACY_CLASS,
  LEGACY_SYSTEM,
  type LegacySystemBoot,
  legacyInfoResponse,
  legacySystemBootEvent,
} from '../../flash/bgapi/ble1xx-wire.ts';
import { type Command, CommandReader } from './commands.ts';
import type { Ble1xxHost, Ble1xxProgram } from './host.ts';

/**
 * What the application in flash does once it runs. `bgapi`: tells its start, answers, takes the way into the
 * bootloader. `silent`: a script that leaves the UART alone, or half an image. `crash-loop`: tells its start, crashes,
 * restarts, for ever.
 */
export const BLE1XX_APPLICATION_KINDS = ['bgapi', 'silent', 'crash-loop'] as const;
export type Ble1xxApplicationKind = (typeof BLE1XX_APPLICATION_KINDS)[number];

export interface Ble1xxApplicationOptions {
  kind: Ble1xxApplicationKind;
  /** Of the stack in it: major << 16 | minor << 8 | patch. */
  version: number;
  packetMode: boolean;
  latencyMs: number;
  /** Time from the start to the boot event. */
  bootMs: number;
  /** Of `crash-loop`: time from the boot event to the crash. */
  crashAfterMs: number;
}

/** An application from its start to the next reset. */
export class Ble1xxApplication implements Ble1xxProgram {
  readonly #host: Ble1xxHost;
  readonly #options: Ble1xxApplicationOptions;
  readonly #reader: CommandReader;
  #stopped = false;

  constructor(host: Ble1xxHost, options: Ble1xxApplicationOptions) {
    this.#host = host;
    this.#options = options;
    this.#reader = new CommandReader(options.packetMode, host.after);
    if (options.kind === 'silent') return;
    host.after(options.bootMs, () => {
      host.send(legacySystemBootEvent(infoOf(options.version)));
      if (options.kind === 'crash-loop') host.after(options.crashAfterMs, () => host.reset('application'));
    });
  }

  receive(bytes: Bytes): void {
    if (this.#options.kind === 'silent') return;
    for (const byte of bytes) {
      if (this.#stopped) return;
      const command = this.#reader.take(byte);
      if (command?.class === LEGACY_CLASS.system) this.#command(command);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  #command({ id, payload }: Command): void {
    if (id === LEGACY_SYSTEM.reset) {
      this.#host.reset(payload[0] === BOOT_IN_DFU.yes ? 'bootloader' : 'application');
    }
    if (id === LEGACY_SYSTEM.getInfo) {
      const { latencyMs, version } = this.#options;
      this.#host.after(latencyMs, () => this.#host.send(legacyInfoResponse(infoOf(version))));
    }
  }
}

const infoOf = (version: number): LegacySystemBoot => ({
  major: version >>> 16,
  minor: (version >>> 8) & 0xff,
  patch: version & 0xff,
  build: 122,
  linkLayer: 3,
  protocol: 1,
  hardware: 2,
});
