import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { DfuError, type ErrorCode } from '../../src/core/errors.ts';
import { decodeRecipe } from '../../src/pack/recipe.ts';

const FULL = `
formatVersion: 1
template: efr32bg22
name: thermo-firmware
version: "1.10.0-rc.1+7"
securityCounter: 4
target:
  product: thermo
  vendor: Example Ltd
  part: efr32bg22f512
  hardware: ["A1", "A2"]
  identifiers:
    - { type: usb-id, value: "10c4:ea60" }
requires:
  bootloader: { min: "1.10", below: "3" }
notAfter: "2030-12-31T23:59:59Z"
images:
  - { name: app, role: application, file: build/app.bin, format: gbl, startAddress: 0x6000, alignment: 16, padByte: 0xff, deviceVersion: "0x00010203" }
provenance:
  sourceRepository: https://example.com/thermo
  sbom: ${'ab'.repeat(32)}
annotations:
  example.com/build: "17"
`;

describe('a recipe', () => {
  test('comes out with its values, addresses as numbers however they were written', () => {
    const recipe = decodeRecipe(parse(FULL));
    expect(recipe).toMatchObject({
      template: 'efr32bg22',
      version: '1.10.0-rc.1+7',
      securityCounter: 4,
      target: { product: 'thermo', hardware: ['A1', 'A2'] },
      requires: { bootloader: { min: '1.10', below: '3' } },
      annotations: { 'example.com/build': '17' },
    });
    expect(recipe.images).toEqual([
      {
        name: 'app',
        role: 'application',
        file: 'build/app.bin',
        format: 'gbl',
        startAddress: 0x6000,
        alignment: 16,
        padByte: 0xff,
        deviceVersion: 0x00010203,
      },
    ]);
  });

  test('may leave everything to others but its format version', () => {
    expect(decodeRecipe({ formatVersion: 1 })).toEqual({ formatVersion: 1 });
  });

  test('is a copy: what becomes of the input later does not change it', () => {
    const input = parse(FULL);
    const recipe = decodeRecipe(input);
    input.target.hardware.push('B7');
    expect(recipe.target?.hardware).toEqual(['A1', 'A2']);
  });
});

const bend = (fields: Record<string, unknown>): unknown => ({ formatVersion: 1, ...fields });
const image = (fields: Record<string, unknown>): unknown => bend({ images: [fields] });

