import type { PublicKey } from '../crypto/public-key.ts';

/** A trust file as it is written, in YAML or JSON: schemas/trust-file-v1.schema.json; docs/package-format.md, section 6. */
export interface TrustFileDocument {
  formatVersion: 1;
  /** 1 to 2^32-1; each update raises it by one. */
  version: number;
  /** `YYYY-MM-DDTHH:MM:SSZ`; from then on the file judges nothing. */
  notAfter: string;
  /** By the name that rules call them by. */
  keys: Record<string, TrustFileKey>;
  /** At most one for a product. */
  rules: TrustFileRule[];
  /** Who signs the next trust file. A key here signs no packages, and the reverse. */
  trustRole?: { signers: string[]; threshold: number };
  /** Whose attestations count, by key name. */
  attesters?: string[];
  /** Package ids that are never accepted. */
  deniedPackages?: string[];
}

export interface TrustFileKey {
  /** Canonical base64 of the SPKI DER: the middle line of its PEM. */
  publicKey: string;
  /** From then on it counts. */
  notBefore?: string;
  /** From then on it counts no more. */
  notAfter?: string;
  /** For ever, and without a date: nobody can prove when something was signed. */
  revoked?: boolean;
}

/** What a product's packages must fulfil. */
export interface TrustFileRule {
  /** Byte-equal to `target.product`. */
  product: string;
  /** Key names. */
  signers: string[];
  /** How many distinct signers, 1 to their number. */
  threshold: number;
  minimumVersion?: string;
  minimumSecurityCounter?: number;
  /** The package must say for which hardware revisions it is made. */
  requireHardware?: boolean;
  /** Checks that must not be skipped. */
  require?: TrustRequirable[];
}

export const TRUST_REQUIRABLE = ['target', 'hardware', 'version', 'counter', 'attestation'] as const;
export type TrustRequirable = (typeof TRUST_REQUIRABLE)[number];

/** A key of a trust file, imported. Times in milliseconds since 1970. */
export interface TrustedKey {
  readonly name: string;
  readonly key: PublicKey;
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  readonly revoked: boolean;
}

/** A trust file that was checked when it was loaded. Made by `loadTrustFile` alone; frozen. */
export interface TrustFile {
  readonly document: TrustFileDocument;
  /** SHA-256 of its canonical JSON, lower-case hex: the bytes that are signed. */
  readonly digest: string;
  readonly notAfterMs: number;
  readonly keys: ReadonlyMap<string, TrustedKey>;
  readonly rules: ReadonlyMap<string, TrustFileRule>;
  readonly deniedPackages: ReadonlySet<string>;
}

const made = new WeakSet<TrustFile>();

/** Marks a trust file as checked. For `loadTrustFile` alone. */
export function makeTrustFile(file: TrustFile): TrustFile {
  const own = Object.freeze({ ...file });
  made.add(own);
  return own;
}

/** Throws TypeError on an object that `loadTrustFile` did not make. */
export function assertTrustFile(file: TrustFile): void {
  if (!made.has(file)) throw new TypeError('not a trust file that was loaded here');
}
