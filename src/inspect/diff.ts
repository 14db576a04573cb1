import { type Bytes, equalBytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { findPart } from '../images/parts.ts';
import type { Difference } from './diff-document.ts';
import { diffManifests, diffSigners } from './diff-fields.ts';
import { type ComparedImage, diffImages, loneImage } from './diff-image.ts';
import { type ImageInput, type InputImage, type PackageInput, readDiffInput } from './diff-input.ts';

/** How two files are compared. */
export interface DiffOptions {
  /** The image of a package that a bare one is compared with; needed where there are several. */
  image?: string;
  /** Bytes of a flash page, a power of two; that of the part which the manifest names unless given. */
  pageBytes?: number;
}

/** Smaller pages are found on no device; larger ones are no pages. */
export const PAGE_BYTES_LIMITS = { min: 64, max: 2 ** 24 } as const;

/**
 * Tells what differs between two files, each a package or a bare image (raw or GBL v3), recognised by its bytes. Nothing is
 * verified. `file` is how each is called in messages. Takes time linear in their size, and no more memory than them, but
 * for the copy of one image that the crypto engine makes.
 * Throws `package.*`, `format.*`, `image.empty`, `image.unsupported-format` for a file that can not be compared, and
 * `usage.invalid` for an image that is not there or not named.
 */
export async function diffFiles(
  old: { file: string; bytes: Bytes },
  now: { file: string; bytes: Bytes },
  options: DiffOptions = {},
): Promise<Difference> {
  const { pageBytes } = options;
  const { min, max } = PAGE_BYTES_LIMITS;
  if (
    pageBytes !== undefined &&
    (pageBytes < min || pageBytes > max || !Number.isInteger(Math.log2(pageBytes)))
  ) {
    throw new DfuError(
      'usage.invalid',
      `a page has a power of two of bytes, from ${min} to ${max}, not ${pageBytes}`,
    );
  }
  const before = await readDiffInput('old', old.file, old.bytes);
  const after = await readDiffInput('new', now.file, now.bytes);
  const inputs = [after, before].filter((input) => input.kind === 'package');
  const pageSize = pageSizeOf(inputs, pageBytes);
  const found = compare(before, after, options.image, pageSize?.bytes);
  const holding = found.images[0]?.difference.holding?.held;
  const held = holding === 'exact' || holding === 'before-padding' || holding === 'before-wrapping';
  const { images, ...packages } = found;
  return {
    formatVersion: 1,
    verified: false,
    different: holding === undefined ? !equalBytes(old.bytes, now.bytes) : !held,
    old: before.about,
    new: after.about,
    ...(pageSize && { pageSize }),
    ...packages,
    images: images.map(({ difference }) => difference),
    problems: [
      ...[before, after].flatMap((input) => (input.kind === 'package' ? input.problems : [])),
      ...images.flatMap(({ problems }) => problems),
    ],
  };
}

/** Of the part that the new package names, else the old one. */
function pageSizeOf(packages: readonly PackageInput[], asked: number | undefined): Difference['pageSize'] {
  if (asked !== undefined) return { bytes: asked, source: 'option' };
  for (const { manifest } of packages) {
    const part = findPart(manifest.target.part ?? '');
    if (part !== undefined) return { bytes: part.pageBytes, source: 'part', part: part.name };
  }
  return undefined;
}

type Compared = Pick<Difference, 'manifest' | 'signers'> & { images: ComparedImage[] };

function compare(
  old: PackageInput | ImageInput,
  now: PackageInput | ImageInput,
  name: string | undefined,
  pageBytes: number | undefined,
): Compared {
  if (old.kind === 'package' && now.kind === 'package') {
    assertNoName(name, 'two packages, whose images are compared by their names');
    return {
      manifest: { verified: false, fields: diffManifests(old.manifest, now.manifest) },
      signers: diffSigners(old.keyIds, now.keyIds),
      images: diffImageLists(old.images, now.images, pageBytes),
    };
  }
  if (old.kind === 'image' && now.kind === 'image') {
    assertNoName(name, 'two images, of which none is in a package');
    return { images: [diffImages(old.image, now.image, pageBytes)] };
  }
  return { images: [diffImages(chosenImage(old, name), chosenImage(now, name), pageBytes)] };
}

function diffImageLists(
  old: PackageInput['images'],
  now: PackageInput['images'],
  pageBytes: number | undefined,
): ComparedImage[] {
  const before = new Map(old.map((image) => [image.entry.name, image]));
  const names = new Set(now.map((image) => image.entry.name));
  return [
    ...now.map((image) => {
      const was = before.get(image.entry.name);
      return was === undefined ? loneImage('new', image) : diffImages(was, image, pageBytes);
    }),
    ...old.filter((image) => !names.has(image.entry.name)).map((image) => loneImage('old', image)),
  ];
}

function assertNoName(name: string | undefined, what: string): void {
  if (name === undefined) return;
  throw new DfuError('usage.invalid', `an image was named, and these are ${what}`, {
    cure: 'Leave out --image.',
  });
}

/** The image to compare with a bare one. */
function chosenImage(input: PackageInput | ImageInput, name: string | undefined): InputImage {
  if (input.kind === 'image') return input.image;
  const { images } = input;
  const chosen =
    name === undefined && images.length === 1 ? images[0] : images.find((i) => i.entry.name === name);
  if (chosen !== undefined) return chosen;
  const names = images.map(({ entry }) => entry.name).join(', ');
  const message =
    name === undefined
      ? `the package holds several images: ${names}`
      : `the package holds no image ${shown(name)}, but ${names}`;
  throw new DfuError('usage.invalid', message, { cure: 'Name one of them: --image NAME.' });
}