describe('refused, with the field by name', () => {
  test.each<[string, unknown, ErrorCode, RegExp]>([
    ['nothing', undefined, 'recipe.invalid', /no mapping/],
    ['an empty file', parse(''), 'recipe.invalid', /no mapping/],
    ['a list', [], 'recipe.invalid', /no mapping/],
    ['prose', 'formatVersion: 1', 'recipe.invalid', /no mapping/],
    ['no format version', {}, 'recipe.invalid', /lacks the field formatVersion/],
    ['a format version in quotes', { formatVersion: '1' }, 'recipe.invalid', /formatVersion/],
    ['a later format version', { formatVersion: 2 }, 'format.unsupported-version', /version 2/],
    ['a misspelt field', bend({ securitycounter: 1 }), 'recipe.unknown-field', /securitycounter/],
    [
      'a misspelt field below',
      bend({ target: { products: 'x' } }),
      'recipe.unknown-field',
      /target\.products/,
    ],
    ['a misspelt field of an image', image({ adress: 1 }), 'recipe.unknown-field', /images\[0\]\.adress/],
    [
      '__proto__',
      JSON.parse('{"formatVersion":1,"__proto__":{"name":"x"}}'),
      'recipe.unknown-field',
      /__proto__/,
    ],
    ['an empty list of images', bend({ images: [] }), 'recipe.invalid', /images .*1 to 16/],
    [
      'an identifier without value',
      bend({ target: { identifiers: [{ type: 'usb-id' }] } }),
      'recipe.invalid',
      /target\.identifiers\[0\]\.value/,
    ],
    [
      'an identifier of another type',
      bend({ target: { identifiers: [{ type: 'x', value: 'y' }] } }),
      'recipe.invalid',
      /identifiers\[0\]\.type/,
    ],
    [
      'a product with a space',
      bend({ target: { product: 'my device' } }),
      'recipe.invalid',
      /target\.product.*"my device"/,
    ],
    ['a hardware number', bend({ target: { hardware: [1] } }), 'recipe.invalid', /hardware\[0\].*quotes/],
    [
      'one hardware revision twice',
      bend({ target: { hardware: ['A', 'A'] } }),
      'recipe.invalid',
      /hardware.*different/,
    ],
    ['a counter in quotes', bend({ securityCounter: '1' }), 'recipe.invalid', /securityCounter/],
    ['a counter too large', bend({ securityCounter: 2 ** 32 }), 'recipe.invalid', /4294967296/],
    ['a negative counter', bend({ securityCounter: -1 }), 'recipe.invalid', /-1/],
    ['a broken counter', bend({ securityCounter: 1.5 }), 'recipe.invalid', /1\.5/],
    ['a date without time', bend({ notAfter: '2030-12-31' }), 'recipe.invalid', /notAfter/],
    [
      'a required version that is no number',
      bend({ requires: { bootloader: { min: 'v1' } } }),
      'recipe.invalid',
      /requires\.bootloader\.min/,
    ],
    ['empty requirements', bend({ requires: {} }), 'recipe.invalid', /requires/],
    ['a name of an image in capitals', image({ name: 'App' }), 'recipe.invalid', /images\[0\]\.name/],
    ['an unknown role', image({ role: 'firmware' }), 'recipe.invalid', /role.*application/],
    ['an unknown format', image({ format: 'hex' }), 'recipe.invalid', /format.*gbl/],
    ['an address past 32 bits', image({ startAddress: 2 ** 32 }), 'recipe.invalid', /startAddress/],
    ['an address that is text', image({ startAddress: 'flash' }), 'recipe.invalid', /startAddress/],
    ['an address in quoted decimal', image({ startAddress: '24576' }), 'recipe.invalid', /startAddress/],
    ['an alignment of 6', image({ alignment: 6 }), 'recipe.invalid', /alignment.*power of two/],
    ['a padding of two bytes', image({ padByte: 0x100 }), 'recipe.invalid', /padByte/],
    [
      'an annotation without a domain',
      bend({ annotations: { build: 'x' } }),
      'recipe.invalid',
      /annotations.*example\.com/,
    ],
    [
      'an annotation that is a number',
      bend({ annotations: { 'a.b/c': 3 } }),
      'recipe.invalid',
      /annotations/,
    ],
    ['bytes that no terminal should see', bend({ name: 'a\u001b[31m' }), 'recipe.invalid', /a\\x1b\[31m/],
  ])('%s', (_what, value, code, message) => {
    expect(() => decodeRecipe(value)).toThrow(expect.objectContaining({ code }));
    expect(() => decodeRecipe(value)).toThrow(message);
  });

  test.each([
    'version: 1.2',
    'version: 10',
    'requires: { bootloader: { min: 1.10 } }',
    'requires: { application: { below: 2 } }',
  ])('the bare number in %s', (line) => {
    const value = parse(`formatVersion: 1\n${line}\n`);
    expect(() => decodeRecipe(value)).toThrow(
      expect.objectContaining({ code: 'recipe.version-not-quoted', cure: expect.stringContaining('quotes') }),
    );
  });

  test.each([
    ['key', /--key/],
    ['signers', /never authorises/],
    ['trust', /never authorises/],
    ['output', /--output/],
  ])('%s, and says why it is not there', (field, why) => {
    expect(() => decodeRecipe(bend({ [field]: 'x' }))).toThrow(why);
    expect(() => decodeRecipe(bend({ [field]: 'x' }))).toThrow(new RegExp(`field ${field}`));
  });
});

describe('an image lies below the folder of its recipe', () => {
  test.each(['app.bin', 'build/app.bin', './build/app.bin', 'a b/ä.bin', '..app/x..', 'a/.../b'])(
    '%s',
    (file) => {
      expect(decodeRecipe(image({ file })).images?.[0]?.file).toBe(file);
    },
  );
  test.each([
    '/etc/passwd',
    '//server/share/a',
    '..',
    '../app.bin',
    'build/../../app.bin',
    'build/..',
    'C:/app.bin',
    'c:app.bin',
    'app.bin:stream',
    'build\\app.bin',
    '..\\app.bin',
    'app.bin\0.txt',
    'app\n.bin',
    '\u0085',
    'build/',
    '.',
    './',
  ])('not %j', (file) => {
    expect(() => decodeRecipe(image({ file }))).toThrow(
      expect.objectContaining({ code: 'recipe.image-path' }),
    );
  });
  test('nor nowhere', () => {
    expect(() => decodeRecipe(image({ file: '' }))).toThrow(
      expect.objectContaining({ code: 'recipe.invalid' }),
    );
  });
});

describe('whatever a parser hands over', () => {
  const noise = fc.anything({
    withNullPrototype: true,
    withBigInt: true,
    withDate: true,
    withMap: true,
    maxDepth: 4,
  });
  const field = fc.constantFrom(
    ...[
      'formatVersion',
      'template',
      'name',
      'version',
      'securityCounter',
      'target',
      'requires',
      'images',
      'annotations',
    ],
    ...[
      'product',
      'hardware',
      'bootloader',
      'min',
      'file',
      'startAddress',
      'padByte',
      '__proto__',
      'constructor',
    ],
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(1, 0, -1, 1.5, 'x', '0x10', '', null, true, Number.NaN),
      tie('list'),
      tie('map'),
    ),
    list: fc.array(tie('any'), { maxLength: 3 }),
    map: fc.dictionary(field, tie('any'), { maxKeys: 5 }),
  }));

  test('ends in a recipe that reads as itself, or in a DfuError', () => {
    const input = fc.oneof(
      noise,
      fc.dictionary(field, value.any, { maxKeys: 4 }).map((map) => ({ ...map, formatVersion: 1 })),
    );
    fc.assert(
      fc.property(input, (candidate) => {
        let recipe: ReturnType<typeof decodeRecipe>;
        try {
          recipe = decodeRecipe(candidate);
        } catch (error) {
          expect(error).toBeInstanceOf(DfuError);
          return;
        }
        expect(decodeRecipe(recipe)).toEqual(recipe);
      }),
      { numRuns: 1000 },
    );
  });
});
