import { describe, expect, test } from 'vitest';
import {
  completeRecipe,
  type RecipeLayer,
  type RecipeLayers,
  resolveRecipe,
} from '../../src/pack/recipe-layers.ts';

const origin = (layers: RecipeLayers, path: string) => resolveRecipe(layers).values.get(path)?.origin;
const LAYER = {
  option: 'options',
  recipe: 'recipe',
  template: 'template',
} as const;

/** Those that come from outside, the first wins. */
const SPEAKING = ['option', 'recipe', 'template'] as const;

describe('precedence', () => {
  const says = (name: string): RecipeLayer => ({
    name,
    version: '1.0.0',
    securityCounter: 1,
    target: { product: name, vendor: name, part: name, hardware: [name] },
    requires: { bootloader: { min: '1' } },
    notAfter: '2030-01-01T00:00:00Z',
    images: [
      { role: 'application', name, file: name, startAddress: 4, deviceVersion: 1, format: 'raw', padByte: 0 },
    ],
    provenance: { sourceRevision: name },
    annotations: { 'a.b/c': name },
  });
  test('the environment says where the source lies, after options and before the recipe', () => {
    const layers = {
      options: { provenance: { sourceRevision: 'option' } },
      environment: { provenance: { sourceRevision: 'environment', sourceRepository: 'environment' } },
      recipe: { provenance: { sourceRepository: 'recipe', sbom: 'recipe' } },
    };
    expect(resolveRecipe(layers).recipe.provenance).toEqual({
      sourceRepository: 'environment',
      sourceRevision: 'option',
      sbom: 'recipe',
    });
    expect(origin(layers, 'provenance.sourceRepository')).toBe('environment');
  });

  test.each(SPEAKING)('%s wins over all behind it, for every value', (first) => {
    const speaking = SPEAKING.slice(SPEAKING.indexOf(first));
    const layers = Object.fromEntries(speaking.map((name) => [LAYER[name], says(name)]));
    const { recipe, values } = resolveRecipe(layers);
    const said = [...values.values()].filter(({ path }) => path !== 'images[0].alignment');
    expect(said.map(({ origin }) => origin)).toEqual(said.map(() => first));
    expect(recipe).toMatchObject({ name: first, target: { part: first }, images: [{ file: first }] });
    expect(said).toHaveLength(18);
  });

  test('what the highest leaves open comes from the next, field by field', () => {
    const layers: RecipeLayers = {
      options: { version: '2.0.0', images: [{ startAddress: 0x8000 }] },
      recipe: { version: '1.0.0', target: { product: 'thermo' }, images: [{ file: 'app.bin' }] },
      template: {
        target: { part: 'efr32bg22', vendor: 'V' },
        images: [{ role: 'application', startAddress: 0x6000, alignment: 8 }],
      },
    };
    const { recipe, values } = resolveRecipe(layers);
    expect(recipe).toEqual({
      name: 'thermo',
      version: '2.0.0',
      securityCounter: 0,
      target: { product: 'thermo', vendor: 'V', part: 'efr32bg22' },
      images: [
        {
          name: 'application',
          role: 'application',
          file: 'app.bin',
          format: 'auto',
          startAddress: 0x8000,
          alignment: 8,
          padByte: 0xff,
        },
      ],
    });
    expect(Object.fromEntries([...values].map(([path, { origin }]) => [path, origin]))).toEqual({
      name: 'default',
      version: 'option',
      securityCounter: 'default',
      'target.product': 'recipe',
      'target.vendor': 'template',
      'target.part': 'template',
      'images[0].name': 'default',
      'images[0].role': 'template',
      'images[0].file': 'recipe',
      'images[0].format': 'default',
      'images[0].startAddress': 'option',
      'images[0].alignment': 'template',
      'images[0].padByte': 'default',
    });
  });

  test('zero is a value', () => {
    const layers: RecipeLayers = {
      options: { securityCounter: 0, images: [{ startAddress: 0, padByte: 0, deviceVersion: 0 }] },
      recipe: { securityCounter: 7, images: [{ startAddress: 4, padByte: 4, deviceVersion: 4 }] },
    };
    expect(resolveRecipe(layers).recipe).toMatchObject({
      securityCounter: 0,
      images: [{ startAddress: 0, padByte: 0, deviceVersion: 0 }],
    });
  });

  test('undefined is none', () => {
    const nothing = { version: undefined } as unknown as RecipeLayer;
    expect(origin({ options: nothing, recipe: { version: '1.0.0' } }, 'version')).toBe('recipe');
  });

  test('lists are taken whole, annotations key by key', () => {
    const { recipe } = resolveRecipe({
      options: { target: { hardware: ['B'] }, annotations: { 'a.b/one': 'option' } },
      recipe: {
        target: { hardware: ['A1', 'A2'] },
        annotations: { 'a.b/one': 'recipe', 'a.b/two': 'recipe' },
      },
    });
    expect(recipe.target?.hardware).toEqual(['B']);
    expect(recipe.annotations).toEqual({ 'a.b/one': 'option', 'a.b/two': 'recipe' });
  });
});

