/**
 * Why a path can not name an image of a recipe, as the end of a sentence; `undefined` for a good one. A recipe may come
 * with somebody else's sources: what it names must lie below its own folder on every system.
 */
export function refuseImagePath(path: string): string | undefined {
  if (path.includes('\\')) return 'has a backslash';
  if (path.startsWith('/')) return 'is absolute';
  // A drive, or on Windows another stream of a file.
  if (path.includes(':')) return 'has a colon';
  if (/[^\x20-\x7e\u00a0-\uffff]/.test(path)) return 'has a control character';
  const segments = path.split('/');
  if (segments.includes('..')) return "leaves the recipe's folder";
  const last = segments.at(-1);
  if (last === '' || last === '.') return 'names a folder';
  return undefined;
}
