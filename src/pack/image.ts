import { type Bytes, hex32, toHex } from '../core/bytes.ts';
import { systemClock } from '../core/clock.ts';
import { crc32 } from '../core/crc32.ts';
import { DfuError } from '../core/errors.ts';
import { sha256 } from '../crypto/sha256.ts';
import { MAX_IMAGE_BYTES } from '../format/limits.ts';
import type { ImageFormat, ManifestImage, Role } from '../format/manifest.ts';
import type { SemVer } from '../format/versions.ts';
import type { ApplicationData } from '../images/application-data.ts';
import { findApplicationProperties } from '../images/cortex-m.ts';
import type { ImageExtent } from '../images/extents.ts';
import { decodeGbl, type Gbl, wrapRaw } from '../images/gbl/codec.ts';
import { gblExtents } from '../images/gbl/extents.ts';
import { preflightGbl } from '../images/gbl/preflight.ts';
import { beyondRole } from '../images/gbl/role.ts';
import type { Part } from '../images/parts.ts';
import { recogniseImage } from '../images/recognise.ts';
import { DEFAULT_ALIGNMENT, DEFAULT_PAD_BYTE } from './defaults.ts';
import { checkFlash, checkRawPlacement } from './placement.ts';
import { versionTag } from './versions.ts';
import type { PackWarning } from './warnings.ts';

/** One image as it comes from the build, and how it shall be packed. */
export interface BuildImage {
  /** Base name of the file. */
  sourceName: string;
  /** Never changed; the package may hold this very memory. */
  bytes: Bytes;
  /** Called once `bytes` is needed no more, if the package does not hold them. */
  release?: () => void;
  /** The role unless given. */
  name?: string;
  /** `application` unless given. */
  role?: Role;
  /** What the package shall hold; `auto` (unless given) is the part's kind, raw without a part. */
  format?: 'auto' | ImageFormat;
  /** Where the first byte of a raw image goes; the part's default for an application unless given. */
  startAddress?: number;
  /** 4 unless given; a power of two, 4 to 4096. */
  alignment?: number;
  /** 0xff unless given. */
  padByte?: number;
  /** What the device reports once this image runs. Only what somebody said goes into the manifest. */
  deviceVersion?: number;
}

/** What was done to an image. */
export type Treatment = 'unchanged' | 'padded' | 'wrapped';

export interface PackedImage {
  entry: ManifestImage;
  /** What the package holds. */
  bytes: Bytes;
  crc32: number;
  treatment: Treatment;
  extents: ImageExtent[];
  warnings: PackWarning[];
}

interface Content {
  format: ImageFormat;
  /** Makes another file of the image; absent where it goes in as it is. */
  wrap?: () => Bytes;
  /** Of the manifest; absent where a GBL tells none. */
  startAddress?: number;
  extents: ImageExtent[];
  warnings: PackWarning[];
}

/**
 * Recognises, checks, wraps, pads and hashes one image.
 * Throws `image.*`, and the `pack.*` codes that name an image.
 */
