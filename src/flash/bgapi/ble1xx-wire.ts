import { ByteReader, type Bytes, concat, u16le, u32le } from '../../core/bytes.ts';
import { DEVICE_TYPE, encodeFrame, type Frame, isEvent } from './wire.ts';

/**
 * Messages of Bluegiga's first generation, BLE112, BLE113 and BLE121LR: the same frames with device type 0 (first byte
 * 0x00, of events 0x80) and other classes. In packet mode a host puts one byte before each command, the length of the
 * whole command; answers have none.
 *
 * Example, flash_set_address(0x1000): `00 04 09 01 00 10 00 00`, in packet mode `08 00 04 09 01 00 10 00 00`.
 * Source: Bluegiga's BLE API as in `bleapi.xml` of jrowberg/bglib; the DFU class of BGLib for C#.
 */
export const LEGACY_CLASS = { system: 0x00, dfu: 0x09 } as const;
export const LEGACY_SYSTEM = { reset: 0x00, getInfo: 0x08 } as const;
export const LEGACY_SYSTEM_EVENT = { boot: 0x00 } as const;
export const LEGACY_DFU = { reset: 0x00, setAddress: 0x01, upload: 0x02, finish: 0x03 } as const;
export const LEGACY_DFU_EVENT = { boot: 0x00 } as const;
export const BOOT_IN_DFU = { no: 0, yes: 1 } as const;

/** Pieces of an upload: any other length makes the update fail. */
export const LEGACY_CHUNK_BYTES = [64, 32, 16, 8, 4, 2, 1] as const;

function message(klass: number, id: number, payload: Uint8Array = new Uint8Array()): Bytes {
  return encodeFrame({ kind: 'message', class: klass, id, payload: concat([payload]) }, DEVICE_TYPE.ble1xx);
}

function event(klass: number, id: number, payload: Bytes): Bytes {
  return encodeFrame({ kind: 'event', class: klass, id, payload }, DEVICE_TYPE.ble1xx);
}

/** `00 01 00 00 <boot_in_dfu>`: the application restarts. No answer. */
export const legacySystemReset = (bootInDfu: number): Bytes =>
  message(LEGACY_CLASS.system, LEGACY_SYSTEM.reset, Uint8Array.of(bootInDfu));

/** `00 00 00 08`: the application answers what it tells when it starts; a bootloader does not know it. */
export const legacyGetInfo = (): Bytes => message(LEGACY_CLASS.system, LEGACY_SYSTEM.getInfo);

/** `00 01 09 00 <dfu>`: the bootloader restarts. No answer. */
export const legacyDfuReset = (bootInDfu: number): Bytes =>
  message(LEGACY_CLASS.dfu, LEGACY_DFU.reset, Uint8Array.of(bootInDfu));

/** `00 04 09 01 <address LE>`: where the next upload goes. Changes nothing in flash. */
export const legacySetAddress = (address: number): Bytes =>
  message(LEGACY_CLASS.dfu, LEGACY_DFU.setAddress, u32le(address));

/** `00 41 09 02 40 <64 bytes>`: the address moves on behind it. */
export const legacyUpload = (data: Bytes): Bytes =>
  message(LEGACY_CLASS.dfu, LEGACY_DFU.upload, concat([Uint8Array.of(data.length), data]));

/** `00 00 09 03` */
export const legacyFinish = (): Bytes => message(LEGACY_CLASS.dfu, LEGACY_DFU.finish);

/** A command as it goes out in packet mode. */
export const inPacketMode = (command: Bytes): Bytes => concat([Uint8Array.of(command.length), command]);

/** `00 02 <class> <id> <result LE>` */
export const legacyResponse = (klass: number, id: number, result: number): Bytes =>
  message(klass, id, u16le(result));

/** `80 04 09 00 <version LE>`: `80 04 09 00 01 00 00 00` is version 1. */
export const legacyDfuBootEvent = (version: number): Bytes =>
  event(LEGACY_CLASS.dfu, LEGACY_DFU_EVENT.boot, u32le(version));

export interface LegacySystemBoot {
  major: number;
  minor: number;
  patch: number;
  build: number;
  linkLayer: number;
  protocol: number;
  hardware: number;
}

/** `80 0c 00 00 <major minor patch build link-layer, 16 bits each> <protocol 8> <hardware 8>`: the application has started. */
export const legacySystemBootEvent = (b: LegacySystemBoot): Bytes =>
  event(LEGACY_CLASS.system, LEGACY_SYSTEM_EVENT.boot, encodeInfo(b));

/** `00 0c 00 08`, and the same. */
export const legacyInfoResponse = (b: LegacySystemBoot): Bytes =>
  message(LEGACY_CLASS.system, LEGACY_SYSTEM.getInfo, encodeInfo(b));

const INFO_BYTES = 12;
const encodeInfo = (b: LegacySystemBoot): Bytes =>
  concat([
    ...[b.major, b.minor, b.patch, b.build, b.linkLayer].map(u16le),
    Uint8Array.of(b.protocol, b.hardware),
  ]);

/** Whether it is the answer to get_info. */
export const isLegacyInfo = ({ kind, class: klass, id, payload }: Frame): boolean =>
  kind === 'message' &&
  klass === LEGACY_CLASS.system &&
  id === LEGACY_SYSTEM.getInfo &&
  payload.length === INFO_BYTES;

/** The bootloader version in a boot event of the DFU class; `undefined` when the frame is no such event. */
export function legacyDfuBootVersion(frame: Frame): number | undefined {
  return isEvent(frame, LEGACY_CLASS.dfu, LEGACY_DFU_EVENT.boot) && frame.payload.length === 4
    ? new ByteReader(frame.payload).u32(0)
    : undefined;
}

/** The content of a boot event of the application; `undefined` when the frame is no such event. */
export function decodeLegacySystemBoot(frame: Frame): LegacySystemBoot | undefined {
  if (!isEvent(frame, LEGACY_CLASS.system, LEGACY_SYSTEM_EVENT.boot) || frame.payload.length !== INFO_BYTES) {
    return undefined;
  }
  const reader = new ByteReader(frame.payload);
  return {
    major: reader.u16(0),
    minor: reader.u16(2),
    patch: reader.u16(4),
    build: reader.u16(6),
    linkLayer: reader.u16(8),
    protocol: reader.u8(10),
    hardware: reader.u8(11),
  };
}