describe('images', () => {
  const template: RecipeLayer = {
    images: [
      { role: 'bootloader', startAddress: 0, format: 'gbl' },
      { role: 'application', startAddress: 0x6000, format: 'gbl' },
    ],
  };

  test("each takes the template's of its own role", () => {
    const { recipe } = resolveRecipe({
      recipe: {
        images: [
          { role: 'application', file: 'a' },
          { role: 'data', file: 'd' },
          { role: 'bootloader', file: 'b' },
        ],
      },
      template,
    });
    expect(recipe.images?.map(({ name, startAddress, format }) => [name, startAddress, format])).toEqual([
      ['application', 0x6000, 'gbl'],
      ['data', undefined, 'auto'],
      ['bootloader', 0, 'gbl'],
    ]);
  });

  test('the one on the command line is the application unless it says otherwise', () => {
    const withRole = (images: RecipeLayer['images']) =>
      resolveRecipe({ options: { ...(images && { images }) }, template }).recipe.images;
    expect(withRole([{ file: 'app.bin' }])).toMatchObject([{ role: 'application', startAddress: 0x6000 }]);
    expect(withRole([{ file: 'x', role: 'bootloader' }])).toMatchObject([
      { role: 'bootloader', startAddress: 0 },
    ]);
  });

  test('an option about one of several is refused', () => {
    const recipe: RecipeLayer = { images: [{ file: 'a' }, { file: 'b', role: 'data' }] };
    expect(() => resolveRecipe({ options: { images: [{ startAddress: 0 }] }, recipe })).toThrow(
      expect.objectContaining({ code: 'usage.invalid' }),
    );
    expect(resolveRecipe({ options: { version: '1.0.0' }, recipe }).recipe.images).toHaveLength(2);
  });
});

describe('what a package can not do without', () => {
  const complete = (recipe: RecipeLayer) => completeRecipe(resolveRecipe({ recipe }));
  const enough: RecipeLayer = {
    version: '1.0.0',
    target: { product: 'thermo' },
    images: [{ file: 'app.bin' }],
  };

  test('is product, version and a file for each image', () => {
    expect(complete(enough)).toEqual({
      name: 'thermo',
      version: '1.0.0',
      securityCounter: 0,
      target: { product: 'thermo' },
      images: [
        {
          name: 'application',
          role: 'application',
          file: 'app.bin',
          format: 'auto',
          alignment: 4,
          padByte: 0xff,
        },
      ],
    });
  });

  test.each<[string, RecipeLayer]>([
    ['target.product', { ...enough, target: {} }],
    ['version', { target: { product: 'thermo' }, images: [{ file: 'a' }] }],
    ['images[0].file', { ...enough, images: [{}] }],
    ['images[1].file', { ...enough, images: [{ file: 'a' }, { role: 'data' }] }],
    ['images[0].file', { version: '1.0.0', target: { product: 'thermo' } }],
  ])('%s', (path, recipe) => {
    expect(() => complete(recipe)).toThrow(
      expect.objectContaining({ code: 'recipe.incomplete', facts: { path } }),
    );
  });
});