export async function packImage(
  input: BuildImage,
  version: SemVer,
  part: Part | undefined,
): Promise<PackedImage> {
  const { sourceName, bytes: source, alignment = DEFAULT_ALIGNMENT, deviceVersion } = input;
  const role = input.role ?? 'application';
  const name = input.name ?? role;
  checkNumbers(input, name);
  if (source.length > MAX_IMAGE_BYTES) {
    throw new DfuError(
      'pack.image-too-large',
      `image ${name} has ${source.length} bytes, at most ${MAX_IMAGE_BYTES} may be`,
      { facts: { image: name, size: source.length, limit: MAX_IMAGE_BYTES } },
    );
  }
  const content =
    recogniseImage(source) === 'gbl3'
      ? existingGbl(input, name, role, part)
      : rawBinary(input, name, role, version, part);
  checkFormatForPart(content.format, name, part);
  const padByte = padByteOf(input, content.format, name);
  const sourceSize = source.length;
  const unchanged = content.wrap === undefined && sourceSize % alignment === 0;
  const hashingSource = sha256(source);
  // The crypto engine hashes a copy of its own, which it drops a turn after the result. With that waited for, there are two
  // copies of a large image at most, not three.
  if (!unchanged) {
    await hashingSource;
    await new Promise<void>((resolve) => systemClock.after(0, resolve));
  }
  const bytes = unchanged ? source : pad(content.wrap?.() ?? source, alignment, padByte);
  if (!unchanged) input.release?.();
  // SHA-256 runs on the crypto engine's thread, the CRC on this one.
  const hashing = unchanged ? hashingSource : sha256(bytes);
  const crc = crc32(bytes);
  const sourceSha256 = toHex(await hashingSource);
  return {
    entry: {
      name,
      role,
      format: content.format,
      ...(content.startAddress === undefined ? {} : { startAddress: hex32(content.startAddress) }),
      sourceName,
      sourceSize,
      sourceSha256,
      size: bytes.length,
      alignment,
      padByte: `0x${padByte.toString(16).padStart(2, '0')}`,
      crc32: hex32(crc),
      sha256: toHex(await hashing),
      ...(deviceVersion === undefined ? {} : { deviceVersion: hex32(deviceVersion) }),
    },
    bytes,
    crc32: crc,
    treatment: content.wrap !== undefined ? 'wrapped' : unchanged ? 'unchanged' : 'padded',
    extents: content.extents,
    warnings: content.warnings,
  };
}

/** 32-bit values that are none would else be cut to some. */
function checkNumbers(input: BuildImage, name: string): void {
  const limits = { startAddress: 0xffffffff, deviceVersion: 0xffffffff, padByte: 0xff } as const;
  for (const field of ['startAddress', 'deviceVersion', 'padByte'] as const) {
    const value = input[field];
    if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= limits[field])) continue;
    const message = `image ${name}: ${field} is ${value}, no whole number from 0 to ${limits[field]}`;
    throw new DfuError('pack.value-invalid', message, { facts: { image: name, field } });
  }
}

/** A Gecko takes raw images too, by other ways than its bootloader; the first generation knows no GBL at all. */
function checkFormatForPart(format: ImageFormat, name: string, part: Part | undefined): void {
  if (part?.imageFormat !== 'raw' || format === 'raw') return;
  const message = `image ${name} is a ${format.toUpperCase()}, and the bootloader of ${part.name} takes raw images only`;
  throw new DfuError('pack.format-not-for-part', message, { facts: { image: name, part: part.name } });
}

function padByteOf({ padByte = DEFAULT_PAD_BYTE }: BuildImage, format: ImageFormat, name: string): number {
  if (format === 'gbl' && padByte !== 0xff) {
    throw new DfuError('pack.pad-byte', `image ${name} is a GBL and can not be padded with ${padByte}`, {
      facts: { image: name, padByte },
    });
  }
  return padByte;
}

/** The same memory where nothing is to be added. */
function pad(bytes: Bytes, alignment: number, padByte: number): Bytes {
  const size = Math.ceil(bytes.length / alignment) * alignment;
  if (size === bytes.length) return bytes;
  const padded = new Uint8Array(size);
  padded.set(bytes);
  return padded.fill(padByte, bytes.length);
}

