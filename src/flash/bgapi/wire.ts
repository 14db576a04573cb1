import { ByteReader, type Bytes, concat, u16le, u32le } from '../../core/bytes.ts';

/**
 * BGAPI frames: a header of 4 bytes, then the payload. Here those of Silicon Labs' Blue Gecko generation; the first
 * generation's are in ble1xx-wire.ts.
 *
 * | byte | meaning |
 * |---|---|
 * | 0 | 0x20 command or response, 0xa0 event; bits 2..0: payload length, bits 10..8 |
 * | 1 | payload length, bits 7..0 |
 * | 2 | class |
 * | 3 | command or event |
 *
 * Example, flash_set_address(0): `20 04 00 01 00 00 00 00`; its response: `20 02 00 01 00 00`.
 * Source: Silicon Labs `sl_bgapi.h` and the bootloader's `btl_comm_bgapi.h`.
 */
export interface Frame {
  kind: 'message' | 'event';
  class: number;
  id: number;
  payload: Bytes;
}

/** Frames and bytes that belong to none, in the order in which they came. */
export type Decoded = { frame: Frame } | { discarded: Bytes };

export const CLASS = { dfu: 0x00, system: 0x01, user: 0xff } as const;
export const DFU = { setAddress: 0x01, upload: 0x02, finish: 0x03 } as const;
export const DFU_EVENT = { boot: 0x00, bootFailure: 0x01 } as const;
export const SYSTEM = { reset: 0x01 } as const;
export const SYSTEM_EVENT = { boot: 0x00 } as const;
export const USER = { resetToDfu: 0x02 } as const;
export const RESET_MODE = { normal: 0, uartDfu: 1 } as const;

/** SL_STATUS_OK and SL_STATUS_SECURITY_IMAGE_CHECKSUM_ERROR: all that the bootloader's DFU answers. */
export const STATUS = { ok: 0x0000, imageChecksumError: 0x0046 } as const;

const HEADER_BYTES = 4;
/** Bits 6..3 of a frame's first byte: which generation of devices it belongs to. */
export const DEVICE_TYPE = { ble1xx: 0x00, gecko: 0x20 } as const;
export type DeviceType = (typeof DEVICE_TYPE)[keyof typeof DEVICE_TYPE];
const DEVICE_TYPE_BITS = 0x78;
const EVENT_BIT = 0x80;
/** The longest payload a header can tell: 11 bits. */
export const MAX_PAYLOAD_BYTES = 0x7ff;
/** What Silicon Labs' hosts accept (SL_BGAPI_MAX_PAYLOAD_SIZE): a longer length is taken for noise. */
export const MAX_RECEIVED_PAYLOAD_BYTES = 256;

/** The most image bytes in one upload: the bootloader hunts for exactly 0x20, so length bits 10..8 must be 0, and words stay whole. */
export const MAX_UPLOAD_BYTES = 252;

export function encodeFrame(frame: Frame, type: DeviceType = DEVICE_TYPE.gecko): Bytes {
  const length = frame.payload.length;
  if (length > MAX_PAYLOAD_BYTES) throw new RangeError('a BGAPI payload has at most 2047 bytes');
  const first = (frame.kind === 'event' ? EVENT_BIT : 0) | type | (length >> 8);
  return concat([Uint8Array.of(first, length & 0xff, frame.class, frame.id), frame.payload]);
}

function message(klass: number, id: number, payload: Uint8Array = new Uint8Array()): Bytes {
  return encodeFrame({ kind: 'message', class: klass, id, payload: concat([payload]) });
}

/** `20 04 00 01 <address LE>`. The Gecko bootloader ignores the address and always answers OK: a safe probe. */
export const setAddress = (address: number): Bytes => message(CLASS.dfu, DFU.setAddress, u32le(address));

/** `20 31 00 02 30 <48 bytes>`: the data has its own length byte. */
export function upload(data: Bytes): Bytes {
  if (data.length > 254) throw new RangeError('an upload has at most 254 bytes');
  return message(CLASS.dfu, DFU.upload, concat([Uint8Array.of(data.length), data]));
}

/** `20 00 00 03` */
export const finish = (): Bytes => message(CLASS.dfu, DFU.finish);

/** `20 01 01 01 <mode>`: 0 normal, 1 UART DFU. No answer, the device restarts. */
export const systemReset = (mode: number): Bytes => message(CLASS.system, SYSTEM.reset, Uint8Array.of(mode));

/** `20 00 ff 02`: the application of newer SDKs restarts into the bootloader. No answer. */
export const userResetToDfu = (): Bytes => message(CLASS.user, USER.resetToDfu);

/** `20 02 <class> <id> <result LE>` */
export const response = (klass: number, id: number, result: number): Bytes =>
  message(klass, id, u16le(result));

/** `a0 04 00 00 <version LE>`: `a0 04 00 00 01 00 04 02` is version 2.4.1. */
export const dfuBootEvent = (version: number): Bytes =>
  encodeFrame({ kind: 'event', class: CLASS.dfu, id: DFU_EVENT.boot, payload: u32le(version) });

