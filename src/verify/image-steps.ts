import { type Bytes, hex32, parseHex32, toHex } from '../core/bytes.ts';
import { crc32 } from '../core/crc32.ts';
import { DfuError } from '../core/errors.ts';
import { counted } from '../core/text.ts';
import { sha256 } from '../crypto/sha256.ts';
import { imageEntryName } from '../format/entry-names.ts';
import type { Manifest, ManifestImage } from '../format/manifest.ts';
import type { Container, ContainerImage } from '../format/zip.ts';
import { firstOverlap, type ImageExtent } from '../images/extents.ts';
import { decodeGbl, type Gbl } from '../images/gbl/codec.ts';
import { gblExtents } from '../images/gbl/extents.ts';
import { beyondRole } from '../images/gbl/role.ts';
import type { CheckId } from './checks.ts';
import type { Ledger } from './ledger.ts';

/** Step 5: the images of the container against the manifest, then their structure, then that none overlaps another. */
export async function judgeImages(ledger: Ledger, manifest: Manifest, container: Container): Promise<void> {
  ledger.expectImages(manifest.images.map((image) => image.name));
  if (!judgeList(ledger, manifest, container.images)) return;
  const extents: ImageExtent[] = [];
  for (const [index, entry] of manifest.images.entries()) {
    const held = container.images[index];
    if (held === undefined) throw new Error('the list of images was judged, yet one is missing');
    const found = await judgeImage(ledger, entry, held);
    for (const extent of found) extents.push(extent);
  }
  if (!ledger.failed) judgeApart(ledger, extents);
}

function judgeList(ledger: Ledger, manifest: Manifest, held: readonly ContainerImage[]): boolean {
  const wanted = manifest.images.map((image) => imageEntryName(image.name, image.format));
  const found = held.map((image) => imageEntryName(image.name, image.format));
  const missing = wanted.find((name) => !found.includes(name));
  if (missing !== undefined) {
    const message = `the manifest names ${missing}, which is not in the package`;
    ledger.fail('images.listed', 'package.image-missing', message, { entry: missing });
    return false;
  }
  const unlisted = found.find((name) => !wanted.includes(name));
  if (unlisted !== undefined) {
    const message = `${unlisted} is in the package, but not in the manifest`;
    ledger.fail('images.listed', 'package.image-unlisted', message, { entry: unlisted });
    return false;
  }
  const swapped = wanted.findIndex((name, index) => name !== found[index]);
  if (swapped >= 0 || wanted.length !== found.length) {
    const message = `the images of the package stand in another order than in the manifest, from image ${swapped + 1} on`;
    ledger.fail('images.listed', 'package.image-order', message, { image: swapped + 1 });
    return false;
  }
  ledger.pass('images.listed', `${counted(wanted.length, 'image')}, as the manifest says`);
  return true;
}

/** The checks of one image. Returns the flash it fills, as far as that can be read. */
async function judgeImage(
  ledger: Ledger,
  entry: ManifestImage,
  held: ContainerImage,
): Promise<ImageExtent[]> {
  const { name } = entry;
  const { bytes } = held;
  if (bytes.length !== entry.size) {
    const message = `image ${name} has ${counted(bytes.length, 'byte')}; the manifest says ${entry.size}`;
    ledger.fail(
      'image.size',
      'package.image-size',
      message,
      { expected: entry.size, found: bytes.length },
      name,
    );
    return [];
  }
  ledger.pass('image.size', counted(bytes.length, 'byte'), name);
  const padded = judgePadding(ledger, entry, bytes);
  const intact = await judgeDigests(ledger, entry, held);
  if (!padded || !intact) return [];
  return entry.format === 'raw' ? rawStructure(ledger, entry) : gblStructure(ledger, entry, bytes);
}

/**
 * What stands behind the source's bytes. A GBL may have been wrapped around its source, by less than a large alignment
 * even, so its padding is what follows its end tag: judged with its structure. That a raw image has less of it than the
 * alignment is a rule of the manifest, checked there.
 */
function judgePadding(ledger: Ledger, entry: ManifestImage, bytes: Bytes): boolean {
  const { name, sourceSize, size } = entry;
  const added = size - sourceSize;
  if (added < 0) {
    const message = `image ${name} has ${size} bytes, its source ${sourceSize}: nothing can have been added to it`;
    ledger.fail('image.padding', 'package.image-padding', message, { size, sourceSize }, name);
    return false;
  }
  if (entry.format === 'gbl') {
    ledger.pass('image.padding', 'judged with the structure', name);
    return true;
  }
  const padByte = Number.parseInt(entry.padByte.slice(2), 16);
  const foreign = bytes.subarray(sourceSize).findIndex((byte) => byte !== padByte);
  if (foreign >= 0) {
    const offset = sourceSize + foreign;
    const message = `image ${name} is padded with something else than ${entry.padByte} at offset ${hex32(offset)}`;
    ledger.fail('image.padding', 'package.image-padding', message, { offset }, name);
    return false;
  }
  ledger.pass('image.padding', counted(added, 'byte'), name);
  return true;
}