/** Goes in as it is: signed and encrypted ones too, as far as they can be read. */
function existingGbl(input: BuildImage, name: string, role: Role, part: Part | undefined): Content {
  if (input.format === 'raw') {
    throw new DfuError('pack.raw-from-gbl', `image ${name} is a GBL v3 file, and raw was asked for`, {
      facts: { image: name },
    });
  }
  const alignment = input.alignment ?? DEFAULT_ALIGNMENT;
  const gbl = decodeGbl(input.bytes, { alignment });
  checkGblRole(gbl, name, role);
  const { lowestAddress } = gbl;
  if (
    input.startAddress !== undefined &&
    lowestAddress !== undefined &&
    input.startAddress !== lowestAddress
  ) {
    const facts = { image: name, startAddress: hex32(input.startAddress), found: hex32(lowestAddress) };
    const message = `image ${name} is a GBL file for ${facts.found}, not for ${facts.startAddress}`;
    throw new DfuError('pack.start-address-contradicts', message, { facts });
  }
  const extents = gblExtents(gbl).map((extent) => ({ image: name, ...extent }));
  for (const extent of extents) checkFlash(extent, part);
  return {
    format: 'gbl',
    ...(lowestAddress === undefined ? {} : { startAddress: lowestAddress }),
    extents,
    warnings: doubts(gbl, name, part),
  };
}

function checkGblRole(gbl: Gbl, name: string, role: Role): void {
  const beyond = beyondRole(gbl, role);
  if (beyond === undefined) return;
  throw new DfuError('pack.gbl-role', `image ${name} holds ${beyond}, and its role is ${role}`, {
    facts: { image: name, role },
  });
}

/** What a bootloader takes without a word, and what then does not start. */
function doubts(gbl: Gbl, image: string, part: Part | undefined): PackWarning[] {
  if (gbl.encrypted) {
    const message = 'the GBL is encrypted: where it goes and what it holds was not checked';
    return [{ code: 'gbl-not-readable', image, message }];
  }
  return preflightGbl(gbl, part).map(({ message }) => ({ code: 'gbl-preflight', image, message }));
}

function rawBinary(
  input: BuildImage,
  name: string,
  role: Role,
  version: SemVer,
  part: Part | undefined,
): Content {
  const { bytes, alignment = DEFAULT_ALIGNMENT, format: asked = 'auto' } = input;
  const format = asked === 'auto' ? (part?.imageFormat ?? 'raw') : asked;
  const wrapped = format === 'gbl';
  const startAddress =
    input.startAddress ?? (role === 'application' ? part?.layouts[0].applicationStart : undefined);
  if (startAddress === undefined) {
    const message = `image ${name} is a raw binary, and nobody said where it goes`;
    throw new DfuError('pack.start-address-missing', message, { facts: { image: name } });
  }
  // Inside a GBL the padding stands behind its end tag, not in flash.
  const size = wrapped ? bytes.length : Math.ceil(bytes.length / alignment) * alignment;
  const warnings = checkRawPlacement({
    image: name,
    role,
    bytes,
    size,
    startAddress,
    alignment,
    wrapped,
    part,
  });
  const extents = [{ image: name, from: startAddress, to: startAddress + size }];
  if (!wrapped) return { format, startAddress, extents, warnings };
  if (role === 'bootloader' || role === 'se') {
    const message = `image ${name} has the role ${role}, which needs a GBL tag of its own`;
    throw new DfuError('pack.role-not-wrapped', message, { facts: { image: name, role } });
  }
  warnings.push({
    code: 'wrapped-unsigned',
    image: name,
    message: 'wrapped into a GBL without signature: a device with secure boot wants the GBL its signer made',
  });
  const application = applicationData(input, startAddress, version);
  const wrap = () => wrapRaw({ image: bytes, startAddress, application });
  return { format, wrap, startAddress, extents, warnings };
}

/** Application type "Bluetooth application" of `application_properties.h` (gecko_sdk). */
const BLUETOOTH_APPLICATION = 0x20;

/** What the image says of itself goes into the application tag; else the packer's version. */
function applicationData(input: BuildImage, startAddress: number, version: SemVer): ApplicationData {
  return (
    findApplicationProperties(input.bytes, startAddress)?.application ?? {
      type: BLUETOOTH_APPLICATION,
      version: input.deviceVersion ?? versionTag(version),
      capabilities: 0,
      productId: new Uint8Array(16),
    }
  );
}