/** `a0 02 00 01 <reason LE>`: the application can not be started. A dfu_boot event follows. */
export const dfuBootFailureEvent = (reason: number): Bytes =>
  encodeFrame({ kind: 'event', class: CLASS.dfu, id: DFU_EVENT.bootFailure, payload: u16le(reason) });

export interface SystemBoot {
  major: number;
  minor: number;
  patch: number;
  build: number;
  bootloader: number;
  hardware: number;
  hash: number;
}

/** `a0 12 01 00 <major minor patch build, 16 bits each> <bootloader 32> <hardware 16> <hash 32>`: the application has started. */
export const systemBootEvent = (b: SystemBoot): Bytes =>
  encodeFrame({
    kind: 'event',
    class: CLASS.system,
    id: SYSTEM_EVENT.boot,
    payload: concat([
      u16le(b.major),
      u16le(b.minor),
      u16le(b.patch),
      u16le(b.build),
      u32le(b.bootloader),
      u16le(b.hardware),
      u32le(b.hash),
    ]),
  });

/** The result in a response; `undefined` when the payload is not one. */
export function resultOf(frame: Frame): number | undefined {
  return frame.payload.length === 2 ? new ByteReader(frame.payload).u16(0) : undefined;
}

/** The bootloader version in a dfu_boot event; `undefined` when the frame is no such event. */
export function dfuBootVersion(frame: Frame): number | undefined {
  return isEvent(frame, CLASS.dfu, DFU_EVENT.boot) && frame.payload.length === 4
    ? new ByteReader(frame.payload).u32(0)
    : undefined;
}

/** Whether it is a dfu_boot_failure event. */
export const isBootFailure = (frame: Frame): boolean => isEvent(frame, CLASS.dfu, DFU_EVENT.bootFailure);

/** The content of a system_boot event; `undefined` when the frame is no such event. */
export function decodeSystemBoot(frame: Frame): SystemBoot | undefined {
  if (!isEvent(frame, CLASS.system, SYSTEM_EVENT.boot) || frame.payload.length !== 18) return undefined;
  const reader = new ByteReader(frame.payload);
  return {
    major: reader.u16(0),
    minor: reader.u16(2),
    patch: reader.u16(4),
    build: reader.u16(6),
    bootloader: reader.u32(8),
    hardware: reader.u16(12),
    hash: reader.u32(14),
  };
}

/** Whether it is that event. */
export function isEvent(frame: Frame, klass: number, id: number): boolean {
  return frame.kind === 'event' && frame.class === klass && frame.id === id;
}

/** A bootloader's version, 0x02040001, as people write it: 2.4.1. */
export const dottedVersion = (version: number): string =>
  `${version >>> 24}.${(version >>> 16) & 0xff}.${version & 0xffff}`;

/**
 * Takes bytes in any pieces, gives frames and the bytes that belong to no frame.
 * Resynchronises as Silicon Labs' host library does: a first byte with `(b & 0x78) == 0x20`, the device type, starts a
 * frame.
 */
export class FrameDecoder {
  readonly #type: DeviceType;
  #pending: Bytes = new Uint8Array();

  constructor(type: DeviceType = DEVICE_TYPE.gecko) {
    this.#type = type;
  }

  push(bytes: Bytes): Decoded[] {
    const all = concat([this.#pending, bytes]);
    const reader = new ByteReader(all);
    const out: Decoded[] = [];
    let at = 0;
    let noise = 0;
    const endNoise = () => {
      if (noise < at) out.push({ discarded: all.slice(noise, at) });
    };
    while (at < all.length) {
      if ((reader.u8(at) & DEVICE_TYPE_BITS) !== this.#type) {
        at++;
        continue;
      }
      if (all.length - at < 2) break;
      const length = ((reader.u8(at) & 0x07) << 8) | reader.u8(at + 1);
      if (length > MAX_RECEIVED_PAYLOAD_BYTES) {
        at++;
        continue;
      }
      const end = at + HEADER_BYTES + length;
      if (end > all.length) break;
      endNoise();
      out.push({
        frame: {
          kind: (reader.u8(at) & 0x80) === 0 ? 'message' : 'event',
          class: reader.u8(at + 2),
          id: reader.u8(at + 3),
          payload: all.slice(at + HEADER_BYTES, end),
        },
      });
      at = end;
      noise = at;
    }
    endNoise();
    this.#pending = all.slice(at);
    return out;
  }

  /** How many bytes there are of a frame that began and did not end yet. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  /** Gives up a frame that began and did not end: its first byte was noise, behind it a real frame may have begun. */
  resync(): Decoded[] {
    const rest = this.flush();
    if (rest.length === 0) return [];
    return [{ discarded: rest.slice(0, 1) }, ...this.push(rest.slice(1))];
  }

  /** Gives up a frame that began and did not end; returns its bytes. */
  flush(): Bytes {
    const rest = this.#pending;
    this.#pending = new Uint8Array();
    return rest;
  }
}