/** SHA-256 on the crypto engine's thread while the CRC is computed on this one, once for ZIP and manifest. */
async function judgeDigests(ledger: Ledger, entry: ManifestImage, held: ContainerImage): Promise<boolean> {
  const { name } = entry;
  const hashing = sha256(held.bytes);
  const crc = hex32(crc32(held.bytes));
  const digest = toHex(await hashing);
  const others = { manifest: entry.crc32, 'ZIP header': hex32(held.zipCrc32) };
  const wrong = Object.entries(others).find(([, claimed]) => claimed !== crc);
  if (wrong === undefined) ledger.pass('image.crc32', crc, name);
  else {
    const [where, claimed] = wrong;
    const message = `image ${name} has CRC-32 ${crc}; its ${where} says ${claimed}`;
    ledger.fail(
      'image.crc32',
      'package.image-crc32',
      message,
      { expected: claimed, found: crc, where },
      name,
    );
  }
  if (digest === entry.sha256) ledger.pass('image.sha256', digest, name);
  else {
    const message = `image ${name} has SHA-256 ${digest}; the manifest says ${entry.sha256}`;
    ledger.fail(
      'image.sha256',
      'package.image-sha256',
      message,
      { expected: entry.sha256, found: digest },
      name,
    );
  }
  return wrong === undefined && digest === entry.sha256;
}

function rawStructure(ledger: Ledger, entry: ManifestImage): ImageExtent[] {
  const { name, startAddress, size } = entry;
  const from = parseHex32(startAddress ?? '');
  if (from === undefined) throw new Error('a manifest that was checked has a raw image without an address');
  ledger.pass('image.structure', `raw, from ${hex32(from)} on`, name);
  return [{ image: name, from, to: from + size }];
}

function gblStructure(ledger: Ledger, entry: ManifestImage, bytes: Bytes): ImageExtent[] {
  const { name } = entry;
  let gbl: Gbl;
  try {
    gbl = decodeGbl(bytes, { alignment: entry.alignment });
  } catch (error) {
    if (!(error instanceof DfuError)) throw error;
    const code = error.code === 'image.gbl-tail' ? 'package.image-tail' : 'package.image-structure';
    const message = `image ${name}: ${error.message}`;
    ledger.fail('image.structure', code, message, { ...error.facts, cause: error.code }, name);
    return [];
  }
  const beyond = beyondRole(gbl, entry.role);
  if (beyond !== undefined) {
    const message = `image ${name} holds ${beyond}, which its role ${entry.role} does not permit`;
    ledger.fail('image.structure', 'package.image-role', message, { role: entry.role }, name);
    return [];
  }
  const lowest = gbl.lowestAddress === undefined ? undefined : hex32(gbl.lowestAddress);
  if (lowest !== entry.startAddress) {
    const [found, said] = [lowest ?? 'none that can be read', entry.startAddress ?? 'none'];
    const message = `image ${name}: lowest programmed address ${found}; the manifest says ${said}`;
    ledger.fail('image.structure', 'package.image-address', message, { expected: said, found }, name);
    return [];
  }
  ledger.pass('image.structure', `GBL v3, ${counted(gbl.tags.length, 'tag')}${readableAs(gbl)}`, name);
  return gblExtents(gbl).map((extent) => ({ image: name, ...extent }));
}

function readableAs(gbl: Gbl): string {
  if (gbl.encrypted) return ', encrypted: judged as far as it can be read';
  return gbl.signed ? ", signed for the device: that signature is the device's to judge" : '';
}

function judgeApart(ledger: Ledger, extents: readonly ImageExtent[]): void {
  const id: CheckId = 'images.apart';
  const overlap = firstOverlap(extents);
  if (overlap === undefined) {
    ledger.pass(id, 'no two images overlap, as far as they can be read');
    return;
  }
  const address = hex32(overlap.second.from);
  const message = `images ${overlap.first.image} and ${overlap.second.image} overlap at ${address}`;
  ledger.fail(id, 'package.image-overlap', message, { address });
}
