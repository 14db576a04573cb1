/**
 * Virtual devices that obey the rules of the real ones: for tests of tools and gateways without hardware, and for
 * trying an update before it meets a device. Pure: runs in a browser, in the time of any Clock.
 */
export {
  BLE1XX_APPLICATION_KINDS,
  type Ble1xxApplicationKind,
} from './ble1xx/application.ts';
export {
  type Ble1xxDevice,
  type Ble1xxDeviceOptions,
  type Ble1xxState,
  createBle1xxDevice,
} from './ble1xx/device.ts';
export type { Ble1xxHardware, Ble1xxPart } from './ble1xx/hardware.ts';
export { type MemoryPort, type MemoryPortOptions, memoryPort } from './cable.ts';
export type { ByteDevice } from './device.ts';
export {
  type Direction,
  type Fault,
  type LinkFault,
  type PowerFault,
  type RandomFaultOptions,
  randomFaults,
} from './faults.ts';
export {
  FLASH_WORD_BYTES,
  type FlashGeometry,
  FlashMemory,
  type FlashViolation,
  PowerLoss,
  type Torn,
} from './flash-memory.ts';
export {
  APPLICATION_KINDS,
  type ApplicationKind,
  ENTRY_COMMANDS,
  type EntryCommand,
} from './gecko/application.ts';
export type { BootRefusal } from './gecko/application-image.ts';
export {
  type BootloaderProtocol,
  createGeckoDevice,
  type GeckoDevice,
  type GeckoDeviceOptions,
  type GeckoImage,
  type GeckoState,
} from './gecko/device.ts';
export { PARSER_STATUS, type ParserStatus } from './gecko/gbl-parser.ts';
export type { GeckoHardware, GeckoPart } from './gecko/hardware.ts';
export { RESET_REASON, type ResetReason } from './gecko/host.ts';
export type { MenuQuirks } from './gecko/xmodem-bootloader.ts';
export { Wire, type WireOptions } from './wire.ts';
