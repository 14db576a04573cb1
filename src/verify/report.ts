import type { ErrorCode, ExitCode, Facts } from '../core/errors.ts';
import type { ImageFormat, Role } from '../format/manifest.ts';
import type { CheckId, Verdict } from './checks.ts';

export type CheckStatus = 'pass' | 'fail' | 'skipped';

/** One line of a report. Every check of the table is there, whatever the verdict. */
export interface Check {
  id: CheckId;
  /** The step of docs/package-format.md, section 5. */
  step: number;
  /** Set for the checks that are made for each image, once the manifest told their names. */
  image?: string;
  /** `skipped`: not made, since a step before failed, it was not asked for, or what it needs was not told. */
  status: CheckStatus;
  /** Set when, and only when, it failed. */
  code?: ErrorCode;
  message: string;
  /** Set when it failed: what to do. */
  cure?: string;
  /** For machines: where, expected, found. */
  facts?: Facts;
}

/** Who says so: the device itself, the operator (an option), the package, or an attestation that was found good. */
export type FactSource = 'device' | 'operator' | 'package' | 'attestation';

/** What the judgement of step 7 rests on. */
export interface Fact {
  name: string;
  value: string | number | readonly string[];
  source: FactSource;
}

/** `unknown`: by a key that was not given, ignored. `not-judged`: no signature was evaluated. */
export type SignatureStatus = 'good' | 'invalid' | 'unknown' | 'not-judged';

/** Whether a good signature counts towards the threshold of a trust file's rule, or why not. */
export type SignatureWeight = 'counts' | 'not-in-rule' | 'revoked' | 'expired' | 'not-yet-valid';

export interface ReportedSignature {
  keyId: string;
  status: SignatureStatus;
  /** What the trust file calls the key. */
  name?: string;
  /** Set for good signatures where a trust file's rule was reached. */
  weight?: SignatureWeight;
}

/** What a package was judged against. */
export type ReportedTrust =
  | { kind: 'keys'; keyIds: readonly string[] }
  | {
      kind: 'file';
      version: number;
      /** SHA-256 of its canonical JSON. */
      digest: string;
      /** The rule for the package's product; absent where there is none, or it was not reached. */
      rule?: { product: string; threshold: number; signers: readonly string[] };
    }
  | { kind: 'allow-unsigned' };

export interface ReportedImage {
  name: string;
  role: Role;
  format: ImageFormat;
  /** `0x%08x`. */
  startAddress?: string;
  /** Bytes. */
  size: number;
  sha256: string;
  /** `0x%08x`. */
  deviceVersion?: string;
}

/** What the manifest says; there only when step 4 was passed. */
export interface ReportedPackage {
  name: string;
  version: string;
  securityCounter: number;
  product: string;
  vendor?: string;
  part?: string;
  hardware?: readonly string[];
  notAfter?: string;
  images: readonly ReportedImage[];
}

/** The judgement of one package: schemas/verify-report-v1.schema.json, `$defs/report`. Plain data, and no way to a VerifiedPackage. */
export interface VerifyReport {
  verdict: Verdict;
  exit: ExitCode;
  /** The code of the check that decided; absent when the package was accepted. */
  code?: ErrorCode;
  /** `YYYY-MM-DDTHH:MM:SSZ`. */
  judgedAt: string;
  trust: ReportedTrust;
  /** Bytes of the package file. */
  size: number;
  /** SHA-256 of the manifest bytes; absent when there is no container to take them from. */
  packageId?: string;
  signatures?: readonly ReportedSignature[];
  package?: ReportedPackage;
  facts: readonly Fact[];
  /** What an accepting verdict must not hide. */
  warnings: readonly string[];
  checks: readonly Check[];
}
