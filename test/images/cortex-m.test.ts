import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, fromHex, u32le } from '../../src/core/bytes.ts';
import { findApplicationProperties, judgeStartAddress, readVectorTable } from '../../src/images/cortex-m.ts';
import { findPart } from '../../src/images/parts.ts';

const MAGIC = fromHex('13b779fac925ddb7adf3cfe0f1b614b8') ?? new Uint8Array();
const BG22_STARTS = findPart('efr32bg22')?.layouts.map(({ applicationStart }) => applicationStart) ?? [];

interface Sketch {
  sp?: number;
  reset?: number;
  fault?: number;
  /** Offset of ApplicationProperties; their pointer is made for `linkedAt`. */
  properties?: number;
  linkedAt?: number;
  size?: number;
}

function image(sketch: Sketch): Bytes {
  const { linkedAt = 0x6000, sp = 0x20008000, reset = linkedAt + 0x141, size = 0x1000, properties } = sketch;
  const words = [sp, reset, ...new Array<number>(14).fill(sketch.fault ?? reset)];
  words[13] = properties === undefined ? 0 : linkedAt + properties;
  const bytes = new Uint8Array(size);
  bytes.set(concat(words.map(u32le)).subarray(0, size));
  if (properties !== undefined) {
    const fields = [0x0201, 1, 0x12345678, 0x20, 0x00010203, 0x80000001].map(u32le);
    bytes.set(concat([MAGIC, ...fields, Uint8Array.from({ length: 16 }, (_, i) => i)]), properties);
  }
  return bytes;
}

describe('the vector table', () => {
  test('tells stack pointer and reset vector', () => {
    expect(readVectorTable(image({}))).toMatchObject({
      initialSp: 0x20008000,
      resetVector: 0x6141,
      plausible: true,
    });
  });
  test('may have its stack pointer on the end of RAM, not at its start nor off a word', () => {
    expect(readVectorTable(image({ sp: 0x20080000 }))?.plausible).toBe(true);
    for (const sp of [0x20000000, 0x20080004, 0x20008002, 0x08000000, 0xffffffff]) {
      expect(readVectorTable(image({ sp }))?.plausible).toBe(false);
    }
  });
  test('has a Thumb address for reset', () => {
    expect(readVectorTable(image({ reset: 0x6140 }))?.plausible).toBe(false);
    expect(readVectorTable(image({ reset: 0xffffffff }))?.plausible).toBe(false);
  });
  test('takes 8 bytes at least', () => {
    expect(readVectorTable(image({ size: 7 }))).toBeUndefined();
    expect(readVectorTable(image({ size: 8 }))).toMatchObject({ handlers: [0x6140] });
  });
});

