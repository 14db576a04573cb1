import type { FlashGeometry } from '../flash-memory.ts';

/** Parts of the family by their flash. Source: BGLib's DFU reference text; sizes of the modules as sold. */
export interface Ble1xxPart {
  /** 128 or 256 KiB. */
  flashBytes: number;
}

export const PAGE_BYTES = 2048;

/** Addresses that the bootloader was built with. */
export interface Ble1xxHardware {
  flash: FlashGeometry;
  /** First byte of the application; the bootloader lies below. */
  applicationStart: number;
  /** First address behind it: the last page holds hardware settings, which no update may change. */
  applicationEnd: number;
}

export function ble1xxHardware({ flashBytes }: Ble1xxPart): Ble1xxHardware {
  return {
    flash: { baseAddress: 0, sizeBytes: flashBytes, pageBytes: PAGE_BYTES },
    applicationStart: 0x1000,
    applicationEnd: flashBytes - PAGE_BYTES,
  };
}
