import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, fromHex, toHex, u32le } from '../../../src/core/bytes.ts';
import { DfuError } from '../../../src/core/errors.ts';
import { decodeGbl, encodeGbl, programBytes, wrapRaw } from '../../../src/images/gbl/codec.ts';
import { GBL_TAGS } from '../../../src/images/gbl/tags.ts';
import { bytesOf, gblFile, goodFile, ID, prog } from './files.ts';

const NO_PRODUCT = new Uint8Array(16);
const hex = (text: string): Bytes => fromHex(text.replaceAll(' ', '')) ?? new Uint8Array();

// Put together by hand from the format's description, the CRC by zlib.
const SMALLEST = hex('eb17a603 08000000 00000003 00000000 fc0404fc 04000000 e94c9ae0');
const EIGHT_BYTES = hex(
  `eb17a603 08000000 00000003 00000000 f40a0af4 1c000000 20000000 03020100 00000000 ${'00'.repeat(16)}` +
    'fe0101fe 0c000000 00400000 00010203 04050607 fc0404fc 04000000 89437740',
);

describe('published vectors', () => {
  test('the smallest file holds nothing, and is what an empty list of tags encodes to', () => {
    expect(decodeGbl(SMALLEST)).toMatchObject({
      programs: [],
      encrypted: false,
      signed: false,
      endOffset: 28,
    });
    expect(toHex(encodeGbl([]))).toBe(toHex(SMALLEST));
  });

  test('a raw image is wrapped byte for byte', () => {
    const wrapped = wrapRaw({
      image: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7),
      startAddress: 0x4000,
      application: { type: 0x20, version: 0x00010203, capabilities: 0, productId: NO_PRODUCT },
    });
    expect(toHex(wrapped)).toBe(toHex(EIGHT_BYTES));
  });

  test('and comes out again as it was', () => {
    const gbl = decodeGbl(EIGHT_BYTES);
    expect(gbl.application).toMatchObject({ type: 0x20, version: 0x00010203, capabilities: 0 });
    expect(gbl.lowestAddress).toBe(0x4000);
    expect(programBytes(gbl)).toEqual({ address: 0x4000, bytes: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7) });
  });
});

describe('round trips', () => {
  test('whatever obeys the format is read tag for tag, and encodes to the same bytes', () => {
    fc.assert(
      fc.property(goodFile, ({ tags, file, encrypted, signed }) => {
        const gbl = decodeGbl(file);
        expect(gbl).toMatchObject({ encrypted, signed, endOffset: file.length });
        expect(gbl.tags.slice(1, -1).map(({ name, payload }) => [name, toHex(payload)])).toEqual(
          tags.map(([name, payload]) => [name, toHex(payload)]),
        );
        expect(toHex(encodeGbl(gbl.tags.slice(1, -1), { encrypted, signed }))).toBe(toHex(file));
      }),
    );
  });

  test('every tag tells where it stands', () => {
    fc.assert(
      fc.property(goodFile, ({ file }) => {
        let offset = 0;
        for (const tag of decodeGbl(file).tags) {
          expect(tag.offset).toBe(offset);
          expect(toHex(file.slice(offset + 8, offset + 8 + tag.length))).toBe(toHex(tag.payload));
          offset += 8 + tag.length;
        }
      }),
    );
  });

  test('a wrapped image of any size and place is found again, with its identity', () => {
    const word = fc.nat(0xffffffff);
    const bytes = (min: number, max: number) =>
      fc.uint8Array({ minLength: min, maxLength: max }).map((array) => array.slice());
    fc.assert(
      fc.property(bytes(1, 300), fc.nat(0xffffff00), word, word, word, bytes(16, 16), (...drawn) => {
        const [image, startAddress, type, version, capabilities, productId] = drawn;
        const application = { type, version, capabilities, productId };
        const gbl = decodeGbl(wrapRaw({ image, startAddress, application }));
        expect(gbl.application).toEqual(application);
        expect(programBytes(gbl)).toEqual({ address: startAddress, bytes: image });
        expect(gbl.lowestAddress).toBe(startAddress);
      }),
    );
  });
});

