import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, utf8 } from '../../src/core/bytes.ts';
import { DfuError } from '../../src/core/errors.ts';
import { recognise, recogniseImage } from '../../src/images/recognise.ts';

const bytes = (...list: number[]): Bytes => Uint8Array.from(list);
const zip = (name: string): Bytes =>
  concat([bytes(0x50, 0x4b, 3, 4), new Uint8Array(22), bytes(name.length, 0, 0, 0), utf8(name), utf8('{}')]);

const IHEX = ':10010000214601360121470136007EFE09D2190140\r\n:00000001FF\r\n';
const SREC_DATA = 'S11F00007C0802A6900100049421FFF07C6C1B787C8C23783C6000003863000026';
const SREC = 'S00F000068656C6C6F202020202000003C\nS9030000FC\n';

describe('input is recognised by its bytes', () => {
  test.each<[string, Bytes, string]>([
    ['GBL v3', bytes(0xeb, 0x17, 0xa6, 0x03), 'gbl3'],
    ['GBL v4', bytes(0xeb, 0x17, 0xa6, 0x84), 'gbl4'],
    ['EBL', bytes(0, 0, 0, 0x8c, 2, 2, 0xe3, 0x50), 'ebl'],
    ['ELF', bytes(0x7f, 0x45, 0x4c, 0x46, 1, 1), 'elf'],
    ['Intel HEX', utf8(IHEX), 'intel-hex'],
    ['Intel HEX, one extended address record', utf8(':020000040800F2'), 'intel-hex'],
    ['Intel HEX in small letters', utf8(IHEX.toLowerCase()), 'intel-hex'],
    ['S-record', utf8(SREC), 's-record'],
    ['S-record with data first', utf8(`${SREC_DATA}\n`), 's-record'],
    ['half an S-record', utf8(`${SREC_DATA.slice(0, 42)}\n`), 'raw'],
    ['ZIP', zip('firmware.bin'), 'zip'],
    ['an empty ZIP', bytes(0x50, 0x4b, 5, 6), 'zip'],
    ['ZIP with a longer first name', zip('manifest.json5'), 'zip'],
    ['a package', zip('manifest.json'), 'package'],
    ['nothing', bytes(), 'raw'],
    ['a vector table', bytes(0, 0x80, 0, 0x20, 0x41, 0x61, 0, 0), 'raw'],
    ['a colon', utf8(':'), 'raw'],
    ['HEX with a wrong checksum', utf8(IHEX.replace('40\r', '41\r')), 'raw'],
    ['HEX with a wrong length', utf8(':0F010000214601360121470136007EFE09D2190141\n'), 'raw'],
    ['S-record with a wrong length', utf8(SREC.replace('S00F', 'S00E').replace('3C', '3D')), 'raw'],
    ['S-record with a wrong checksum', utf8(SREC.replace('3C', '3D')), 'raw'],
    ['prose', utf8('S is for sugar\n'), 'raw'],
  ])('%s', (_what, input, kind) => {
    expect(recognise(input).kind).toBe(kind);
  });

  test('whatever the bytes', () => {
    const start = fc.constantFrom(utf8(':'), utf8('S1'), bytes(0x50, 0x4b, 3, 4), bytes(0, 0), bytes());
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 80 }), (beginning, rest) => {
        expect(recognise(concat([beginning, rest])).name).toMatch(/^an? /);
      }),
    );
  });
});

describe('what can be packed', () => {
  test('is raw and GBL v3', () => {
    expect(recogniseImage(bytes(1, 2, 3))).toBe('raw');
    expect(recogniseImage(bytes(0xeb, 0x17, 0xa6, 0x03))).toBe('gbl3');
  });
  test('is not nothing', () => {
    expect(() => recogniseImage(bytes())).toThrow(expect.objectContaining({ code: 'image.empty' }));
  });
  test.each<[string, Bytes, RegExp, RegExp]>([
    ['gbl4', bytes(0xeb, 0x17, 0xa6, 0x84), /GBL v4/, /Series 3/],
    ['ebl', bytes(0, 0, 0, 0x8c, 2, 2, 0xe3, 0x50), /EBL/, /GBL v3/],
    ['elf', bytes(0x7f, 0x45, 0x4c, 0x46), /ELF/, /objcopy -O binary/],
    ['intel-hex', utf8(IHEX), /Intel HEX/, /-I ihex/],
    ['s-record', utf8(SREC), /S-record/, /-I srec/],
    ['zip', zip('a'), /ZIP/, /Unpack/],
    ['package', zip('manifest.json'), /DFU package/, /dfu-verify/],
  ])('is not %s, which is refused by name and with a way out', (kind, input, name, cure) => {
    try {
      recogniseImage(input);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof DfuError)) throw error;
      expect(error).toMatchObject({ code: 'image.unsupported-format', facts: { found: kind } });
      expect(error.message).toMatch(name);
      expect(error.cure).toMatch(cure);
    }
  });
});
