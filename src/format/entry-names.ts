import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { isImageName } from './image-name.ts';
import type { ImageFormat } from './manifest.ts';

export const MANIFEST_ENTRY = 'manifest.json';
export const SIGNATURES_ENTRY = 'signatures.json';

/** What an entry of a package is, as its name tells. */
export type EntryKind =
  | { readonly type: 'manifest' }
  | { readonly type: 'signatures' }
  | { readonly type: 'image'; readonly name: string; readonly format: ImageFormat };

const EXTENSIONS: Readonly<Record<ImageFormat, string>> = { raw: 'bin', gbl: 'gbl' };
const FORMAT_OF_EXTENSION: ReadonlyMap<string, ImageFormat> = new Map([
  ['bin', 'raw'],
  ['gbl', 'gbl'],
]);

/** `images/<name>.bin` or `.gbl`. Throws `package.entry-name` for a name that no image may have. */
export function imageEntryName(name: string, format: ImageFormat): string {
  const entryName = `images/${name}.${EXTENSIONS[format]}`;
  if (!isImageName(name)) throw nameError(entryName);
  return entryName;
}

/**
 * What an entry is; `offset` (where the name stands in the package) goes into the error.
 * Throws `package.entry-name`; `format.unsupported-image-format` for an image with an extension of another version.
 */
export function entryKind(entryName: string, offset?: number): EntryKind {
  if (entryName === MANIFEST_ENTRY) return { type: 'manifest' };
  if (entryName === SIGNATURES_ENTRY) return { type: 'signatures' };
  const parts = /^images\/([^/.]+)\.([a-z0-9]{1,8})$/.exec(entryName);
  const [, name = '', extension = ''] = parts ?? [];
  if (!isImageName(name)) throw nameError(entryName, offset);
  const format = FORMAT_OF_EXTENSION.get(extension);
  if (format === undefined) {
    throw new DfuError(
      'format.unsupported-image-format',
      `the image ${name} has the unknown format .${extension}`,
      {
        facts: { image: name, extension, ...(offset === undefined ? {} : { offset }) },
      },
    );
  }
  return { type: 'image', name, format };
}

function nameError(entryName: string, offset?: number): DfuError {
  return new DfuError(
    'package.entry-name',
    `an entry called "${shown(entryName)}" has no place in a package`,
    {
      facts: offset === undefined ? {} : { offset },
    },
  );
}
