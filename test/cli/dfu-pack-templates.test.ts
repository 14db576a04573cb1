import type * as Fs from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { readTemplate } from '../../src/cli/pack/templates.ts';
import { thrownBy } from '../support/codes.ts';

const opened = vi.hoisted(() => [] as string[]);
vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof Fs>();
  const watch =
    <A extends unknown[], R>(act: (path: string, ...rest: A) => R) =>
    (path: string, ...rest: A): R => {
      opened.push(String(path));
      return act(path, ...rest);
    };
  return { ...real, open: watch(real.open as never), readFile: watch(real.readFile as never) };
});

test('to read one template, no other is opened', async () => {
  opened.length = 0;
  expect(new TextDecoder().decode(await readTemplate('efr32bg22'))).toContain('efr32bg22');
  expect(opened).toEqual([expect.stringMatching(/efr32bg22\.yaml$/)]);
});

test.each([
  '../package',
  '../templates/efr32bg22',
  './efr32bg22',
  'efr32bg22.yaml',
  'EFR32BG22',
  'efr32bg22\0',
  '/etc/passwd',
  'con',
  '',
  '*',
])('a name that is none in the folder opens nothing: "%s"', async (name) => {
  opened.length = 0;
  expect((await thrownBy(() => readTemplate(name))).code).toBe('recipe.template-unknown');
  expect(opened).toEqual([]);
});
