import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { hex32 } from '../../src/core/bytes.ts';
import { findPart, PART_FAMILIES } from '../../src/images/parts.ts';
import { decodeRecipe } from '../../src/pack/recipe.ts';
import { completeRecipe, resolveRecipe } from '../../src/pack/recipe-layers.ts';

const FOLDER = new URL('../../templates/', import.meta.url);
const FILES = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml'));
const textOf = (name: string) => readFile(new URL(`${name}.yaml`, FOLDER), 'utf8');

/** A comment is `# ` and prose, or `#` and YAML; this makes the YAML real. */
function uncommented(text: string): string {
  return text.replace(/^( *)#(?! \S|$)/gm, '$1');
}

test('each part has a template for each of its bootloaders, and there are no others', () => {
  const expected = PART_FAMILIES.flatMap((family) =>
    (findPart(family)?.layouts ?? []).map(({ bootloader }) =>
      bootloader === 'main' ? `${family}.yaml` : `${family}-${bootloader}.yaml`,
    ),
  );
  expect([...FILES].sort()).toEqual(expected.sort());
  expect(FILES).toContain('efr32bg22.yaml');
  expect(FILES).toContain('efr32bg22-apploader.yaml');
});

describe.each(FILES.map((file) => file.replace('.yaml', '')))('template %s', (name) => {
  const [family = '', ...kind] = name.split('-');

  test('is a recipe that agrees with the parts table', async () => {
    const text = await textOf(name);
    const recipe = decodeRecipe(parse(text, { version: '1.2', schema: 'core' }));
    const part = findPart(recipe.target?.part ?? '');
    const layout = part?.layouts.find(({ bootloader }) => bootloader === (kind.join('-') || 'main'));
    if (!part || !layout) throw new Error('no such part or bootloader');
    expect(part.family).toBe(family);
    expect(recipe.images).toHaveLength(1);
    expect(recipe.images?.[0]).toMatchObject({
      role: 'application',
      format: 'auto',
      startAddress: layout.applicationStart,
    });
    expect(text).toContain(
      `Bootloader: ${layout.bootloaderBytes / 1024} KiB at ${hex32(layout.bootloaderStart)}`,
    );
    expect(text).toContain(`${part.flashBytes / 1024} KiB at ${hex32(part.flashBase)}`);
    for (const [, named = ''] of text.matchAll(/such as (\S+)\)/g)) {
      expect(findPart(named)?.flashBytesKnown).toBe(true);
    }
  });

  test('leaves to the project what only the project knows', async () => {
    const recipe = decodeRecipe(parse(await textOf(name)));
    expect(recipe).not.toHaveProperty('name');
    expect(recipe).not.toHaveProperty('version');
    expect(recipe).not.toHaveProperty('template');
    expect(recipe.target).not.toHaveProperty('product');
    expect(recipe.images?.[0]).not.toHaveProperty('file');
  });

  test('its comments are true: all of them taken in give a complete recipe', async () => {
    const recipe = decodeRecipe(parse(uncommented(await textOf(name))));
    const complete = completeRecipe(resolveRecipe({ recipe }));
    expect(complete).toMatchObject({
      name: 'thermostat-firmware',
      version: '1.0.0',
      target: { product: 'thermostat', vendor: 'Example Ltd', part: family, hardware: ['A1', 'A2'] },
      requires: { bootloader: { min: '1.10' } },
      notAfter: '2030-12-31T23:59:59Z',
      images: [{ file: 'build/application.bin', deviceVersion: 0x00010000 }],
      annotations: { 'example.com/build': '1234' },
    });
    expect(complete.provenance).toHaveProperty('sourceRevision');
  });
});
