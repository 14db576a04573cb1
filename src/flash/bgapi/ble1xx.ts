import {
  BLE1XX_CHUNK_BYTES,
  BLE1XX_FIRST_ADDRESS,
  ble1xxPiece,
  planBle1xx,
  startAddressOf,
} from './ble1xx-plan.ts';
import {
  BOOT_IN_DFU,
  decodeLegacySystemBoot,
  inPacketMode,
  LEGACY_CLASS,
  legacyDfuBootVersion,
  legacyDfuReset,
  legacyFinish,
  legacyGetInfo,
  legacySetAddress,
  legacySystemReset,
  legacyUpload,
} from './ble1xx-wire.ts';
import type { Dialect } from './dialect.ts';
import { DEVICE_TYPE } from './wire.ts';

const EXPERIMENTAL =
  'the BLE1xx protocol is experimental: it was written from documents, and tried on virtual devices only. This bootloader ' +
  'checks no image, so a byte that the line changes stays unnoticed; and whether it starts half an image after a power ' +
  'cut is not known: keep the device powered until the end.';

/**
 * Bluegiga's BLE112, BLE113 and BLE121LR with the UART bootloader: a raw image, written where set_address says.
 * Source: the vendor's reference text in BGLib for C#. Not known: whether the bootloader wants packet mode, what finish
 * judges, what it does with half an image.
 */
export const BLE1XX: Dialect = {
  name: 'ble1xx',
  deviceType: DEVICE_TYPE.ble1xx,
  dfuClass: LEGACY_CLASS.dfu,
  systemClass: LEGACY_CLASS.system,
  experimental: EXPERIMENTAL,
  chunkBytes: BLE1XX_CHUNK_BYTES,
  tells: ['bootloaderVersion', 'applicationVersion', 'applicationBuild', 'hardware'],
  plan: (pkg, options) => planBle1xx('ble1xx', pkg, options),
  byHand: 'have its application, or the host it is wired to, restart it in DFU mode (system_reset 1)',
  startsByAddress: true,
  judgesImages: false,
  commands: {
    probes: [legacySetAddress(BLE1XX_FIRST_ADDRESS), legacyGetInfo()],
    setAddress: ({ entry }) => legacySetAddress(startAddressOf(entry)),
    upload: legacyUpload,
    finish: legacyFinish(),
    enter: [legacySystemReset(BOOT_IN_DFU.yes)],
    restartBootloader: legacyDfuReset(BOOT_IN_DFU.yes),
    restartApplication: legacySystemReset(BOOT_IN_DFU.no),
    startApplication: legacyDfuReset(BOOT_IN_DFU.no),
  },
  pieceBytes: ble1xxPiece,
  bootloaderStart: legacyDfuBootVersion,
  bootloaderVersion: String,
  // Bluegiga's bootloader has no such event.
  isBootFailure: () => false,
  applicationStart: decodeLegacySystemBoot,
};

/** The same for a UART in packet mode, which firmware without flow control has. */
export const BLE1XX_PACKET: Dialect = {
  ...BLE1XX,
  name: 'ble1xx-packet',
  plan: (pkg, options) => planBle1xx('ble1xx-packet', pkg, options),
  wrap: inPacketMode,
};
