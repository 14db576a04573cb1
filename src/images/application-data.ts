import { ByteReader, type Bytes, concat, u32le } from '../core/bytes.ts';

/** What an application says of itself: in its ApplicationProperties, and copied from there in a GBL application tag. */
export interface ApplicationData {
  /** Bits of `APPLICATION_TYPE_*` in `application_properties.h` (gecko_sdk); 0x20 is a Bluetooth application. */
  readonly type: number;
  readonly version: number;
  readonly capabilities: number;
  /** 16 bytes; all zero where the vendor assigned none. */
  readonly productId: Bytes;
}

/** Layout: u32 type, u32 version, u32 capabilities, u8 productId[16]; little-endian. */
export const APPLICATION_DATA_BYTES = 28;

/** Reads the 28 bytes at `offset`; throws RangeError where they are not there. */
export function decodeApplicationData(bytes: Bytes, offset: number): ApplicationData {
  const reader = new ByteReader(bytes);
  return {
    type: reader.u32(offset),
    version: reader.u32(offset + 4),
    capabilities: reader.u32(offset + 8),
    productId: reader.slice(offset + 12, offset + APPLICATION_DATA_BYTES).slice(),
  };
}

/** The 28 bytes. `productId` must have 16. */
export function encodeApplicationData(data: ApplicationData): Bytes {
  if (data.productId.length !== 16) throw new RangeError('a product id has 16 bytes');
  return concat([u32le(data.type), u32le(data.version), u32le(data.capabilities), data.productId]);
}
