import { HOLD_BOOTLOADER_PIN } from '../ask-operator.ts';
import type { Dialect } from './dialect.ts';
import { CHUNK_BYTES, planBgapi } from './plan.ts';
import {
  CLASS,
  DEVICE_TYPE,
  decodeSystemBoot,
  dfuBootVersion,
  dottedVersion,
  finish,
  isBootFailure,
  RESET_MODE,
  setAddress,
  systemReset,
  upload,
  userResetToDfu,
} from './wire.ts';

/** The Gecko bootloader's BGAPI UART DFU (Silicon Labs AN1086), and applications of SDK 1.x to the newest. */
export const GECKO: Dialect = {
  name: 'bgapi',
  deviceType: DEVICE_TYPE.gecko,
  dfuClass: CLASS.dfu,
  systemClass: CLASS.system,
  chunkBytes: CHUNK_BYTES,
  tells: ['bootloaderVersion', 'applicationVersion', 'applicationBuild', 'hardware'],
  plan: planBgapi,
  byHand: HOLD_BOOTLOADER_PIN,
  startsByAddress: false,
  judgesImages: true,
  commands: {
    // The Gecko bootloader ignores the address.
    probes: [setAddress(0)],
    setAddress: () => setAddress(0),
    upload,
    finish: finish(),
    enter: [userResetToDfu(), systemReset(RESET_MODE.uartDfu)],
    restartBootloader: systemReset(RESET_MODE.uartDfu),
    restartApplication: systemReset(RESET_MODE.normal),
    startApplication: systemReset(RESET_MODE.normal),
  },
  pieceBytes: (restBytes, chunkBytes) => Math.min(restBytes, chunkBytes),
  bootloaderStart: dfuBootVersion,
  bootloaderVersion: dottedVersion,
  isBootFailure,
  applicationStart: decodeSystemBoot,
};
