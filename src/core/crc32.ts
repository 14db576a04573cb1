import CRC32 from 'crc-32';

type Crc32 = (bytes: Uint8Array, previous: number) => number;

const portable: Crc32 = (bytes, previous) => CRC32.buf(bytes, previous) >>> 0;

/** Node's own, where there is one: compiled, it needs no warming up, which is most of the time over 512 KiB. */
const native = (
  globalThis as { process?: { getBuiltinModule?: (name: string) => { crc32?: Crc32 } | undefined } }
).process?.getBuiltinModule?.('node:zlib')?.crc32;

/** The ways to compute it; tests run the same bytes over each. */
export const CRC32_ENGINES = { portable, native: native ?? portable };

/**
 * CRC-32/ISO-HDLC (the one of zlib, ZIP and GBL) as an unsigned number. Check value over "123456789": 0xcbf43926.
 * `previous` continues the CRC of the bytes before.
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  return CRC32_ENGINES.native(bytes, previous);
}
