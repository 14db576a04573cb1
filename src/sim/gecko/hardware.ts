import type { BootloaderKind, Part } from '../../images/parts.ts';
import type { FlashGeometry } from '../flash-memory.ts';

/** What the model needs to know of a part; every `Part` has it. */
export type GeckoPart = Pick<Part, 'flashBase' | 'flashBytes' | 'pageBytes' | 'ramBase' | 'layouts'>;

/** Series 1 parts have pages of 2 KiB and a first stage of one page in front of the bootloader proper. */
const SERIES_1_PAGE_BYTES = 2048;
/** The most RAM of any Gecko (EFR32MG26 and its like); the parts table does not tell it. */
const DEFAULT_RAM_BYTES = 512 * 1024;

/** The addresses that a bootloader was built with. */
export interface GeckoHardware {
  flash: FlashGeometry;
  /** First byte of the application, its vector table; the application may reach to the end of flash. */
  applicationStart: number;
  ramStart: number;
  /** First address behind the RAM. */
  ramEnd: number;
  /** Address that a bootloader image must be made for. */
  bootloaderImageAddress: number;
  /** Where a standalone bootloader keeps its own upgrade until it installs it: in the application's space. */
  upgradeAreaStart: number;
}

export function geckoHardware(
  part: GeckoPart,
  kind: BootloaderKind | undefined,
  ramBytes = DEFAULT_RAM_BYTES,
): GeckoHardware {
  const layout = kind === undefined ? part.layouts[0] : part.layouts.find((l) => l.bootloader === kind);
  if (layout === undefined) throw new RangeError(`the part has no bootloader of kind ${kind}`);
  const firstStageBytes = part.pageBytes === SERIES_1_PAGE_BYTES ? SERIES_1_PAGE_BYTES : 0;
  return {
    flash: { baseAddress: part.flashBase, sizeBytes: part.flashBytes, pageBytes: part.pageBytes },
    applicationStart: layout.applicationStart,
    ramStart: part.ramBase,
    ramEnd: part.ramBase + ramBytes,
    bootloaderImageAddress: layout.bootloaderStart + firstStageBytes,
    upgradeAreaStart: layout.applicationStart + part.pageBytes,
  };
}
