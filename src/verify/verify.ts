import type { Bytes } from '../core/bytes.ts';
import { counted } from '../core/text.ts';
import { decodeManifest, type Manifest } from '../format/manifest.ts';
import { packageId as packageIdOf } from '../format/signatures.ts';
import type { TrustFileRule } from '../format/trust-file.ts';
import { type Container, openContainer } from '../format/zip.ts';
import { assertAttestationCounts, judgeAttested } from './attestation-step.ts';
import { VERDICT_EXIT } from './checks.ts';
import { judgeImages } from './image-steps.ts';
import { Ledger } from './ledger.ts';
import { readTerms, type Terms, type VerifyOptions } from './options.ts';
import { judgePolicy, type Subject } from './policy.ts';
import type { Fact, ReportedPackage, ReportedSignature, ReportedTrust, VerifyReport } from './report.ts';
import { judgeSignatures } from './signature-step.ts';
import { noSuchTrust, readTrust, type Trust, type TrustTerms } from './trust.ts';
import { judgeTrust } from './trust-step.ts';
import { makeVerified, type VerifiedPackage } from './verified-package.ts';

/** What `verifyPackage` came to. */
export interface Judgement {
  report: VerifyReport;
  /** There when, and only when, the verdict is an accepting one. */
  verified?: VerifiedPackage;
}

/**
 * Judges a package: docs/package-format.md, section 5, its seven steps in their order. A pure function of the bytes,
 * the trust source, the device at hand and the time of judgement. Works on its own copy of the bytes, made before the
 * first check (or on the very buffer, with `transfer`).
 *
 * What is wrong with the package stands in the report and is never thrown. Throws `usage.invalid` for a call that can
 * not be judged by, and TypeError for bytes or keys that are none.
 */
export async function verifyPackage(bytes: Bytes, trust: Trust, options: VerifyOptions): Promise<Judgement> {
  const terms = readTerms(options);
  const trusted = readTrust(trust, terms.atMs);
  assertAttestationCounts(trusted, terms);
  const own = takeOver(bytes, options.transfer === true);
  const ledger = new Ledger();
  const found = await judge(ledger, own, trusted, terms);

  const checks = ledger.checks();
  const verdict = ledger.verdict(trusted.kind);
  const code = checks.find((check) => check.status === 'fail')?.code;
  const report: VerifyReport = {
    verdict,
    exit: VERDICT_EXIT[verdict],
    ...(code === undefined ? {} : { code }),
    judgedAt: terms.at,
    trust: reportedTrust(trusted, found.rule),
    size: own.length,
    ...(found.packageId === undefined ? {} : { packageId: found.packageId }),
    ...(found.signatures === undefined ? {} : { signatures: found.signatures }),
    ...(found.manifest === undefined ? {} : { package: reportedPackage(found.manifest) }),
    facts: [...packageFacts(found.manifest), ...deviceFacts(terms), ...found.facts],
    warnings: found.warnings,
    checks,
  };
  if (verdict !== 'trusted' && verdict !== 'accepted-unsigned') return { report };
  return { report, verified: makeVerified({ ...contentOf(found), verdict }) };
}

interface Found {
  container?: Container;
  packageId?: string;
  signatures?: ReportedSignature[];
  manifest?: Manifest;
  rule?: TrustFileRule;
  /** What an attestation vouches for. */
  facts: Fact[];
  warnings: string[];
}

