import { type Bytes, hex32, toHex } from '../core/bytes.ts';
import { systemClock } from '../core/clock.ts';
import { crc32 } from '../core/crc32.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { sha256 } from '../crypto/sha256.ts';
import { imageEntryName } from '../format/entry-names.ts';
import { decodeManifest, type ImageFormat, type Manifest, type ManifestImage } from '../format/manifest.ts';
import { decodeSignatures, packageId } from '../format/signatures.ts';
import { type Container, openContainer } from '../format/zip.ts';
import { recognise } from '../images/recognise.ts';
import type { DiffFile, DiffProblem, DiffSide } from './diff-document.ts';

/** An image of a side; a bare one has neither name nor entry. */
export interface InputImage {
  entry?: ManifestImage;
  format: ImageFormat;
  bytes: Bytes;
  /** Computed, lower-case hex. */
  sha256: string;
  asClaimed?: boolean;
}

export interface PackageInput {
  kind: 'package';
  about: DiffFile;
  manifest: Manifest;
  /** Key ids that the signatures claim; none without signatures. */
  keyIds: string[];
  images: (InputImage & { entry: ManifestImage })[];
  problems: DiffProblem[];
}

export interface ImageInput {
  kind: 'image';
  about: DiffFile;
  image: InputImage;
}

/**
 * Reads one of the two files, recognised by its bytes. Container, manifest, signatures and the list of images must be
 * sound; digests that do not fit the manifest are problems of it, not errors.
 * Throws `package.*`, `format.*`, `image.empty`, `image.unsupported-format`; the message and the facts name the file.
 */
export async function readDiffInput(
  side: DiffSide,
  file: string,
  bytes: Bytes,
): Promise<PackageInput | ImageInput> {
  try {
    const { kind, name } = recognise(bytes);
    if (kind === 'package') return await readPackage(side, file, bytes);
    if (bytes.length === 0) throw new DfuError('image.empty', 'the file is empty');
    if (kind !== 'raw' && kind !== 'gbl3') {
      const message = `this is ${name}; packages, raw binaries and GBL v3 files can be compared`;
      throw new DfuError('image.unsupported-format', message, {
        facts: { found: kind },
        cure: 'Give a package, or an image as it would be packed.',
      });
    }
    const image = {
      format: kind === 'raw' ? 'raw' : 'gbl',
      bytes,
      sha256: await digestOf(bytes),
    } as const;
    return { kind: 'image', about: { file, kind, size: bytes.length }, image };
  } catch (error) {
    if (!(error instanceof DfuError)) throw error;
    const { code, facts, cure } = error;
    throw new DfuError(code, `${shown(file)}: ${error.message}`, {
      facts: { ...facts, file: shown(file), side },
      cure,
      cause: error,
    });
  }
}

async function readPackage(side: DiffSide, file: string, bytes: Bytes): Promise<PackageInput> {
  const container = openContainer(bytes);
  const { manifestBytes, signaturesBytes } = container;
  const manifest = decodeManifest(manifestBytes);
  const keyIds = signaturesBytes === undefined ? [] : decodeSignatures(signaturesBytes).map((s) => s.keyId);
  assertListed(manifest, container);
  const problems: DiffProblem[] = [];
  const images: PackageInput['images'] = [];
  for (const [i, entry] of manifest.images.entries()) {
    const held = container.images[i];
    if (held === undefined) throw new Error('the images were held against the list, yet one is missing');
    const digest = await digestOf(held.bytes);
    const problem = misfit(entry, held.bytes, held.zipCrc32, digest);
    if (problem !== undefined) problems.push({ side, image: entry.name, ...problem });
    images.push({
      entry,
      format: entry.format,
      bytes: held.bytes,
      sha256: digest,
      asClaimed: problem === undefined,
    });
  }
  const { name, version } = manifest;
  const claims = { verified: false, packageId: await packageId(manifestBytes), name, version } as const;
  return {
    kind: 'package',
    about: { file, kind: 'package', size: bytes.length, package: claims },
    manifest,
    keyIds,
    images,
    problems,
  };
}

/**
 * One after the other, and a turn between: the crypto engine hashes a copy of its own, which it drops a turn after the
 * result. There is one such copy then, not one of each image.
 */
async function digestOf(bytes: Bytes): Promise<string> {
  const digest = await sha256(bytes);
  await new Promise<void>((resolve) => systemClock.after(0, resolve));
  return toHex(digest);
}

function assertListed(manifest: Manifest, container: Container): void {
  const listed = manifest.images.map(({ name, format }) => imageEntryName(name, format));
  const held = container.images.map(({ name, format }) => imageEntryName(name, format));
  const missing = listed.find((name) => !held.includes(name));
  if (missing !== undefined) {
    throw new DfuError('package.image-missing', `the manifest names ${missing}, which is not in the package`);
  }
  const unlisted = held.find((name) => !listed.includes(name));
  if (unlisted !== undefined) {
    throw new DfuError('package.image-unlisted', `${unlisted} is in the package, but not in the manifest`);
  }
  if (listed.some((name, i) => name !== held[i])) {
    throw new DfuError('package.image-order', 'the images stand in another order than in the manifest');
  }
}

/** In what an image differs from what manifest and ZIP header say of it. */
function misfit(
  entry: ManifestImage,
  bytes: Bytes,
  zipCrc32: number,
  digest: string,
): Pick<DiffProblem, 'code' | 'message' | 'facts'> | undefined {
  const { name, size } = entry;
  if (bytes.length !== size) {
    const message = `image ${name} has ${bytes.length} bytes, the manifest says ${size}`;
    return { code: 'package.image-size', message, facts: { expected: size, found: bytes.length } };
  }
  const crc = hex32(crc32(bytes));
  if (crc !== entry.crc32 || crc !== hex32(zipCrc32)) {
    const expected = crc === entry.crc32 ? hex32(zipCrc32) : entry.crc32;
    const message = `image ${name} has CRC-32 ${crc}, the package says ${expected}`;
    return { code: 'package.image-crc32', message, facts: { expected, found: crc } };
  }
  if (digest === entry.sha256) return undefined;
  const message = `image ${name} has SHA-256 ${digest}, the manifest says ${entry.sha256}`;
  return { code: 'package.image-sha256', message, facts: { expected: entry.sha256, found: digest } };
}
