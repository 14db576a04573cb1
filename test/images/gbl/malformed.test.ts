import { describe, expect, test } from 'vitest';
import { type Bytes, concat, u32le } from '../../../src/core/bytes.ts';
import type { ErrorCode } from '../../../src/core/errors.ts';
import { decodeGbl } from '../../../src/images/gbl/codec.ts';
import { MAX_GBL_TAGS } from '../../../src/images/gbl/tag-stream.ts';
import { bytesOf, finished, gblFile, ID, prog } from './files.ts';

// Nothing but files that a bootloader refuses: each with its code and the offset of what is wrong.
const PROG = ['prog', prog(0x6000, bytesOf(8))] as const;
const APPLICATION = ['application', bytesOf(28)] as const;
const SIGNATURE = ['signature', bytesOf(64)] as const;
const ENC_INIT = ['enc-init', bytesOf(16)] as const;
const CIPHER = ['enc-gbl-data', bytesOf(24)] as const;
const GOOD = gblFile([APPLICATION, PROG]);
const dependency = (...bytes: number[]): Bytes => gblFile([['version-dependency', Uint8Array.from(bytes)]]);

const HEADER_END = 16;
const APPLICATION_END = HEADER_END + 8 + 28;
const PROG_END = APPLICATION_END + 8 + 12;

test('the file that the others are bent from is good', () => {
  expect(decodeGbl(GOOD).endOffset).toBe(PROG_END + 12);
});

function changed(file: Bytes, offset: number, ...bytes: number[]): Bytes {
  const copy = file.slice();
  copy.set(bytes, offset);
  return copy;
}