/** The seven steps. Ends behind the first that fails; what it had found by then comes back. */
async function judge(ledger: Ledger, bytes: Bytes, trust: TrustTerms, terms: Terms): Promise<Found> {
  const found: Found = { facts: [], warnings: [] };

  // 1. The container alone.
  try {
    found.container = openContainer(bytes);
  } catch (error) {
    ledger.failBy('container', error);
    return found;
  }
  const { manifestBytes, signaturesBytes, images } = found.container;
  ledger.pass('container', `${counted(images.length, 'image')}, ${counted(bytes.length, 'byte')}`);
  found.packageId = await packageIdOf(manifestBytes);

  // 2 and 3. The signatures over the raw manifest.
  const signatures = await judgeSignatures(ledger, manifestBytes, signaturesBytes, trust);
  if (signatures !== undefined) found.signatures = signatures;
  if (ledger.failed) return found;

  // 4. Only now the manifest is read.
  try {
    found.manifest = decodeManifest(manifestBytes);
  } catch (error) {
    ledger.failBy('manifest', error);
    return found;
  }
  ledger.pass('manifest', `format version ${found.manifest.formatVersion}`);

  // 5. The images.
  await judgeImages(ledger, found.manifest, found.container);
  if (ledger.failed) return found;

  // 6. The trust rule.
  const { product } = found.manifest.target;
  const { rule, signatures: weighed, warnings } = judgeTrust(ledger, trust, product, signatures, terms.atMs);
  if (weighed !== undefined) found.signatures = [...weighed];
  if (rule !== undefined) found.rule = rule;
  if (ledger.failed) return found;

  // 7. Policy.
  const trusted = trust.kind === 'file' && rule !== undefined ? { trusted: { file: trust.file, rule } } : {};
  const subject: Subject = { manifest: found.manifest, packageId: found.packageId, ...trusted };
  found.warnings.push(...warnings, ...judgePolicy(ledger, subject, terms));
  found.facts = await judgeAttested(ledger, subject, terms);
  return found;
}

function takeOver(bytes: Bytes, transfer: boolean): Bytes {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('a package is a Uint8Array');
  const { buffer, byteOffset, byteLength } = bytes;
  if (!transfer) return new Uint8Array(bytes);
  return new Uint8Array(structuredClone(buffer, { transfer: [buffer] }), byteOffset, byteLength);
}

function reportedTrust(trust: TrustTerms, rule: TrustFileRule | undefined): ReportedTrust {
  switch (trust.kind) {
    case 'keys':
      return { kind: 'keys', keyIds: [...trust.keys.keys()] };
    case 'file': {
      const { digest, document } = trust.file;
      const told = { kind: 'file', version: document.version, digest } as const;
      if (rule === undefined) return told;
      const { product, threshold, signers } = rule;
      return { ...told, rule: { product, threshold, signers } };
    }
    case 'allow-unsigned':
      return { kind: 'allow-unsigned' };
    default:
      return noSuchTrust(trust);
  }
}

function contentOf(found: Found): Omit<VerifiedPackage, 'verdict'> {
  const { manifest, container, packageId } = found;
  if (manifest === undefined || container === undefined || packageId === undefined) {
    throw new Error('an accepting verdict without a package');
  }
  deepFreeze(manifest);
  const images = manifest.images.map((entry, index) => {
    const held = container.images[index];
    if (held === undefined) throw new Error('an accepting verdict without an image');
    return { entry, bytes: held.bytes };
  });
  return { manifest, packageId, images };
}

function deepFreeze(value: object): void {
  Object.freeze(value);
  for (const inner of Object.values(value))
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
}

function reportedPackage(manifest: Manifest): ReportedPackage {
  const { name, version, securityCounter, target, notAfter } = manifest;
  return {
    name,
    version,
    securityCounter,
    product: target.product,
    ...(target.vendor === undefined ? {} : { vendor: target.vendor }),
    ...(target.part === undefined ? {} : { part: target.part }),
    ...(target.hardware === undefined ? {} : { hardware: target.hardware }),
    ...(notAfter === undefined ? {} : { notAfter }),
    images: manifest.images.map((image) => ({
      name: image.name,
      role: image.role,
      format: image.format,
      ...(image.startAddress === undefined ? {} : { startAddress: image.startAddress }),
      size: image.size,
      sha256: image.sha256,
      ...(image.deviceVersion === undefined ? {} : { deviceVersion: image.deviceVersion }),
    })),
  };
}

function packageFacts(manifest: Manifest | undefined): Fact[] {
  if (manifest === undefined) return [];
  const { target, version, securityCounter, notAfter } = manifest;
  const values = { product: target.product, hardware: target.hardware, version, securityCounter, notAfter };
  return Object.entries(values).flatMap(([name, value]): Fact[] =>
    value === undefined ? [] : [{ name, value, source: 'package' }],
  );
}

function deviceFacts(terms: Terms): Fact[] {
  return Object.entries(terms.device).flatMap(([name, told]): Fact[] => {
    const written = (value: unknown): Fact['value'] =>
      typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value);
    const { value, source, contradicts } = told;
    const own: Fact = { name, value: written(value), source };
    return contradicts === undefined
      ? [own]
      : [own, { name, value: written(contradicts), source: 'operator' }];
  });
}