describe('the address that an image gives away', () => {
  const judge = (bytes: Bytes, start: number) => judgeStartAddress(bytes, start, BG22_STARTS);

  test('is right when reset lies in it', () => {
    expect(judge(image({}), 0x6000).kind).toBe('fits');
  });
  test('ends with its last byte', () => {
    expect(judge(image({ reset: 0x6fff }), 0x6000).kind).toBe('fits');
    expect(judge(image({ reset: 0x7001 }), 0x6000).kind).toBe('elsewhere');
    expect(judge(image({ reset: 0x6001 }), 0x6002).kind).toBe('elsewhere');
  });
  test('is named when reset lies elsewhere: the nearest application start below', () => {
    expect(judge(image({ linkedAt: 0x6000 }), 0x12000)).toMatchObject({
      kind: 'elsewhere',
      likelyStart: 0x6000,
    });
    expect(judge(image({ linkedAt: 0x12000 }), 0x6000)).toMatchObject({
      kind: 'elsewhere',
      likelyStart: 0x12000,
    });
  });
  test('is not one from which a handler is out of reach', () => {
    const bytes = image({ linkedAt: 0x12000, fault: 0x6141 });
    expect(judge(bytes, 0x40000)).toMatchObject({ kind: 'elsewhere', evidence: 'reset-vector' });
    expect(judge(bytes, 0x40000)).not.toHaveProperty('likelyStart');
  });
  test('is a page without a part', () => {
    const bytes = image({ linkedAt: 0x08004000, reset: 0x08004189 });
    expect(judgeStartAddress(bytes, 0)).toMatchObject({ kind: 'elsewhere', likelyStart: 0x08004000 });
  });
  test('is certain when ApplicationProperties tell it, even with reset inside', () => {
    const bytes = image({ linkedAt: 0x6000, properties: 0x400, reset: 0x6901, size: 0x4000 });
    expect(judge(bytes, 0x4000)).toMatchObject({
      kind: 'elsewhere',
      evidence: 'application-properties',
      likelyStart: 0x6000,
    });
    expect(judge(bytes, 0x6000).kind).toBe('fits');
  });
  test('is not told by properties that reset contradicts', () => {
    const bytes = image({ linkedAt: 0x6000, properties: 0x400 });
    bytes.set(u32le(0x00900400), 13 * 4);
    expect(judge(bytes, 0x6000).kind).toBe('fits');
  });
  test('is that of any of two properties in one image', () => {
    const bytes = image({ linkedAt: 0x6000, properties: 0x400, reset: 0x6801 });
    bytes.set(MAGIC, 0x200);
    expect(judge(bytes, 0x6000).kind).toBe('fits');
  });
  test('is not there without a vector table', () => {
    expect(judge(new Uint8Array(4096), 0x6000).kind).toBe('no-vectors');
    expect(judge(new Uint8Array(4096).fill(0xff), 0x6000).kind).toBe('no-vectors');
    expect(judge(new Uint8Array(4), 0x6000).kind).toBe('no-vectors');
  });
  test('no bytes at all make it throw, nor name an address that would be refused', () => {
    const words = fc.array(fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0x20001000, 0x6101, 0x12101)), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(words, fc.nat(0xffffffff), (list, start) => {
        const bytes = concat(list.map(u32le));
        const judged = judge(bytes, start);
        if (judged.kind !== 'elsewhere' || judged.likelyStart === undefined) return;
        expect(judge(bytes, judged.likelyStart).kind).toBe('fits');
      }),
      { numRuns: 500 },
    );
  });
});

describe('ApplicationProperties', () => {
  test('are found where word 13 points, with all their fields', () => {
    expect(findApplicationProperties(image({ properties: 0x400 }), 0x6000)).toEqual({
      offset: 0x400,
      structVersion: { major: 1, minor: 2 },
      signatureType: 1,
      signatureLocation: 0x12345678,
      application: {
        type: 0x20,
        version: 0x00010203,
        capabilities: 0x80000001,
        productId: Uint8Array.from({ length: 16 }, (_, i) => i),
      },
    });
  });
  test('are not found elsewhere, nor past either end, nor without their magic', () => {
    const bytes = image({ properties: 0x400 });
    expect(findApplicationProperties(bytes, 0x5000)).toBeUndefined();
    expect(findApplicationProperties(bytes, 0x6404)).toBeUndefined();
    expect(findApplicationProperties(bytes.slice(0, 0x400 + 55), 0x6000)).toBeUndefined();
    expect(findApplicationProperties(bytes.slice(0, 0x400 + 56), 0x6000)).toBeDefined();
    expect(findApplicationProperties(bytes.slice(0, 52), 0x6000)).toBeUndefined();
    bytes[0x400] = 0;
    expect(findApplicationProperties(bytes, 0x6000)).toBeUndefined();
  });
});

describe('firmware of our own', () => {
  test.each([
    ['1.0.0', 0x00010000],
    ['1.1.0', 0x00010100],
  ])('thermo %s gives its address away and tells its version', async (name, version) => {
    const bytes = new Uint8Array(
      await readFile(new URL(`../../demo/firmware/thermo-${name}.bin`, import.meta.url)),
    );
    expect(judgeStartAddress(bytes, 0x6000, BG22_STARTS).kind).toBe('fits');
    for (const wrong of [0, 0x4000, 0x12000]) {
      expect(judgeStartAddress(bytes, wrong, BG22_STARTS)).toMatchObject({
        kind: 'elsewhere',
        likelyStart: 0x6000,
      });
    }
    expect(findApplicationProperties(bytes, 0x6000)?.application.version).toBe(version);
  });
});
