/** The manifest of a DFU package, format version 1: docs/package-format.md, section 3. Keys stand in the order of the file. */
export interface Manifest {
  formatVersion: 1;
  name: string;
  /** SemVer 2.0.0. */
  version: string;
  securityCounter: number;
  target: Target;
  requires?: Requires;
  /** `YYYY-MM-DDTHH:MM:SSZ`; from then on the package is refused. */
  notAfter?: string;
  images: ManifestImage[];
  provenance?: Provenance;
  annotations?: Record<string, string>;
}

export interface Target {
  product: string;
  vendor?: string;
  part?: string;
  hardware?: string[];
  identifiers?: Identifier[];
}

export const IDENTIFIER_TYPES = [
  'gbl-product-id',
  'usb-id',
  'ble-model-number',
  'ble-hardware-revision',
] as const;
export interface Identifier {
  type: (typeof IDENTIFIER_TYPES)[number];
  value: string;
}

/** Versions of what runs on the device already: 1 to 4 decimal numbers with dots. */
export interface Requires {
  bootloader?: VersionRange;
  apploader?: VersionRange;
  application?: VersionRange;
}
export interface VersionRange {
  min?: string;
  below?: string;
}

export const ROLES = ['application', 'apploader', 'bootloader', 'stack', 'se', 'data'] as const;
export type Role = (typeof ROLES)[number];
export const FORMATS = ['raw', 'gbl'] as const;
export type ImageFormat = (typeof FORMATS)[number];

export interface ManifestImage {
  name: string;
  role: Role;
  format: ImageFormat;
  /** `0x%08x`. */
  startAddress?: string;
  sourceName: string;
  sourceSize: number;
  sourceSha256: string;
  size: number;
  alignment: number;
  /** `0x%02x`. */
  padByte: string;
  /** `0x%08x`. */
  crc32: string;
  sha256: string;
  /** `0x%08x`. */
  deviceVersion?: string;
}

export interface Provenance {
  sourceRepository?: string;
  sourceRevision?: string;
  sbom?: string;
}
