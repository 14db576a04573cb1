import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cortexImage } from '../pack/fixture.ts';
import { ABOUT, AT, bench, manifestOf } from './dfu-pack-fixture.ts';

const RECIPE = `# What we ship.
formatVersion: 1
name: thermo-fw
version: "2.0.0"
securityCounter: 3
target:
  product: acme-thermo
  vendor: Acme Ltd
  hardware: ["A1"]
images:
  - role: application
    file: build/app.bin
    startAddress: 0x6000
`;

async function recipeBench(recipe = RECIPE) {
  const b = await bench();
  await mkdir(join(b.folder, 'project/build'), { recursive: true });
  await writeFile(join(b.folder, 'project/build/app.bin'), cortexImage({ size: 400 }));
  await b.write('project/dfu.yaml', recipe);
  return b;
}

describe('a recipe', () => {
  test('says all that a package needs; its images lie beside it, wherever one stands', async () => {
    const b = await recipeBench();
    await b.ok('build', '--recipe', 'project/dfu.yaml', '-o', 'out');
    expect(manifestOf(await b.read('out'))).toMatchObject({
      name: 'thermo-fw',
      version: '2.0.0',
      securityCounter: 3,
      target: { product: 'acme-thermo', vendor: 'Acme Ltd', hardware: ['A1'] },
      images: [{ name: 'application', sourceName: 'app.bin', sourceSize: 400, startAddress: '0x00006000' }],
    });
  });

  test('as the documentation shows it is one', async () => {
    const docs = await readFile(new URL('../../docs/recipes.md', import.meta.url), 'utf8');
    const recipe = /```yaml\n(formatVersion[^`]*)```/.exec(docs)?.[1] ?? '';
    const b = await recipeBench(recipe);
    await b.ok('--recipe', 'project/dfu.yaml', '--key', 'a.pem', '-o', 'out');
    expect(manifestOf(await b.read('out')).annotations).toEqual({ 'example.com/ticket': 'REL-17' });
  });

  test('gives way to options; an image on the command line lies where the operator stands', async () => {
    const b = await recipeBench();
    const options = ['app.bin', '--recipe', 'project/dfu.yaml', '--fw-version', '2.1.0', '--hardware', 'B1'];
    await b.ok(...options, '-o', 'out');
    expect(manifestOf(await b.read('out'))).toMatchObject({
      version: '2.1.0',
      target: { hardware: ['B1'] },
      images: [{ sourceSize: 201 }],
    });
  });

  test('of several images packs them in its order', async () => {
    const images =
      'images:\n' +
      '  - { name: table, role: data, file: build/app.bin, startAddress: 0x10000 }\n' +
      '  - { name: app, file: build/app.bin, startAddress: 0x6000 }\n';
    const b = await recipeBench(RECIPE.replace(/images:[\s\S]*/, images));
    await b.ok('--recipe', 'project/dfu.yaml', '-o', 'out');
    expect(manifestOf(await b.read('out')).images.map(({ name }) => name)).toEqual(['table', 'app']);
    const one = ['--recipe', 'project/dfu.yaml', '-o', 'out2', ...AT];
    expect(await b.refused(2, 'usage.invalid', ...one)).toContain('2 images');
  });

  test('that leads out of its folder is refused, by dots or by a link', async () => {
    const out = await recipeBench(RECIPE.replace('build/app.bin', '../app.bin'));
    await out.refused(2, 'recipe.image-path', '--recipe', 'project/dfu.yaml', '-o', 'out');
    if (process.platform === 'win32') return;
    const linked = await recipeBench(RECIPE.replace('build/app.bin', 'build/link.bin'));
    await symlink('../../app.bin', join(linked.folder, 'project/build/link.bin'));
    await linked.refused(2, 'recipe.image-path', '--recipe', 'project/dfu.yaml', '-o', 'out');
    await symlink('app.bin', join(linked.folder, 'project/build/inside.bin'));
    await linked.write('project/dfu.yaml', RECIPE.replace('build/app.bin', 'build/inside.bin'));
    await linked.ok('--recipe', 'project/dfu.yaml', '-o', 'out');
  });

  test.each([
    ['that is not there', 'none.yaml', 'input.not-found'],
    ['whose image is not there', 'project/dfu.yaml', 'input.not-found'],
  ])('%s is an error', async (_, file, code) => {
    const b = await recipeBench(RECIPE.replace('build/app.bin', 'build/none.bin'));
    await b.refused(2, code, '--recipe', file, '-o', 'out');
  });

  test('whose image can not be opened is not called missing', async () => {
    if (process.platform === 'win32') return;
    const b = await recipeBench(RECIPE.replace('build/app.bin', 'build/loop.bin'));
    await symlink('loop.bin', join(b.folder, 'project/build/loop.bin'));
    const said = await b.refused(2, 'input.unreadable', '--recipe', 'project/dfu.yaml', '-o', 'out');
    expect(said).toContain('loop.bin can not be opened (ELOOP)');
  });

  test('can not name a key, a signer or an output', async () => {
    for (const field of ['key: a.pem', 'keys: [a.pem]', 'output: out', 'trust: a.pub']) {
      const b = await recipeBench(`${RECIPE}${field}\n`);
      await b.refused(2, 'recipe.unknown-field', '--recipe', 'project/dfu.yaml', '-o', 'out');
    }
  });

  test('holds versions in quotes', async () => {
    const b = await recipeBench(RECIPE.replace('"2.0.0"', '2.0'));
    const said = await b.refused(2, 'recipe.version-not-quoted', '--recipe', 'project/dfu.yaml', '-o', 'o');
    expect(said).toContain('version');
  });
});

describe('YAML that could mean something else than it seems to is refused, with its place', () => {
  const refusal = async (recipe: string | Uint8Array) => {
    const b = await recipeBench('');
    await b.write('project/dfu.yaml', recipe);
    return b.refused(2, 'recipe.yaml', '--recipe', 'project/dfu.yaml', '-o', 'out');
  };

  test.each([
    ['an anchor', 'formatVersion: 1\nname: &n thermo\n', 'anchors', 2],
    ['an alias', 'formatVersion: 1\nname: &n x\ntemplate: *n\n', 'a', 2],
    ['a merge key', 'formatVersion: 1\ntarget:\n  <<: { product: p }\n', 'merge', 3],
    ['a tag', 'formatVersion: 1\nversion: !!str 1.10\n', 'tags', 2],
    ['a tag of its own', 'formatVersion: 1\nname: !env HOME\n', '!env', 2],
    ['a key twice', 'formatVersion: 1\nname: a\nname: b\n', 'unique', 3],
    ['a number as a key', 'formatVersion: 1\n1: a\n', 'key', 2],
    ['a list as a key', 'formatVersion: 1\n? [a]\n: b\n', 'key', 2],
    ['two documents', 'formatVersion: 1\n---\nformatVersion: 1\n', 'multiple documents', 2],
    ['a directive of YAML 1.1', '%YAML 1.1\n---\nformatVersion: 1\n', 'directives', 1],
    ['a directive for tags', '%TAG !e! tag:example.com,2000:\n---\nformatVersion: 1\n', 'directives', 1],
    ['a broken line', 'formatVersion: 1\nname: "thermo\n', 'quote', 3],
    ['a tab as indentation', 'formatVersion: 1\ntarget:\n\tproduct: p\n', 'ab', 3],
  ])('%s', async (_, recipe, word, line) => {
    const said = await refusal(recipe);
    expect(said.toLowerCase()).toContain(word.toLowerCase());
    expect(said).toContain(`dfu.yaml, line ${line},`);
  });

  test('bytes that are no UTF-8', async () => {
    expect(await refusal(Uint8Array.of(0x6e, 0xff, 0xfe))).toContain('UTF-8');
  });

  test('yes, on and 1_000 are texts, as YAML 1.2 has it', async () => {
    const b = await recipeBench(RECIPE.replace('Acme Ltd', 'yes').replace('thermo-fw', 'on'));
    await b.ok('--recipe', 'project/dfu.yaml', '-o', 'out');
    expect(manifestOf(await b.read('out'))).toMatchObject({ name: 'on', target: { vendor: 'yes' } });
  });

  test('a key of the prototype is a field that there is not', async () => {
    const b = await recipeBench(`${RECIPE}__proto__: { product: p }\n`);
    await b.refused(2, 'recipe.unknown-field', '--recipe', 'project/dfu.yaml', '-o', 'out');
  });
});

describe('templates', () => {
  test('are listed with what they are for', async () => {
    const b = await bench();
    const { templates } = await b.json('templates');
    const names = templates.map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(['efr32bg22', 'efr32bg22-apploader']));
    for (const { title } of templates) expect(title).toMatch(/^[A-Z].+[a-zA-Z)]\.$/);
    expect((await b.ok('templates')).stdout).toContain('efr32bg22-apploader ');
  });

  test('give part, address and format to an image', async () => {
    const b = await bench();
    await b.write('loader.bin', cortexImage({ start: 0x12000 }));
    await b.ok('loader.bin', ...ABOUT, '--template', 'efr32bg22-apploader', '-o', 'out');
    expect(manifestOf(await b.read('out'))).toMatchObject({
      target: { part: 'efr32bg22' },
      images: [{ format: 'gbl', startAddress: '0x00012000' }],
    });
  });

  test('stand behind the recipe that names one, and an option names another', async () => {
    const b = await recipeBench('formatVersion: 1\ntemplate: efr32bg22\nimages: [{ file: build/app.bin }]\n');
    const run = ['--recipe', 'project/dfu.yaml', ...ABOUT];
    await b.ok(...run, '-o', 'out');
    expect(manifestOf(await b.read('out')).images[0]?.startAddress).toBe('0x00006000');
    const said = await b.refused(2, 'pack.reset-vector', ...run, '--template', 'efr32bg22-apploader');
    expect(said).toContain('--start-address 0x00006000');
  });

  test.each(['efr32bg99', '../package', '', 'efr32bg22.yaml'])('do not include "%s"', async (name) => {
    const b = await bench();
    await b.refused(2, 'recipe.template-unknown', 'app.bin', ...ABOUT, '--template', name, '-o', 'out');
  });
});

describe('--print-recipe', () => {
  test('shows each value with its origin, and makes nothing', async () => {
    const b = await recipeBench(`${RECIPE}template: efr32bg22\n`);
    const before = await readdir(b.folder);
    const argv = ['--recipe', 'project/dfu.yaml', '--fw-version', '2.1.0', '--print-recipe'];
    const { stdout } = await b.ok(...argv);
    expect(stdout).toMatch(/^version: "2\.1\.0" +# option$/m);
    expect(stdout).toMatch(/^name: "thermo-fw" +# recipe$/m);
    expect(stdout).toMatch(/^target\.part: "efr32bg22" +# template$/m);
    expect(stdout).toMatch(/^images\[0\]\.startAddress: 0x00006000 +# recipe$/m);
    expect(stdout).toMatch(/^images\[0\]\.padByte: 0xff +# template$/m);
    expect(await readdir(b.folder)).toEqual(before);
    const { values } = await b.json(...argv);
    expect(values).toContainEqual({ path: 'version', value: '2.1.0', origin: 'option' });
    expect(values).toContainEqual({ path: 'target.hardware', value: ['A1'], origin: 'recipe' });
  });

  test('works before everything is said', async () => {
    const b = await bench();
    expect((await b.ok('build', '--print-recipe')).stdout).toMatch(
      /^images\[0\]\.format: "auto" +# default$/m,
    );
  });

  test('shows the address that a part stands for', async () => {
    const b = await bench();
    const { values } = await b.json('app.bin', ...ABOUT, '--part', 'efr32bg24', '--print-recipe');
    expect(values).toContainEqual({
      path: 'images[0].startAddress',
      value: 0x08006000,
      origin: 'default',
    });
  });
});

describe('dfu-pack init', () => {
  test('writes a recipe that packs, once product and file are said', async () => {
    const b = await bench();
    const { stdout } = await b.ok('init', '--template', 'efr32bg22');
    expect(stdout).toContain('dfu.yaml');
    const recipe = Buffer.from(await b.read('dfu.yaml')).toString();
    expect(recipe).toContain('# ');
    const filled = recipe
      .replace('#product: ', 'product: ')
      .replace(/#file: .*/, 'file: app.bin')
      .replace('#version: ', 'version: ');
    await b.write('dfu.yaml', filled);
    await b.ok('--recipe', 'dfu.yaml', '-o', 'out');
    expect(manifestOf(await b.read('out')).images[0]).toMatchObject({ format: 'gbl' });
  });

  test('never replaces a recipe unless forced', async () => {
    const b = await bench();
    await b.write('dfu.yaml', 'mine');
    await b.refused(2, 'output.exists', 'init', '--template', 'efr32bg22');
    expect(Buffer.from(await b.read('dfu.yaml')).toString()).toBe('mine');
    const document = await b.json('init', '--template', 'efr32bg22', '--force');
    expect(document).toMatchObject({ command: 'init', template: 'efr32bg22', output: 'dfu.yaml' });
    await b.ok('init', '--template', 'efr32bg22', '-o', 'other.yaml');
    expect(await b.read('other.yaml')).toEqual(await b.read('dfu.yaml'));
  });

  test('needs a template that there is', async () => {
    const b = await bench();
    await b.refused(2, 'usage.invalid', 'init');
    const said = await b.refused(2, 'recipe.template-unknown', 'init', '--template', 'efr32bg2');
    expect(said).toContain('efr32bg22');
  });
});
