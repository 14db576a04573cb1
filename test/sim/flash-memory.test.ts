import { describe, expect, test } from 'vitest';
import { u32le } from '../../src/core/bytes.ts';
import { FlashMemory, PowerLoss, type Torn } from '../../src/sim/index.ts';

const BASE = 0x1000;
const fresh = (contents?: Uint8Array) =>
  new FlashMemory({ baseAddress: BASE, sizeBytes: 1024, pageBytes: 256 }, contents);

describe('flash memory', () => {
  test('begins erased', () => {
    expect(fresh().contents()).toEqual(new Uint8Array(1024).fill(0xff));
  });

  test('keeps what was written, and what was given to it', () => {
    const flash = fresh(Uint8Array.of(1, 2, 3));
    flash.writeWord(BASE + 8, u32le(0x11223344));
    expect(flash.u32(BASE + 8)).toBe(0x11223344);
    expect([...flash.read(BASE, 4)]).toEqual([1, 2, 3, 0xff]);
    expect(flash.violations).toEqual([]);
  });

  test('writing only turns ones into zeros, and a word written twice is remembered as a violation', () => {
    const flash = fresh();
    flash.writeWord(BASE, u32le(0xff00ff00));
    flash.writeWord(BASE, u32le(0xf0f0f0f0));
    expect(flash.u32(BASE)).toBe(0xf000f000);
    expect(flash.violations).toEqual([{ address: BASE, operation: 1 }]);
  });

  test('a word that came with the contents must be erased before it is written', () => {
    const flash = fresh(u32le(0));
    flash.writeWord(BASE, u32le(0xffffffff));
    expect(flash.violations).toHaveLength(1);
  });

  test('erasing makes one page writable again and leaves its neighbours alone', () => {
    const flash = fresh(new Uint8Array(1024));
    flash.erasePage(BASE + 256);
    flash.writeWord(BASE + 256, u32le(5));
    expect(flash.violations).toEqual([]);
    expect(flash.u32(BASE + 252)).toBe(0);
    expect(flash.u32(BASE + 256)).toBe(5);
    expect(flash.u32(BASE + 260)).toBe(0xffffffff);
    expect(flash.u32(BASE + 512)).toBe(0);
  });

  test('operations are erased pages and written words', () => {
    const flash = fresh();
    flash.erasePage(BASE);
    flash.writeWord(BASE, u32le(1));
    flash.writeWord(BASE + 4, u32le(1));
    expect(flash.operations).toBe(3);
    expect(flash.erases).toBe(1);
  });

  test.each([
    ['a word across words', () => fresh().writeWord(BASE + 2, u32le(0))],
    ['less than a word', () => fresh().writeWord(BASE, new Uint8Array(2))],
    ['a word before flash', () => fresh().writeWord(BASE - 4, u32le(0))],
    ['a word behind flash', () => fresh().writeWord(BASE + 1024, u32le(0))],
    ['a page from its middle', () => fresh().erasePage(BASE + 4)],
    ['a page behind flash', () => fresh().erasePage(BASE + 1024)],
    ['reading over the end', () => fresh().read(BASE + 1020, 8)],
    ['contents that do not fit', () => fresh(new Uint8Array(1025))],
    ['half a page', () => new FlashMemory({ baseAddress: 0, sizeBytes: 300, pageBytes: 256 })],
  ])('%s is refused', (_, act) => {
    expect(act).toThrow(RangeError);
  });
});

describe('a power cut', () => {
  function cutWrite(torn: Torn): FlashMemory {
    const flash = fresh();
    flash.cutPowerAt(1, torn);
    flash.writeWord(BASE, u32le(0));
    expect(() => flash.writeWord(BASE + 4, u32le(0x12345678))).toThrow(PowerLoss);
    return flash;
  }

  test('before a write leaves the word erased, in its midst half programmed, after it whole', () => {
    expect(cutWrite('before').u32(BASE + 4)).toBe(0xffffffff);
    expect(cutWrite('half').u32(BASE + 4)).toBe(0xffff5678);
    expect(cutWrite('after').u32(BASE + 4)).toBe(0x12345678);
  });

  function cutErase(torn: Torn): FlashMemory {
    const flash = fresh(new Uint8Array(1024).fill(0x5a));
    flash.cutPowerAt(0, torn);
    expect(() => flash.erasePage(BASE + 256)).toThrow(PowerLoss);
    return flash;
  }

  test('before an erase leaves the page, after it ones', () => {
    expect(cutErase('before').contents()).toEqual(new Uint8Array(1024).fill(0x5a));
    expect(cutErase('after').read(BASE + 256, 256)).toEqual(new Uint8Array(256).fill(0xff));
  });

  test('in the midst of an erase leaves neither the old page nor an erased one, the same each time', () => {
    const flash = cutErase('half');
    const rest = flash.read(BASE + 384, 128);
    expect(flash.read(BASE + 256, 128)).toEqual(new Uint8Array(128).fill(0xff));
    expect(rest.some((b) => b !== 0xff)).toBe(true);
    expect(rest.some((b) => b !== 0x5a)).toBe(true);
    expect(
      rest.every((b) => (b & 0x5a) === 0x5a),
      'an erase never makes zeros',
    ).toBe(true);
    expect(flash.contents()).toEqual(cutErase('half').contents());
    expect(flash.read(BASE + 512, 256)).toEqual(new Uint8Array(256).fill(0x5a));
  });

  test('leaves a page that must be erased again', () => {
    const flash = cutErase('half');
    flash.writeWord(BASE + 256, u32le(0));
    expect(flash.violations).toHaveLength(1);
    flash.erasePage(BASE + 256);
    flash.writeWord(BASE + 256, u32le(0));
    expect(flash.violations).toHaveLength(1);
  });

  test('comes once', () => {
    const flash = cutWrite('before');
    flash.writeWord(BASE + 4, u32le(7));
    expect(flash.u32(BASE + 4)).toBe(7);
  });
});
