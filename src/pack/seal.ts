import { type Bytes, hex32, toHex } from '../core/bytes.ts';
import { crc32 } from '../core/crc32.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import type { PublicKey, Signer } from '../crypto/public-key.ts';
import { sha256 } from '../crypto/sha256.ts';
import { imageEntryName } from '../format/entry-names.ts';
import { decodeManifest, type ImageFormat, type Manifest, type ManifestImage } from '../format/manifest.ts';
import { encodePackage } from '../format/package.ts';
import {
  decodeSignatures,
  encodeSignatures,
  type PackageSignature,
  packageId,
  signedMessage,
} from '../format/signatures.ts';
import { type Container, type ContainerImage, openContainer } from '../format/zip.ts';
import { addSignature, signAll } from './sign.ts';

/** A package whose form and digests are good. Who made it is not judged here: that is verify's. */
export interface SoundPackage {
  manifest: Manifest;
  packageId: string;
  signatures: readonly PackageSignature[];
  container: Container;
}

/** A package with more signatures than before, and nothing else changed. */
export interface SealedPackage {
  manifest: Manifest;
  packageId: string;
  /** Of all signatures it now has, sorted. */
  keyIds: string[];
  /** The file, in pieces in order; images are views of the package that was sealed. */
  segments: Bytes[];
}

/**
 * Opens a package that is to be signed: container, signatures' form, manifest, and that the images are the manifest's.
 * Throws the `package.*` and `format.*` codes of what is wrong with it.
 */
export async function openSound(bytes: Bytes): Promise<SoundPackage> {
  const container = openContainer(bytes);
  const { manifestBytes, signaturesBytes } = container;
  const signatures = signaturesBytes === undefined ? [] : decodeSignatures(signaturesBytes);
  const manifest = decodeManifest(manifestBytes);
  await checkImages(manifest.images, container.images);
  return { manifest, packageId: await packageId(manifestBytes), signatures, container };
}

/**
 * Adds signatures to a package; its id stays. Throws what `openSound` throws, `pack.already-signed`,
 * `pack.too-many-signatures`, and what a signer throws.
 */
export async function signPackage(bytes: Bytes, signers: readonly Signer[]): Promise<SealedPackage> {
  const sound = await openSound(bytes);
  const message = await signedMessage(sound.container.manifestBytes);
  return seal(sound, await signAll(message, signers, sound.signatures));
}

/** The bytes that every signature of a package is made over. Throws what `openSound` throws. */
export async function toBeSigned(bytes: Bytes): Promise<{ sound: SoundPackage; message: Bytes }> {
  const sound = await openSound(bytes);
  return { sound, message: await signedMessage(sound.container.manifestBytes) };
}

/**
 * Adds a signature that was made elsewhere over the bytes of `toBeSigned`; the package's id stays. Throws what
 * `openSound` throws, `pack.already-signed`, `pack.too-many-signatures`, `pack.signature-invalid`.
 */
export async function attachSignature(
  bytes: Bytes,
  key: PublicKey,
  signature: Bytes,
): Promise<SealedPackage> {
  const sound = await openSound(bytes);
  const message = await signedMessage(sound.container.manifestBytes);
  return seal(sound, await addSignature(message, key, signature, sound.signatures));
}

/** The same package without any signature, in pieces: what remains to be judged when nobody is trusted yet. */
export function withoutSignatures({ container }: SoundPackage): Bytes[] {
  return encodeWith(container);
}

function seal({ manifest, packageId, container }: SoundPackage, all: PackageSignature[]): SealedPackage {
  return {
    manifest,
    packageId,
    keyIds: all.map(({ keyId }) => keyId).sort(),
    segments: encodeWith(container, encodeSignatures(all)),
  };
}

function encodeWith({ manifestBytes, images }: Container, signatures?: Bytes): Bytes[] {
  return encodePackage({
    manifest: manifestBytes,
    ...(signatures === undefined ? {} : { signatures }),
    images: images.map(({ name, format, bytes, zipCrc32 }) => ({ name, format, bytes, crc32: zipCrc32 })),
  });
}

async function checkImages(
  entries: readonly ManifestImage[],
  images: readonly ContainerImage[],
): Promise<void> {
  const listed = new Set(entries.map(entryName));
  const unlisted = images.find((image) => !listed.has(entryName(image)));
  if (unlisted !== undefined) {
    const message = `${shown(entryName(unlisted))} is in the package, but not in the manifest`;
    throw new DfuError('package.image-unlisted', message);
  }
  for (const [index, entry] of entries.entries()) {
    const image = images[index];
    if (image !== undefined && entryName(image) === entryName(entry)) {
      await checkImage(entry, image);
      continue;
    }
    const there = images.some((other) => entryName(other) === entryName(entry));
    throw there
      ? new DfuError('package.image-order', `image ${entry.name} stands elsewhere than in the manifest`)
      : new DfuError('package.image-missing', `image ${entry.name} is not in the package`);
  }
}

function entryName({ name, format }: { name: string; format: ImageFormat }): string {
  return imageEntryName(name, format);
}

async function checkImage(entry: ManifestImage, { bytes, zipCrc32 }: ContainerImage): Promise<void> {
  const { name, size } = entry;
  const hashing = sha256(bytes);
  const crc = crc32(bytes);
  const digest = toHex(await hashing);
  if (bytes.length !== size) {
    throw new DfuError(
      'package.image-size',
      `image ${name} has ${bytes.length} bytes; the manifest says ${size}`,
      {
        facts: { image: name, expected: size, found: bytes.length },
      },
    );
  }
  if (entry.crc32 !== hex32(crc) || zipCrc32 !== crc) {
    const expected = zipCrc32 === crc ? entry.crc32 : hex32(zipCrc32);
    throw new DfuError('package.image-crc32', `image ${name} has CRC-32 ${hex32(crc)}, not ${expected}`, {
      facts: { image: name, expected, found: hex32(crc) },
    });
  }
  if (entry.sha256 !== digest) {
    throw new DfuError('package.image-sha256', `image ${name} has SHA-256 ${digest}, not ${entry.sha256}`, {
      facts: { image: name, expected: entry.sha256, found: digest },
    });
  }
}
