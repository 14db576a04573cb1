import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Io, pathOf } from './io.ts';

/**
 * File arguments with `*` in their last part replaced by the names that match, sorted. Shells do that elsewhere; on
 * Windows the programs have to. What matches nothing stays as it is, so that the error names it.
 */
export async function expandWildcards(io: Io, files: readonly string[]): Promise<string[]> {
  if (io.platform !== 'win32') return [...files];
  const expanded: string[] = [];
  for (const file of files) {
    const matches = basename(file).includes('*') ? await matching(io, file) : [];
    expanded.push(...(matches.length > 0 ? matches : [file]));
  }
  return expanded;
}

async function matching(io: Io, file: string): Promise<string[]> {
  const folder = dirname(file);
  const parts = basename(file).split('*');
  const pattern = new RegExp(`^${parts.map((part) => part.replace(/[^\w]/g, '\\$&')).join('.*')}$`, 'i');
  const names = await readdir(pathOf(io, folder)).catch(() => []);
  return names
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => (folder === '.' ? name : join(folder, name)));
}
