import CRC32 from 'crc-32';

/**
 * CRC-32/ISO-HDLC (the one of zlib, ZIP and GBL) as an unsigned number. Check value over "123456789": 0xcbf43926.
 * `previous` continues the CRC of the bytes before.
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  return CRC32.buf(bytes, previous) >>> 0;
}
