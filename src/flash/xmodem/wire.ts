import { type Bytes, concat } from '../../core/bytes.ts';

/**
 * XMODEM with CRC, as Gecko's menu bootloader takes it: blocks of 128 bytes, one at a time, each answered.
 *
 * | offset | bytes | meaning |
 * |---|---|---|
 * | 0 | 1 | SOH, 0x01 |
 * | 1 | 1 | number, from 1, modulo 256 |
 * | 2 | 1 | 255 - number |
 * | 3 | 128 | data |
 * | 131 | 2 | CRC-16 of the data, high byte first |
 *
 * Example, block 1 of 128 bytes 0xff: `01 01 fe` (128 x `ff`) `ed a9`; the answer to a good one is `06`.
 * Sources: Chuck Forsberg, XMODEM/YMODEM Protocol Reference (1988); Silicon Labs `btl_comm_xmodem.c`.
 */
export const CONTROL = {
  soh: 0x01,
  /** Ctrl-C: leaves a transfer. */
  etx: 0x03,
  eot: 0x04,
  ack: 0x06,
  nak: 0x15,
  can: 0x18,
  /** The receiver is ready, and wants CRCs. */
  c: 0x43,
} as const;

export const BLOCK_BYTES = 128;
export const PACKET_BYTES = 3 + BLOCK_BYTES + 2;
/**
 * What fills up the last block: erased flash. The bootloader passes over what follows the end of the image in that
 * block; a whole block behind it would end the upload as a failure.
 */
const PAD_BYTE = 0xff;

/** The keys of the menu. */
export const KEY = { upload: 0x31, run: 0x32, info: 0x33 } as const;

/** Wakes a menu: newline, which older ones want first, and the key that changes nothing. Each prints the menu. */
export const WAKE: Bytes = Uint8Array.of(0x0a, KEY.info);
/** Leaves a transfer on either side. */
export const CANCEL: Bytes = Uint8Array.of(CONTROL.can, CONTROL.can, CONTROL.can);

/** CRC-16/XMODEM: polynomial 0x1021, initial value 0, nothing reflected; 0x31c3 over `123456789`. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc;
}

/** `data` of at most 128 bytes as a packet. `index` counts the blocks from 0. */
export function encodePacket(index: number, data: Uint8Array): Bytes {
  if (data.length > BLOCK_BYTES) throw new RangeError('a block has at most 128 bytes');
  const block = new Uint8Array(BLOCK_BYTES).fill(PAD_BYTE);
  block.set(data);
  const number = (index + 1) & 0xff;
  const crc = crc16(block);
  return concat([
    Uint8Array.of(CONTROL.soh, number, 0xff - number),
    block,
    Uint8Array.of(crc >> 8, crc & 0xff),
  ]);
}

export type PacketFault = 'complement' | 'crc';

/** A packet's number and data, or what is wrong with it. Throws RangeError for what has not the length of one. */
export function decodePacket(packet: Bytes): { number: number; data: Bytes } | PacketFault {
  if (packet.length !== PACKET_BYTES) throw new RangeError('a packet has 133 bytes');
  const [, number = 0, complement = 0] = packet;
  if (number + complement !== 0xff) return 'complement';
  const data = packet.slice(3, 3 + BLOCK_BYTES);
  const [high = 0, low = 0] = packet.subarray(3 + BLOCK_BYTES);
  return crc16(data) === ((high << 8) | low) ? { number, data } : 'crc';
}
