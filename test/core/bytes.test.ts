import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ByteReader,
  concat,
  equalBytes,
  firstDifference,
  fromBase64,
  fromHex,
  hex32,
  parseHex32,
  toBase64,
  toHex,
  u16le,
  u32le,
  utf8,
} from '../../src/core/bytes.ts';
import { CRC32_ENGINES, crc32 } from '../../src/core/crc32.ts';
import { printableLine, shown } from '../../src/core/text.ts';

const bytes = () => fc.uint8Array().map((b) => Uint8Array.from(b));

describe('byte strings as text', () => {
  test('hex and base64 agree with Node and come back', () => {
    fc.assert(
      fc.property(bytes(), (b) => {
        expect(toHex(b)).toBe(Buffer.from(b).toString('hex'));
        expect(toBase64(b)).toBe(Buffer.from(b).toString('base64'));
        expect(fromHex(toHex(b))).toEqual(b);
        expect(fromBase64(toBase64(b))).toEqual(b);
      }),
    );
  });

  test('only the canonical base64 is read', () => {
    for (const text of ['QQ', 'QQ=', 'QR==', 'QUI', ' QUI=', 'QUI=\n', 'QU-_', '=', 'Q===', 'QQ==QQ==']) {
      expect(fromBase64(text)).toBeUndefined();
    }
    expect(fromBase64('')).toEqual(new Uint8Array());
  });

  test('only whole hex is read', () => {
    for (const text of ['0', '0x00', 'gg', '00 ', '+1']) expect(fromHex(text)).toBeUndefined();
  });

  test('32-bit values have one form', () => {
    expect(hex32(0xffffffff)).toBe('0xffffffff');
    expect(hex32(-1)).toBe('0xffffffff');
    expect(parseHex32('0x00006000')).toBe(0x6000);
    for (const text of ['0x6000', '0X00006000', '0x0000600A', '24576', '0x000060000']) {
      expect(parseHex32(text)).toBeUndefined();
    }
  });
});

describe('bytes', () => {
  test('join, compare and differ', () => {
    const joined = concat([Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)]);
    expect(joined).toEqual(Uint8Array.of(1, 2, 3));
    expect(equalBytes(joined, Uint8Array.of(1, 2, 3))).toBe(true);
    expect(equalBytes(joined, Uint8Array.of(1, 2))).toBe(false);
    expect(firstDifference(joined, Uint8Array.of(1, 9, 3))).toBe(1);
    expect(firstDifference(joined, Uint8Array.of(1, 2))).toBe(2);
  });

  test('little-endian integers come back, 32 bits unsigned', () => {
    const reader = new ByteReader(concat([u16le(0xfedc), u32le(0xfedcba98)]));
    expect([reader.u8(0), reader.u16(0), reader.u32(2)]).toEqual([0xdc, 0xfedc, 0xfedcba98]);
    expect(() => reader.u32(3)).toThrow(RangeError);
    expect(() => reader.slice(2, 7)).toThrow(RangeError);
  });

  test('CRC-32 has the published check value, unsigned, and continues', () => {
    expect(crc32(utf8('123456789'))).toBe(0xcbf43926);
    expect(crc32(utf8('6789'), crc32(utf8('12345')))).toBe(0xcbf43926);
  });
});

test('both engines of CRC-32 are there, and agree, from any start', () => {
  expect(CRC32_ENGINES.native).not.toBe(CRC32_ENGINES.portable);
  fc.assert(
    fc.property(bytes(), fc.nat(0xffffffff), (b, previous) => {
      expect(CRC32_ENGINES.native(b, previous)).toBe(CRC32_ENGINES.portable(b, previous));
    }),
  );
});

describe('text from outside', () => {
  test('is shown without anything that acts on a terminal', () => {
    expect(shown('a\x1b[31m\\\u00e9\n')).toBe('a\\x1b[31m\\\\\\xc3\\xa9\\x0a');
    expect(printableLine('ok\x1b]0;x\x07')).toBe('ok\\x1b]0;x\\x07');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(shown(text)).toMatch(/^[\x20-\x7e]*$/);
        expect(printableLine(text)).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });

  test('is cut at 256 characters', () => {
    expect(shown('x'.repeat(256))).toBe('x'.repeat(256));
    expect(shown('x'.repeat(257))).toBe(`${'x'.repeat(256)}...`);
  });
});
