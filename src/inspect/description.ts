import type { ErrorCode, Facts } from '../core/errors.ts';
import type { ImageFormat, Manifest } from '../format/manifest.ts';
import type { InputKind } from '../images/recognise.ts';

/**
 * What a file says of itself: schemas/inspect-report-v1.schema.json. Nothing in it was verified. What stands under
 * `computed` was computed from the bytes at hand; everything else is a claim.
 */
export interface Description {
  formatVersion: 1;
  verified: false;
  kind: InputKind | 'attestation';
  /** For people: `a GBL v3 file`. */
  name: string;
  computed: Computed;
  package?: PackageDescription;
  gbl?: GblDescription;
  raw?: RawDescription;
  attestation?: AttestationDescription;
  /** Why more could not be read, or is not sound. */
  problems: readonly Problem[];
}

/** Of the bytes as they lie there. */
export interface Computed {
  /** Bytes. */
  size: number;
  /** `0x%08x`. */
  crc32: string;
  sha256: string;
}

export interface Problem {
  code: ErrorCode;
  message: string;
  facts: Facts;
}

export interface PackageDescription {
  /** SHA-256 of the manifest bytes. */
  packageId: string;
  /** The keys by which signatures claim to be; absent without signatures. */
  signatures?: { verified: false; keyIds: readonly string[] };
  manifest?: { verified: false; value: Manifest };
  images: readonly PackagedImage[];
}

export interface PackagedImage {
  name: string;
  format: ImageFormat;
  computed: Computed;
  /** Whether the manifest says the same of size, CRC-32 and SHA-256; absent where it names no such image. */
  asClaimed?: boolean;
  gbl?: GblDescription;
  raw?: RawDescription;
}

/** What a GBL v3 file says; of an encrypted one, what stands outside the ciphertext. */
export interface GblDescription {
  verified: false;
  encrypted: boolean;
  /** There is a signature in it; whether it is good the device's bootloader judges. */
  signed: boolean;
  application?: ApplicationDescription;
  bootloader?: { version: string; address: string; length: number };
  seUpgrade?: { version: string; length: number };
  /** `0x%08x`. */
  lowestAddress?: string;
  tags: readonly { name: string; offset: number; length: number }[];
  programs: readonly { tag: string; address: string; length: number }[];
}

export interface ApplicationDescription {
  /** `0x%08x`, as the following. */
  type: string;
  version: string;
  capabilities: string;
  /** 32 hex digits. */
  productId: string;
}

/** What a raw binary looks like; absent parts: it does not look like that. */
export interface RawDescription {
  verified: false;
  vectorTable?: { initialSp: string; resetVector: string };
  /** Where it was linked for, as far as that can be told: given in a package, guessed for a bare image. */
  startAddress?: { value: string; source: 'manifest' | 'guess' };
  application?: ApplicationDescription;
}

/** What a DSSE envelope says; none of its signatures was judged. */
export interface AttestationDescription {
  verified: false;
  payloadType: string;
  /** As they stand there: hints, perhaps empty. */
  keyIds: readonly string[];
  /** Of an in-toto statement. */
  statement?: {
    type: string;
    predicateType: string;
    subjects: readonly { name?: string; sha256?: string }[];
    buildType?: string;
    builderId?: string;
    invocationId?: string;
    /** Digests as `<algorithm>:<value>`. */
    dependencies: readonly { uri?: string; digests: readonly string[] }[];
  };
}