describe('damage', () => {
  test('any changed byte is refused', () => {
    fc.assert(
      fc.property(goodFile, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ file }, at, flip) => {
        const changed = file.slice();
        const index = at % file.length;
        changed[index] = (changed[index] ?? 0) ^ flip;
        expect(() => decodeGbl(changed)).toThrow(DfuError);
      }),
    );
  });

  test('any cut is refused', () => {
    fc.assert(
      fc.property(goodFile, fc.nat(), ({ file }, at) => {
        expect(() => decodeGbl(file.slice(0, at % file.length))).toThrow(DfuError);
      }),
    );
  });

  test('random bytes end in a value or a DfuError, with and without a good beginning', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 24 }),
      fc.constantFrom(...Object.values(ID)).map(u32le),
      fc.nat(80).map(u32le),
    );
    fc.assert(
      fc.property(fc.boolean(), fc.array(piece, { maxLength: 30 }), (begins, pieces) => {
        const file = concat(begins ? [SMALLEST.subarray(0, 16), ...pieces] : pieces);
        try {
          decodeGbl(file);
        } catch (error) {
          expect(error).toBeInstanceOf(DfuError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('tags in any other order are refused or obey the order', () => {
    const shuffled = goodFile.chain(({ tags, encrypted, signed }) =>
      fc
        .shuffledSubarray([...tags], { minLength: tags.length })
        .map((mixed) => gblFile(mixed, (encrypted ? 1 : 0) | (signed ? 0x100 : 0))),
    );
    const order = new Map(GBL_TAGS.map((rule) => [rule.name, rule.order]));
    fc.assert(
      fc.property(shuffled, (file) => {
        let gbl: ReturnType<typeof decodeGbl>;
        try {
          gbl = decodeGbl(file);
        } catch (error) {
          expect(error).toBeInstanceOf(DfuError);
          return;
        }
        const orders = gbl.tags
          .filter(({ name }) => name !== 'se-upgrade' && name !== 'enc-gbl-data')
          .map(({ name }) => order.get(name) ?? 0);
        expect(orders).toEqual([...orders].sort((a, b) => a - b));
      }),
    );
  });
});

describe('what is told', () => {
  test('the lowest address is that of any program tag, compressed ones included', () => {
    const file = gblFile([
      ['eraseprog', prog(0x9000, bytesOf(4))],
      ['prog-lzma', prog(0x6000, bytesOf(20))],
      ['prog-lz4', prog(0x8000, bytesOf(4))],
    ]);
    const gbl = decodeGbl(file);
    expect(gbl.lowestAddress).toBe(0x6000);
    expect(gbl.programs.map(({ tag, compression, address }) => [tag, compression, address])).toEqual([
      ['eraseprog', 'none', 0x9000],
      ['prog-lzma', 'lzma', 0x6000],
      ['prog-lz4', 'lz4', 0x8000],
    ]);
  });

  test('an encrypted file tells neither programs nor addresses', () => {
    const gbl = decodeGbl(
      gblFile(
        [
          ['enc-init', bytesOf(16)],
          ['enc-gbl-data', prog(0x6000, bytesOf(32))],
        ],
        1,
      ),
    );
    expect(gbl).toMatchObject({ encrypted: true, programs: [] });
    expect(gbl.lowestAddress).toBeUndefined();
    expect(gbl.application).toBeUndefined();
    expect(programBytes(gbl)).toBeUndefined();
  });

  test('bootloader, SE upgrade, delta and certificate with their fields', () => {
    const certificate = bytesOf(136);
    certificate.set(u32le(7), 68);
    const gbl = decodeGbl(
      gblFile(
        [
          ['se-upgrade', concat([u32le(3), u32le(0x00020202), bytesOf(3)])],
          ['bootloader', concat([u32le(0x02010001), u32le(0x0fe10000), bytesOf(12)])],
          ['delta', concat([u32le(0xdeadbeef), u32le(5000), u32le(0x6000), bytesOf(9)])],
          ['certificate', certificate],
          ['signature', bytesOf(64)],
        ],
        0x100,
      ),
    );
    expect(gbl).toMatchObject({
      signed: true,
      seUpgrade: { version: 0x00020202, blobBytes: 3 },
      bootloader: { version: 0x02010001, address: 0x0fe10000, length: 12 },
      deltas: [{ newCrc32: 0xdeadbeef, newBytes: 5000, address: 0x6000 }],
      certificateVersion: 7,
    });
  });

  test('two program tags are not one image', () => {
    const gbl = decodeGbl(
      gblFile([
        ['eraseprog', prog(0x4000, bytesOf(172))],
        ['eraseprog', prog(0x4200, bytesOf(100))],
      ]),
    );
    expect(programBytes(gbl)).toBeUndefined();
    expect(gbl.lowestAddress).toBe(0x4000);
  });

  test('padding with 0xff up to the alignment is no part of the file', () => {
    const padded = concat([SMALLEST, bytesOf(3, 0xff)]);
    expect(decodeGbl(padded).endOffset).toBe(28);
    expect(decodeGbl(concat([SMALLEST, bytesOf(15, 0xff)]), { alignment: 16 }).endOffset).toBe(28);
  });
});

describe('what can not be wrapped', () => {
  const application = { type: 0x20, version: 1, capabilities: 0, productId: NO_PRODUCT };
  test('an empty image', () => {
    expect(() => wrapRaw({ image: bytesOf(0), startAddress: 0, application })).toThrow(
      expect.objectContaining({ code: 'image.empty' }),
    );
  });
  test('an image that runs past the last address', () => {
    const image = bytesOf(16);
    expect(() => wrapRaw({ image, startAddress: 0xfffffff4, application })).toThrow(
      expect.objectContaining({ code: 'image.gbl-address' }),
    );
    expect(decodeGbl(wrapRaw({ image, startAddress: 0xfffffff0, application })).lowestAddress).toBe(
      0xfffffff0,
    );
  });
});
