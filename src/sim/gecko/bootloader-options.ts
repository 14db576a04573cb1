import type { FlashMemory } from '../flash-memory.ts';
import type { ParserPolicy } from './gbl-parser.ts';
import type { GeckoHardware } from './hardware.ts';

/** What both bootloaders of a Gecko have around them, and how long they take. */
export interface GeckoBootloaderOptions {
  hardware: GeckoHardware;
  flash: FlashMemory;
  policy: ParserPolicy;
  seVersion: number;
  /** Time from a command, a packet or a key to what follows from it. */
  latencyMs: number;
  /** Time that erasing a page adds to it. */
  pageEraseMs: number;
}

/** What the UART of a Gecko keeps while the processor is busy; more is lost. */
export const RECEIVE_BUFFER_BYTES = 512;
