import { type Bytes, hex32, parseHex32, toHex } from '../core/bytes.ts';
import { crc32 } from '../core/crc32.ts';
import { DfuError } from '../core/errors.ts';
import { sha256 } from '../crypto/sha256.ts';
import { decodeManifest, type Manifest } from '../format/manifest.ts';
import { decodeSignatures, packageId } from '../format/signatures.ts';
import { type Container, type ContainerImage, openContainer } from '../format/zip.ts';
import { recognise } from '../images/recognise.ts';
import { describeAttestation, looksLikeEnvelope } from './describe-attestation.ts';
import { describeGbl, describeRaw } from './describe-image.ts';
import type { Computed, Description, PackageDescription, PackagedImage, Problem } from './description.ts';

/**
 * Tells what a file says of itself: a package, a GBL v3 file, a raw binary or an attestation, recognised by its bytes; other kinds are
 * named. What is not sound stands in `problems` and ends that part of the description, nothing else.
 */
export async function describeFile(bytes: Bytes): Promise<Description> {
  const problems: Problem[] = [];
  const { kind, name } = kindOf(bytes);
  const content: Pick<Description, 'package' | 'gbl' | 'raw' | 'attestation'> = {};
  if (kind === 'package') {
    const container = tryTo(problems, () => openContainer(bytes));
    if (container !== undefined) content.package = await describePackage(container, problems);
  } else if (kind === 'gbl3') {
    const gbl = tryTo(problems, () => describeGbl(bytes));
    if (gbl !== undefined) content.gbl = gbl;
  } else if (kind === 'attestation') {
    const attestation = tryTo(problems, () => describeAttestation(bytes));
    if (attestation !== undefined) content.attestation = attestation;
  } else if (kind === 'raw') content.raw = describeRaw(bytes);
  return {
    formatVersion: 1,
    verified: false,
    kind,
    name,
    computed: await compute(bytes),
    ...content,
    problems,
  };
}

function kindOf(bytes: Bytes): Pick<Description, 'kind' | 'name'> {
  return looksLikeEnvelope(bytes) ? { kind: 'attestation', name: 'an attestation' } : recognise(bytes);
}

async function describePackage(container: Container, problems: Problem[]): Promise<PackageDescription> {
  const { manifestBytes, signaturesBytes } = container;
  const signatures =
    signaturesBytes === undefined ? undefined : tryTo(problems, () => decodeSignatures(signaturesBytes));
  const manifest = tryTo(problems, () => decodeManifest(manifestBytes));
  const images: PackagedImage[] = [];
  for (const image of container.images) images.push(await describeImage(image, manifest, problems));
  return {
    packageId: await packageId(manifestBytes),
    ...(signatures && { signatures: { verified: false, keyIds: signatures.map(({ keyId }) => keyId) } }),
    ...(manifest && { manifest: { verified: false, value: manifest } }),
    images,
  };
}

async function describeImage(
  { name, format, bytes }: ContainerImage,
  manifest: Manifest | undefined,
  problems: Problem[],
): Promise<PackagedImage> {
  const computed = await compute(bytes);
  const claimed = manifest?.images.find((image) => image.name === name && image.format === format);
  const asClaimed =
    claimed?.size === computed.size && claimed.crc32 === computed.crc32 && claimed.sha256 === computed.sha256;
  const gbl = format === 'gbl' ? tryTo(problems, () => describeGbl(bytes, claimed?.alignment)) : undefined;
  return {
    name,
    format,
    computed,
    ...(claimed && { asClaimed }),
    ...(gbl && { gbl }),
    ...(format === 'raw' && { raw: describeRaw(bytes, parseHex32(claimed?.startAddress ?? '')) }),
  };
}

async function compute(bytes: Bytes): Promise<Computed> {
  const hashing = sha256(bytes);
  return { size: bytes.length, crc32: hex32(crc32(bytes)), sha256: toHex(await hashing) };
}

/** What `act` gives; where it throws a DfuError, that is one problem more. */
function tryTo<T>(problems: Problem[], act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof DfuError)) throw error;
    problems.push({ code: error.code, message: error.message, facts: error.facts });
    return undefined;
  }
}
