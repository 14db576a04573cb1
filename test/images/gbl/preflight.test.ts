import { describe, expect, test } from 'vitest';
import { concat, u32le } from '../../../src/core/bytes.ts';
import { decodeGbl } from '../../../src/images/gbl/codec.ts';
import { preflightGbl } from '../../../src/images/gbl/preflight.ts';
import { findPart } from '../../../src/images/parts.ts';
import { bytesOf, gblFile, type Name, prog } from './files.ts';

const PAGE = 8192;
const BG22 = findPart('efr32bg22f352');

function rules(...programs: [number, number, Name?][]) {
  const tags = programs.map(([at, length, name = 'prog']) => [name, prog(at, bytesOf(length))] as const);
  return preflightGbl(decodeGbl(gblFile(tags)), BG22).map(({ rule, address }) => [rule, address]);
}

describe('erasing', () => {
  test('a program at the start of a page, and one that goes on in a page it reached, are fine', () => {
    expect(rules([0x6000, PAGE + 16])).toEqual([]);
    expect(rules([0x6000, 172], [0x6200, 100])).toEqual([]);
    expect(rules([0x6000, PAGE + 4], [0x8004, 100])).toEqual([]);
  });
  test('a program within a page that nothing erased is not', () => {
    expect(rules([0x6200, 100])).toEqual([['page-not-erased', 0x6200]]);
    expect(rules([0x6000, PAGE], [0x8004, 100])).toEqual([['page-not-erased', 0x8004]]);
    expect(rules([0x6200, 100], [0x6000, 100])).toEqual([['page-not-erased', 0x6200]]);
  });
  test('a page that begins inside a program is erased by it', () => {
    expect(rules([0x6000, 16], [0x7ffc, 8], [0x8004, 4])).toEqual([]);
  });
  test('behind compressed data nothing is claimed', () => {
    expect(rules([0x6000, 50, 'prog-lz4'], [0x8004, 100])).toEqual([['needs-decompression', undefined]]);
  });
  test('without a part only what lies within a page everywhere is told', () => {
    const gbl = decodeGbl(gblFile([['prog', prog(0x6800, bytesOf(4))]]));
    expect(preflightGbl(gbl)).toEqual([]);
    expect(preflightGbl(decodeGbl(gblFile([['prog', prog(0x6804, bytesOf(4))]])))).toMatchObject([
      { rule: 'page-not-erased' },
    ]);
  });
});

test('a program that does not begin on a word', () => {
  expect(rules([0x6000, 100], [0x6066, 4])).toEqual([['not-word-aligned', 0x6066]]);
});

test('a program outside the flash of applications', () => {
  expect(rules([0x4000, 100])).toEqual([['outside-application', 0x4000]]);
  expect(rules([0x56000, PAGE])).toEqual([]);
  expect(rules([0x56000, PAGE + 1])).toEqual([['outside-application', 0x56000]]);
});

test('bootloader and application in one file', () => {
  const gbl = decodeGbl(
    gblFile([
      ['bootloader', concat([u32le(1), u32le(0), bytesOf(4)])],
      ['prog', prog(0x6000, bytesOf(4))],
    ]),
  );
  expect(preflightGbl(gbl, BG22).map(({ rule }) => rule)).toEqual(['bootloader-with-application']);
});

test('deltas need a component too', () => {
  const delta = concat([u32le(0), u32le(100), u32le(0x6000), bytesOf(4)]);
  expect(preflightGbl(decodeGbl(gblFile([['delta', delta]])), BG22)).toMatchObject([
    { rule: 'needs-decompression' },
  ]);
});
