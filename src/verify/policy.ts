import type { ErrorCode, Facts } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import type { Identifier, Manifest } from '../format/manifest.ts';
import { parseTimestamp } from '../format/timestamp.ts';
import type { TrustFile, TrustFileRule } from '../format/trust-file.ts';
import { compareSemVer, inRange, parseSemVer, type SemVer } from '../format/versions.ts';
import type { CheckId } from './checks.ts';
import type { Ledger } from './ledger.ts';
import type { Requirable, Terms, Told } from './options.ts';

type Finding =
  | { status: 'pass'; message: string; warning?: string }
  | { status: 'skipped'; message: string }
  | { status: 'fail'; code: ErrorCode; message: string; facts: Facts };

/** What the policy is about. */
export interface Subject {
  readonly manifest: Manifest;
  readonly packageId: string;
  /** The trust file, where there is one, and its rule for the package's product. */
  readonly trusted?: { readonly file: TrustFile; readonly rule: TrustFileRule };
}

type Judge = (subject: Subject, terms: Terms) => Finding;

const JUDGES: readonly (readonly [CheckId, Judge])[] = [
  ['policy.package-id', judgePackageId],
  ['policy.denied', judgeDenied],
  ['policy.target', judgeTarget],
  ['policy.hardware', judgeHardware],
  ['policy.identifiers', judgeIdentifiers],
  ['policy.requires', judgeRequires],
  ['policy.version', judgeVersion],
  ['policy.minimum-version', judgeMinimumVersion],
  ['policy.counter', judgeCounter],
  ['policy.minimum-counter', judgeMinimumCounter],
  ['policy.expiry', judgeExpiry],
];

/** Step 7: every check is made and written down, also after one failed. Returns what an accepting verdict must not hide. */
export function judgePolicy(ledger: Ledger, subject: Subject, terms: Terms): string[] {
  const warnings: string[] = [];
  for (const [id, judge] of JUDGES) {
    const finding = judge(subject, terms);
    if (finding.status === 'fail') ledger.fail(id, finding.code, finding.message, finding.facts);
    else if (finding.status === 'skipped') ledger.skip(id, finding.message);
    else {
      ledger.pass(id, finding.message);
      if (finding.warning !== undefined) warnings.push(finding.warning);
    }
  }
  return warnings;
}

function judgePackageId({ packageId }: Subject, { packageId: pinned }: Terms): Finding {
  if (pinned === undefined) return skipped('no package id was given to compare with');
  if (pinned === packageId) return pass('it is the package asked for');
  const message = `this is package ${packageId}, not ${pinned}`;
  return fail('policy.package-id', message, { expected: pinned, found: packageId });
}

/** Why the checks are skipped that rest on a trust file alone. */
const NO_TRUST_FILE = 'there is no trust file that says it';

function judgeDenied({ packageId, trusted }: Subject): Finding {
  if (trusted === undefined) return skipped(NO_TRUST_FILE);
  if (!trusted.file.deniedPackages.has(packageId)) return pass('the trust file does not deny it');
  return fail('policy.denied', `the trust file denies package ${packageId}`, { found: packageId });
}

function judgeTarget(subject: Subject, terms: Terms): Finding {
  const { target } = subject.manifest;
  const { product: told } = terms.device;
  if (told === undefined) return untold('target', 'the product of the device', subject, terms);
  if (told.contradicts !== undefined) return contradiction('product', told);
  if (told.value === target.product) return pass(`made for ${shown(target.product)}, as the device is`);
  const message = `made for product ${shown(target.product)}; the device is ${shown(told.value)}`;
  return fail('policy.product', message, { expected: shown(told.value), found: target.product });
}

function judgeHardware(subject: Subject, terms: Terms): Finding {
  const { target } = subject.manifest;
  const { hardware: told } = terms.device;
  if (target.hardware === undefined && subject.trusted?.rule.requireHardware === true) {
    const message = 'the trust file demands hardware revisions, and the package names none';
    return fail('policy.hardware-missing', message, { product: target.product });
  }
  if (told?.contradicts !== undefined) return contradiction('hardware', told);
  if (target.hardware === undefined) return pass('made for every hardware revision');
  if (told === undefined) return untold('hardware', 'the hardware revision of the device', subject, terms);
  if (target.hardware.includes(told.value)) return pass(`made for revision ${shown(told.value)}`);
  const list = shown(target.hardware.join(', '));
  const message = `made for hardware ${list}; the device is ${shown(told.value)}`;
  return fail('policy.hardware', message, { expected: shown(told.value), found: list });
}

/** Of each kind that the package names and the device tells, one of the device's must be among the package's. */
function judgeIdentifiers({ manifest: { target } }: Subject, terms: Terms): Finding {
  const made = target.identifiers;
  if (made === undefined) return pass('the package names none');
  const told = terms.device.identifiers;
  if (told === undefined) return skipped('nobody told any identifier of the device');
  if (told.contradicts !== undefined) return contradiction('identifiers', told);
  let compared = 0;
  for (const type of new Set(made.map((identifier) => identifier.type))) {
    const theirs = valuesOf(told.value, type);
    if (theirs.length === 0) continue;
    const ours = valuesOf(made, type);
    if (!theirs.some((value) => ours.includes(value))) {
      const found = shown(theirs.join(', '));
      const message = `made for ${type} ${shown(ours.join(', '))}; the device says ${found}`;
      return fail('policy.identifier', message, { type, found });
    }
    compared += 1;
  }
  if (compared === 0) return skipped('the device told none of the kinds that the package names');
  return pass('what the device told fits');
}

function valuesOf(identifiers: readonly Identifier[], type: Identifier['type']): string[] {
  return identifiers.filter((identifier) => identifier.type === type).map((identifier) => identifier.value);
}

