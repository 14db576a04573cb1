import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bytes } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { readWholeFile } from '../../node/files.ts';

const EXTENSION = '.yaml';
/** Reading YAML takes time that grows with the square of the keys; templates have less than 2 KiB. */
export const MAX_RECIPE_BYTES = 64 * 1024;

export interface Template {
  name: string;
  /** Its first line of comment. */
  title: string;
}

/** All templates that come with dfukit, sorted by name. */
export async function listTemplates(): Promise<Template[]> {
  const folder = await templateFolder();
  return Promise.all(
    (await templateNames(folder)).map(async (name) => {
      const [first = ''] = (await readFile(join(folder, `${name}${EXTENSION}`), 'utf8')).split('\n', 1);
      return { name, title: first.replace(/^#\s*/, '') };
    }),
  );
}

/** The text of one template. Throws `recipe.template-unknown`, which names those alike. */
export async function readTemplate(name: string): Promise<Bytes> {
  const folder = await templateFolder();
  const all = await templateNames(folder);
  // Compared with the list, so that no name leads out of the folder.
  if (!all.includes(name)) {
    const alike = namesAlike(name.toLowerCase(), all);
    throw new DfuError('recipe.template-unknown', `there is no template "${shown(name)}"`, {
      facts: { template: shown(name) },
      ...(alike.length === 0 ? {} : { cure: `Alike: ${alike.join(', ')}. See dfu-pack templates.` }),
    });
  }
  return readWholeFile(join(folder, `${name}${EXTENSION}`), MAX_RECIPE_BYTES);
}

async function templateNames(folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(EXTENSION));
  return files.map((file) => file.slice(0, -EXTENSION.length)).sort();
}

/** Those that share the longest beginning, of four letters at least. */
function namesAlike(name: string, all: readonly string[]): string[] {
  for (let length = name.length; length >= 4; length--) {
    const alike = all.filter((other) => other.startsWith(name.slice(0, length)));
    if (alike.length > 0) return alike.slice(0, 8);
  }
  return [];
}

/** `templates` of this package: above this file, whether it runs from source or from a bundle. */
async function templateFolder(): Promise<string> {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const entries = await readdir(folder);
    if (entries.includes('package.json') && entries.includes('templates')) return join(folder, 'templates');
    const above = dirname(folder);
    if (above === folder) throw new Error('this installation has no templates');
    folder = above;
  }
}
