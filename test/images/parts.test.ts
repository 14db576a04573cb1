import { describe, expect, test } from 'vitest';
import { findPart, PART_FAMILIES } from '../../src/images/parts.ts';

const KIB = 1024;

describe('a part is found', () => {
  test.each([
    ['efr32bg22', 'efr32bg22', 512, false],
    ['EFR32BG22', 'efr32bg22', 512, false],
    ['efr32bg22f512', 'efr32bg22', 512, true],
    ['efr32bg22f352', 'efr32bg22', 352, true],
    ['EFR32BG22C224F512IM40-C', 'efr32bg22', 512, true],
    ['EFR32BG22C112F352GM32-C', 'efr32bg22', 352, true],
    ['efr32bg22c224', 'efr32bg22', 512, false],
    ['BGM220PC22HNA', 'bgm220', 512, true],
    ['BGM220SC22WGA', 'bgm220', 352, true],
    ['BGM220SC12WGA2R', 'bgm220', 352, true],
    ['bgm220p', 'bgm220', 512, false],
    ['bgm220f352', 'bgm220', 352, true],
    ['EFR32BG1P232F256GM48-C0', 'efr32bg1', 256, true],
    ['efr32bg1', 'efr32bg1', 256, true],
    ['EFR32MG12P432F1024GL125-C', 'efr32mg12', 1024, true],
    ['BGM13P22F512GA-V3', 'bgm13', 512, true],
    ['EFR32MG21A020F768IM32-D', 'efr32mg21', 768, true],
    ['EFR32MG24B210F1536IM48-B', 'efr32mg24', 1536, true],
    ['BGM240PA22VNA3', 'bgm24', 1536, false],
    ['EFR32MG26B511F3200IM68-B', 'efr32mg26', 3200, true],
  ])('%s', (text, family, kib, known) => {
    expect(findPart(text)).toMatchObject({
      family,
      name: text.toLowerCase(),
      flashBytes: kib * KIB,
      flashBytesKnown: known,
      imageFormat: 'gbl',
    });
  });

  test.each([
    ['ble112', 256, false],
    ['BLE113', 256, false],
    ['ble121lr', 256, false],
    ['ble112f128', 128, true],
    ['BLE121LRF256', 256, true],
  ])('%s, of the first generation: raw images, from 0x1000 up to the last page', (text, kib, known) => {
    expect(findPart(text)).toMatchObject({
      core: '8051',
      imageFormat: 'raw',
      flashBytes: kib * KIB,
      flashBytesKnown: known,
      pageBytes: 2048,
      reservedAtEndBytes: 2048,
      layouts: [{ applicationStart: 0x1000 }],
    });
  });

  test.each([
    '',
    'ble111',
    'ble1121',
    'ble112f512',
    'ble121',
    'efr32',
    'efr32bg2',
    'efr32bg14',
    'efr32mg14p733f256gm48',
    'bgm111',
    'simg301',
    'efr32xg22',
    'efr32bg22x',
    'efr32bg22f',
    'efr32bg22f521',
    'efr32bg22f1024',
    'efr32bg22f008',
    'efr32bg22 ',
    ' efr32bg22',
    'bgm220pc22xyz',
    '__proto__',
    'constructor',
  ])('and not guessed: "%s"', (text) => {
    expect(findPart(text)).toBeUndefined();
  });
});

describe('application starts', () => {
  test.each([
    ['efr32bg1', 'main', 0x4000],
    ['efr32mg12', 'main', 0],
    ['efr32bg13', 'main', 0],
    ['efr32bg13', 'main-flash', 0x4800],
    ['efr32mg21', 'main', 0x4000],
    ['efr32mg21', 'trustzone', 0x6000],
    ['efr32mg21', 'apploader', 0x12000],
    ['efr32bg22', 'main', 0x6000],
    ['efr32bg22', 'apploader', 0x12000],
    ['bgm220', 'apploader-trustzone', 0x14000],
    ['efr32zg23', 'main', 0x08006000],
    ['efr32mg24', 'main', 0x08006000],
    ['efr32mg24', 'apploader', 0x08012000],
    ['efr32bg27', 'apploader-trustzone', 0x08014000],
  ])('%s, %s', (family, bootloader, start) => {
    const layouts = findPart(family)?.layouts ?? [];
    expect(layouts.find((layout) => layout.bootloader === bootloader)?.applicationStart).toBe(start);
  });
});

describe('the table agrees with itself', () => {
  test.each(PART_FAMILIES)('%s', (family) => {
    const part = findPart(family);
    if (!part) throw new Error('a family that is not found');
    expect(part.family).toBe(family);
    expect(part.flashBase % part.pageBytes).toBe(0);
    expect(part.flashBytes % part.pageBytes).toBe(0);
    const end = part.flashBase + part.flashBytes;
    for (const layout of part.layouts) {
      expect(layout.applicationStart % part.pageBytes).toBe(0);
      expect(layout.applicationStart).toBeGreaterThanOrEqual(part.flashBase);
      expect(layout.applicationStart).toBeLessThan(end);
      // A bootloader in main flash ends where the application starts; else it lies in an area of its own.
      const inMainFlash = layout.bootloaderStart < end;
      const bootloaderEnd = layout.bootloaderStart + layout.bootloaderBytes;
      if (inMainFlash) expect(bootloaderEnd).toBe(layout.applicationStart);
      else expect(layout.applicationStart).toBe(part.flashBase);
    }
    expect(new Set(part.layouts.map(({ bootloader }) => bootloader)).size).toBe(part.layouts.length);
    expect(part.layouts[0].bootloader).toBe('main');
  });
});