const PARTS = ['bootloader', 'apploader', 'application'] as const;

function judgeRequires({ manifest: { requires } }: Subject, terms: Terms): Finding {
  if (requires === undefined) return pass('the package requires nothing');
  const missing: string[] = [];
  for (const part of PARTS) {
    const range = requires[part];
    if (range === undefined) continue;
    const told = terms.device[`${part}Version`];
    if (told === undefined) {
      missing.push(part);
      continue;
    }
    if (told.contradicts !== undefined) return contradiction(`${part} version`, told);
    if (!inRange(told.value, range)) {
      const wanted = [
        ...(range.min === undefined ? [] : [`${range.min} or newer`]),
        ...(range.below === undefined ? [] : [`older than ${range.below}`]),
      ].join(' and ');
      const message = `requires ${part} ${wanted}; the device has ${told.value}`;
      return fail('policy.requires', message, { part, found: told.value });
    }
  }
  if (missing.length > 0) return skipped(`nobody told the version of the device's ${missing.join(', ')}`);
  return pass('the device has what the package requires');
}

/** Equal is no downgrade: installing the same version again is how a device is repaired. */
function judgeVersion(subject: Subject, terms: Terms): Finding {
  const { version } = subject.manifest;
  const { installedVersion: told } = terms.device;
  if (told === undefined) return untold('version', 'the version that is installed', subject, terms);
  if (told.contradicts !== undefined) return contradiction('installed version', told);
  if (compareSemVer(semVer(version), semVer(told.value)) >= 0) {
    return pass(`${version} is not older than ${told.value}, which is installed`);
  }
  const message = `${version} is older than ${told.value}, which is installed`;
  if (!terms.allowDowngrade) {
    return fail('policy.downgrade', message, { installed: told.value, found: version });
  }
  return { ...pass(`${message}; the operator allows the downgrade`), warning: message };
}

function judgeMinimumVersion({ manifest: { version }, trusted }: Subject): Finding {
  if (trusted === undefined) return skipped(NO_TRUST_FILE);
  const { minimumVersion } = trusted.rule;
  if (minimumVersion === undefined) return pass('the trust file names no minimum');
  if (compareSemVer(semVer(version), semVer(minimumVersion)) >= 0) {
    return pass(`${version} is not older than ${minimumVersion}, the minimum`);
  }
  const message = `${version} is older than ${minimumVersion}, the minimum for this product`;
  return fail('policy.minimum-version', message, { minimum: minimumVersion, found: version });
}

/** Checked before: the manifest by its schema, the option and the trust file when they were read. */
function semVer(text: string): SemVer {
  const version = parseSemVer(text);
  if (version === undefined) throw new Error('a version that was checked is none');
  return version;
}

function judgeCounter(subject: Subject, terms: Terms): Finding {
  const { securityCounter } = subject.manifest;
  const { installedCounter: told } = terms.device;
  if (told === undefined)
    return untold('counter', 'the security counter of what is installed', subject, terms);
  if (told.contradicts !== undefined) return contradiction('installed counter', told);
  const compared = `security counter ${securityCounter}, installed ${told.value}`;
  if (securityCounter >= told.value) return pass(compared);
  const facts = { installed: told.value, found: securityCounter };
  return fail('policy.security-counter', `${compared}: it is lower`, facts);
}

function judgeMinimumCounter({ manifest: { securityCounter }, trusted }: Subject): Finding {
  if (trusted === undefined) return skipped(NO_TRUST_FILE);
  const { minimumSecurityCounter: minimum } = trusted.rule;
  if (minimum === undefined) return pass('the trust file names no minimum');
  const compared = `security counter ${securityCounter}, minimum ${minimum}`;
  if (securityCounter >= minimum) return pass(compared);
  return fail('policy.minimum-counter', `${compared}: it is lower`, { minimum, found: securityCounter });
}

function judgeExpiry({ manifest: { notAfter } }: Subject, terms: Terms): Finding {
  if (notAfter === undefined) return pass('it has no expiry date');
  const endMs = parseTimestamp(notAfter);
  // Not `endMs <= atMs`: a time that does not parse must fail too.
  if (endMs !== undefined && terms.atMs < endMs) return pass(`valid until ${notAfter}`);
  const message = `it expired at ${shown(notAfter)}; judged at ${terms.at}`;
  return fail('policy.expired', message, { notAfter: shown(notAfter), judgedAt: terms.at });
}

function untold(name: Requirable, what: string, subject: Subject, terms: Terms): Finding {
  if (!isRequired(name, subject, terms)) return skipped(`nobody told ${what}`);
  const by = terms.require.has(name) ? ',' : ', as the trust file demands,';
  return fail('policy.check-required', `${what} must be compared${by} and nobody told it`, { check: name });
}

/** By the operator or by the trust file's rule. */
export function isRequired(name: Requirable, { trusted }: Subject, { require }: Terms): boolean {
  return require.has(name) || trusted?.rule.require?.includes(name) === true;
}

function contradiction(what: string, told: Told<unknown>): Finding {
  const facts = { device: asText(told.value), operator: asText(told.contradicts) };
  const message = `the ${what} is ${facts.device} by the device, ${facts.operator} by the operator`;
  return fail('policy.contradiction', message, facts);
}

function asText(value: unknown): string {
  return shown(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

function pass(message: string): { status: 'pass'; message: string } {
  return { status: 'pass', message };
}

function skipped(message: string): Finding {
  return { status: 'skipped', message };
}

function fail(code: ErrorCode, message: string, facts: Facts): Finding {
  return { status: 'fail', code, message, facts };
}