const CASES: readonly (readonly [what: string, code: ErrorCode, offset: number, file: Bytes])[] = [
  ['no bytes', 'image.gbl-header', 0, bytesOf(0)],
  ['three bytes', 'image.gbl-header', 0, GOOD.slice(0, 3)],
  ['no header', 'image.gbl-header', 0, finished([PROG])],
  ['a GBL v4 file', 'image.gbl-header', 0, changed(GOOD, 0, 0xeb, 0x17, 0xa6, 0x84)],
  ['the header read big-endian', 'image.gbl-header', 0, changed(GOOD, 0, 0x03, 0xa6, 0x17, 0xeb)],
  ['header version 2', 'image.gbl-header', 8, changed(GOOD, 11, 2)],
  ['header version 4', 'image.gbl-header', 8, changed(GOOD, 11, 4)],
  ['an unknown type bit', 'image.gbl-type', 12, gblFile([PROG], 2)],
  ['a type bit at the top', 'image.gbl-type', 12, gblFile([PROG], 0x80000000)],
  ['a header of 12 bytes', 'image.gbl-tag-length', 0, finished([['header', bytesOf(12)], PROG])],
  ['two headers', 'image.gbl-tag-repeated', 16, gblFile([['header', bytesOf(8)]])],

  ['an unknown tag', 'image.gbl-unknown-tag', HEADER_END, gblFile([[0x12345678, bytesOf(4)], PROG])],
  [
    'the obsolete encryption header',
    'image.gbl-unknown-tag',
    HEADER_END,
    gblFile([[0xfb0505fb, bytesOf(12)]]),
  ],
  ['a byte-swapped SE tag', 'image.gbl-unknown-tag', HEADER_END, gblFile([[0xeb17a65e, bytesOf(12)]])],
  ['the image magic as a tag', 'image.gbl-unknown-tag', HEADER_END, gblFile([[0xe35050e3, bytesOf(4)]])],

  ['program before application', 'image.gbl-tag-order', 36, gblFile([PROG, APPLICATION])],
  [
    'dependency behind application',
    'image.gbl-tag-order',
    APPLICATION_END,
    gblFile([APPLICATION, ['version-dependency', Uint8Array.of(1, 6, 0, 0, 1, 0, 0, 0)]]),
  ],
  ['program behind signature', 'image.gbl-tag-order', 88, gblFile([SIGNATURE, PROG], 0x100)],
  [
    'certificate behind signature',
    'image.gbl-tag-order',
    88,
    gblFile([SIGNATURE, ['certificate', bytesOf(136)]], 0x100),
  ],
  ['ciphertext behind signature', 'image.gbl-tag-order', 112, gblFile([ENC_INIT, SIGNATURE, CIPHER], 0x101)],
  ['SE upgrade behind a program', 'image.gbl-tag-order', 36, gblFile([PROG, ['se-upgrade', bytesOf(12)]])],

  ['two application tags', 'image.gbl-tag-repeated', APPLICATION_END, gblFile([APPLICATION, APPLICATION])],
  [
    'two bootloader tags',
    'image.gbl-tag-repeated',
    36,
    gblFile([
      ['bootloader', bytesOf(12)],
      ['bootloader', bytesOf(12)],
    ]),
  ],
  [
    'two SE upgrades',
    'image.gbl-tag-repeated',
    36,
    gblFile([
      ['se-upgrade', bytesOf(12)],
      ['se-upgrade', bytesOf(12)],
    ]),
  ],
  ['two signatures', 'image.gbl-tag-repeated', 88, gblFile([SIGNATURE, SIGNATURE], 0x100)],
  ['two enc-init tags', 'image.gbl-tag-repeated', 40, gblFile([ENC_INIT, ENC_INIT, CIPHER], 1)],

  [
    'an application tag of 24 bytes',
    'image.gbl-tag-length',
    HEADER_END,
    gblFile([['application', bytesOf(24)]]),
  ],
  [
    'an application tag of 32 bytes',
    'image.gbl-tag-length',
    HEADER_END,
    gblFile([['application', bytesOf(32)]]),
  ],
  ['a program without data', 'image.gbl-tag-length', HEADER_END, gblFile([['prog', bytesOf(4)]])],
  ['a program without address', 'image.gbl-tag-length', HEADER_END, gblFile([['eraseprog', bytesOf(0)]])],
  ['a bootloader without image', 'image.gbl-tag-length', HEADER_END, gblFile([['bootloader', bytesOf(8)]])],
  [
    'a certificate of 135 bytes',
    'image.gbl-tag-length',
    HEADER_END,
    gblFile([['certificate', bytesOf(135)], SIGNATURE], 0x100),
  ],
  [
    'a signature of 63 bytes',
    'image.gbl-tag-length',
    HEADER_END,
    gblFile([['signature', bytesOf(63)]], 0x100),
  ],
  ['an end tag of 8 bytes', 'image.gbl-tag-length', PROG_END, changed(GOOD, PROG_END + 4, 8)],
  ['an end tag of 0 bytes', 'image.gbl-tag-length', PROG_END, changed(GOOD, PROG_END + 4, 0)],
  ['12 bytes of dependencies', 'image.gbl-tag-length', 24, dependency(1, 6, 0, 0, 1, 0, 0, 0, 1, 6, 0, 0)],

  [
    'a length that runs out of the file',
    'image.gbl-truncated',
    APPLICATION_END,
    changed(GOOD, APPLICATION_END + 4, 0xff),
  ],
  [
    'the largest length there is',
    'image.gbl-truncated',
    APPLICATION_END,
    changed(GOOD, APPLICATION_END + 4, 0xff, 0xff, 0xff, 0xff),
  ],
  ['no end tag', 'image.gbl-truncated', PROG_END, GOOD.slice(0, PROG_END)],
  ['half a tag header', 'image.gbl-truncated', PROG_END, GOOD.slice(0, PROG_END + 7)],
  ['an end tag without CRC', 'image.gbl-truncated', PROG_END, GOOD.slice(0, PROG_END + 8)],
  ['a program cut short', 'image.gbl-truncated', APPLICATION_END, GOOD.slice(0, PROG_END - 1)],

  ['ciphertext in a file that says plain', 'image.gbl-type', HEADER_END, gblFile([ENC_INIT, CIPHER])],
  ['a plain program in a file that says encrypted', 'image.gbl-type', 40, gblFile([ENC_INIT, PROG], 1)],
  [
    'a plain application in a file that says encrypted',
    'image.gbl-type',
    40,
    gblFile([ENC_INIT, APPLICATION, CIPHER], 1),
  ],
  [
    'metadata beside ciphertext',
    'image.gbl-type',
    40,
    gblFile([ENC_INIT, ['metadata', bytesOf(4)], CIPHER], 1),
  ],
  [
    'a staged SE upgrade beside ciphertext',
    'image.gbl-type',
    40,
    gblFile([ENC_INIT, ['se-upgrade', bytesOf(12)], CIPHER], 1),
  ],
  ['a plain program behind ciphertext', 'image.gbl-type', 72, gblFile([ENC_INIT, CIPHER, PROG], 1)],
  ['ciphertext without enc-init', 'image.gbl-type', HEADER_END, gblFile([CIPHER], 1)],
  ['encrypted without ciphertext', 'image.gbl-type', 12, gblFile([ENC_INIT], 1)],
  ['encrypted without anything', 'image.gbl-type', 12, gblFile([], 1)],
  ['signed without signature', 'image.gbl-type', 12, gblFile([PROG], 0x100)],
  ['a signature in a file that says unsigned', 'image.gbl-type', 12, gblFile([PROG, SIGNATURE])],
  [
    'a certificate in a file that says unsigned',
    'image.gbl-type',
    HEADER_END,
    gblFile([['certificate', bytesOf(136)]]),
  ],

  [
    'a program past the last address',
    'image.gbl-address',
    HEADER_END,
    gblFile([['prog', prog(0xfffffffc, bytesOf(5))]]),
  ],
  [
    'a bootloader past the last address',
    'image.gbl-address',
    HEADER_END,
    gblFile([['bootloader', concat([u32le(1), u32le(0xfffffff8), bytesOf(9)])]]),
  ],
  [
    'a delta past the last address',
    'image.gbl-address',
    HEADER_END,
    gblFile([['delta', concat([u32le(1), u32le(0x101), u32le(0xffffff00), bytesOf(1)])]]),
  ],

  ['a dependency of image 0', 'image.gbl-version-dependency', 24, dependency(0, 6, 0, 0, 1, 0, 0, 0)],
  ['a dependency of image 4', 'image.gbl-version-dependency', 24, dependency(4, 6, 0, 0, 1, 0, 0, 0)],
  ['operator 10', 'image.gbl-version-dependency', 24, dependency(1, 0x0a, 0, 0, 1, 0, 0, 0)],
  [
    'connective 4, in the second entry',
    'image.gbl-version-dependency',
    32,
    dependency(1, 6, 0, 0, 1, 0, 0, 0, 1, 0x46, 0, 0, 1, 0, 0, 0),
  ],
  ['a reserved byte that is set', 'image.gbl-version-dependency', 24, dependency(1, 6, 0, 1, 1, 0, 0, 0)],

  ['a flipped payload bit', 'image.gbl-crc', PROG_END + 8, changed(GOOD, PROG_END - 1, 1)],
  [
    'a flipped CRC bit',
    'image.gbl-crc',
    PROG_END + 8,
    changed(GOOD, PROG_END + 8, (GOOD[PROG_END + 8] ?? 0) ^ 1),
  ],
  [
    'a CRC stored big-endian',
    'image.gbl-crc',
    PROG_END + 8,
    changed(GOOD, PROG_END + 8, ...GOOD.slice(PROG_END + 8).reverse()),
  ],

  ['a second file behind the first', 'image.gbl-tail', PROG_END + 12, concat([GOOD, GOOD])],
  [
    'a byte behind the end that is not 0xff',
    'image.gbl-tail',
    PROG_END + 13,
    concat([GOOD, Uint8Array.of(0xff, 0xfe)]),
  ],
  ['zeros behind the end', 'image.gbl-tail', PROG_END + 12, concat([GOOD, bytesOf(2)])],
  ['a whole alignment of padding', 'image.gbl-tail', PROG_END + 12, concat([GOOD, bytesOf(4, 0xff)])],

  [
    'more tags than any file has',
    'image.gbl-too-many-tags',
    16 + 8 * (MAX_GBL_TAGS - 1),
    gblFile(Array.from({ length: MAX_GBL_TAGS }, () => ['metadata', bytesOf(0)] as const)),
  ],
];

describe('refused', () => {
  test.each(CASES)('%s', (_what, code, offset, file) => {
    expect(() => decodeGbl(file)).toThrow(
      expect.objectContaining({ code, facts: expect.objectContaining({ offset }) }),
    );
  });

  test('with a place in the message that a hex viewer finds', () => {
    expect(() => decodeGbl(changed(GOOD, PROG_END - 1, 1))).toThrow(/offset 0x00000050/);
  });
});

test('none of the 18 tags of the format is taken for an unknown one', () => {
  const known = Object.values(ID);
  expect(new Set(known).size).toBe(18);
  for (const id of known) {
    expect(() => decodeGbl(gblFile([[id, bytesOf(0)]]))).not.toThrow(
      expect.objectContaining({ code: 'image.gbl-unknown-tag' }),
    );
  }
});
