import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cortexImage } from '../pack/fixture.ts';
import { tempFolder } from '../support/temp.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/dfu-pack.js', import.meta.url));

/** What reads recipes lies in files of its own: a mistake in a recipe must stay a mistake, not become a fault of the program. */
test.each([
  [
    'a good one',
    'formatVersion: 1\ntarget: { product: p }\nversion: "1.0.0"\ntemplate: efr32bg22\n',
    0,
    'out',
  ],
  ['an anchor', 'formatVersion: 1\nname: &n x\n', 2, '[recipe.yaml]'],
  ['an unknown field', 'formatVersion: 1\nfoo: x\n', 2, '[recipe.unknown-field]'],
  ['a version without quotes', 'formatVersion: 1\nversion: 1.1\n', 2, '[recipe.version-not-quoted]'],
])('the built program reads a recipe: %s', async (_, recipe, exit, said) => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'app.bin'), cortexImage());
  await writeFile(join(folder, 'dfu.yaml'), recipe);
  const argv = [PROGRAM, 'app.bin', '--recipe', 'dfu.yaml', '-o', 'out'];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { cwd: folder, encoding: 'utf8' });
  expect([status, stdout + stderr]).toEqual([exit, expect.stringContaining(said)]);
});
