import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex, utf8 } from '../../../src/core/bytes.ts';
import { crc16, decodePacket, encodePacket } from '../../../src/flash/xmodem/wire.ts';

describe('packets', () => {
  test('CRC-16/XMODEM has its check value', () => {
    expect(crc16(utf8('123456789'))).toBe(0x31c3);
    expect(crc16(new Uint8Array())).toBe(0);
  });

  test('the example of the documentation', () => {
    expect(toHex(encodePacket(0, new Uint8Array(128).fill(0xff)))).toBe(`0101fe${'ff'.repeat(128)}eda9`);
  });

  test('numbers begin at 1 and wrap; what is missing of a block is erased flash', () => {
    expect([0, 254, 255, 256].map((index) => encodePacket(index, new Uint8Array(1))[1])).toEqual([
      1, 255, 0, 1,
    ]);
    expect(toHex(encodePacket(3, Uint8Array.of(7)).slice(0, 6))).toBe('0104fb07ffff');
    expect(() => encodePacket(0, new Uint8Array(129))).toThrow(RangeError);
  });

  test('whatever is sent is taken as it was; a byte that changed on the way is not', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.uint8Array({ minLength: 1, maxLength: 128 }),
        fc.integer({ min: 1, max: 132 }),
        fc.integer({ min: 1, max: 255 }),
        (index, data, at, change) => {
          const packet = encodePacket(index, data);
          const decoded = decodePacket(packet);
          if (typeof decoded === 'string') throw new Error(decoded);
          expect(decoded.number).toBe((index + 1) & 0xff);
          expect([...decoded.data.subarray(0, data.length)]).toEqual([...data]);
          packet[at] = (packet[at] ?? 0) ^ change;
          expect(decodePacket(packet)).toBe(at < 3 ? 'complement' : 'crc');
        },
      ),
    );
  });
});
