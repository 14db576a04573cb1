import type { Bytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import type { Signer } from '../crypto/public-key.ts';
import { MAX_IMAGES } from '../format/limits.ts';
import {
  encodeManifest,
  type Manifest,
  type Provenance,
  type Requires,
  type Target,
} from '../format/manifest.ts';
import { encodePackage, type PackageContent } from '../format/package.ts';
import { encodeSignatures, packageId, signedMessage } from '../format/signatures.ts';
import { findPart, type Part } from '../images/parts.ts';
import { type BuildImage, type PackedImage, packImage, type Treatment } from './image.ts';
import { checkApart } from './placement.ts';
import { signAll } from './sign.ts';
import { assertNoCredentials } from './source.ts';
import { firmwareVersion } from './versions.ts';
import type { PackWarning } from './warnings.ts';

/** Everything a package is made of; plain values, whoever read them from where. */
export interface BuildInput {
  name: string;
  /** SemVer 2.0.0. */
  version: string;
  /** 0 unless given. */
  securityCounter?: number;
  target: Target;
  requires?: Requires;
  notAfter?: string;
  /** In upload order. */
  images: readonly BuildImage[];
  provenance?: Provenance;
  annotations?: Readonly<Record<string, string>>;
  /** None: the package stays unsigned. */
  signers?: readonly Signer[];
}

/** A package that was made; signed by the signers that were given, and unsigned without any. */
export interface BuiltPackage {
  manifest: Manifest;
  packageId: string;
  /** The file, in pieces in order; images are not copied. */
  segments: Bytes[];
  /** For each image of the manifest, what was done to it. */
  treatments: readonly Treatment[];
  warnings: PackWarning[];
}

/**
 * Makes a package: checks every image, wraps and pads it as asked for, writes the manifest, signs it. The same input
 * gives the same bytes. Throws `image.*` and `pack.*`, each with its cure.
 */
export async function buildPackage(input: BuildInput): Promise<BuiltPackage> {
  const { name, target, requires, notAfter, provenance, annotations, signers = [] } = input;
  const version = firmwareVersion(input.version);
  const part = target.part === undefined ? undefined : knownPart(target.part);
  checkNames(input.images);
  if (provenance !== undefined) assertNoCredentials(provenance);
  const images: PackedImage[] = [];
  for (const image of input.images) images.push(await packImage(image, version, part));
  checkApart(images.flatMap((image) => image.extents));
  const manifest: Manifest = {
    formatVersion: 1,
    name,
    version: input.version,
    securityCounter: input.securityCounter ?? 0,
    target,
    ...(requires === undefined ? {} : { requires }),
    ...(notAfter === undefined ? {} : { notAfter }),
    images: images.map((image) => image.entry),
    ...(provenance === undefined ? {} : { provenance }),
    ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
  };
  const manifestBytes = encodeChecked(manifest);
  const content: PackageContent = {
    manifest: manifestBytes,
    ...(signers.length === 0
      ? {}
      : { signatures: encodeSignatures(await signAll(await signedMessage(manifestBytes), signers, [])) }),
    images: images.map(({ entry, bytes, crc32 }) => ({
      name: entry.name,
      format: entry.format,
      bytes,
      crc32,
    })),
  };
  return {
    manifest,
    packageId: await packageId(manifestBytes),
    segments: encodePackage(content),
    treatments: images.map((image) => image.treatment),
    warnings: [...images.flatMap((image) => image.warnings), ...(signers.length === 0 ? [UNSIGNED] : [])],
  };
}

const UNSIGNED: PackWarning = {
  code: 'unsigned',
  message: 'the package is not signed: nobody who verifies it can know who made it',
};

function knownPart(name: string): Part {
  const part = findPart(name);
  if (part !== undefined) return part;
  throw new DfuError('pack.part-unknown', `the part "${name}" is not known`, { facts: { part: name } });
}

function checkNames(images: readonly BuildImage[]): void {
  if (images.length === 0 || images.length > MAX_IMAGES) {
    const message = `a package holds 1 to ${MAX_IMAGES} images, not ${images.length}`;
    throw new DfuError('pack.value-invalid', message, { facts: { images: images.length } });
  }
  const names = images.map((image) => image.name ?? image.role ?? 'application');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new DfuError('pack.image-name', `two images are called ${twice}`, { facts: { image: twice } });
}

/** The manifest's own rules, told as what they are here: an input that can not be packed. */
function encodeChecked(manifest: Manifest): Bytes {
  try {
    return encodeManifest(manifest);
  } catch (cause) {
    if (!(cause instanceof DfuError)) throw cause;
    const message = cause.message.replace(/^manifest\.json: /, '');
    throw new DfuError('pack.value-invalid', message, { facts: cause.facts, cause });
  }
}
