import { ERRORS } from '../../core/errors.ts';
import { counted, printableLine, shown } from '../../core/text.ts';
import type { Verdict } from '../checks.ts';
import type { Check, ReportedSignature, SignatureWeight, VerifyReport } from '../report.ts';

/** The verdicts as a person reads them. */
const TITLES: Readonly<Record<Verdict, string>> = {
  trusted: 'TRUSTED',
  'accepted-unsigned': 'ACCEPTED WITHOUT SIGNATURE',
  malformed: 'MALFORMED',
  corrupt: 'CORRUPT',
  unsigned: 'UNSIGNED',
  untrusted: 'UNTRUSTED',
  refused: 'REFUSED',
};

/**
 * A report for a person: the verdict first, then what it is or what is wrong and what to do, then what was not checked.
 * Lines of printable ASCII, the last with its line end. `file` is how the package was called.
 */
export function renderText(report: VerifyReport, file: string): string {
  const accepted = report.verdict === 'trusted' || report.verdict === 'accepted-unsigned';
  const lines = [
    `${TITLES[report.verdict]}: ${shown(file)}`,
    ...packageLines(report),
    ...trustFileLines(report),
    ...(accepted ? [...signerLines(report), ...builderLines(report)] : failureLines(report.checks)),
    ...(!accepted && SIGNER_CHECKS.some((id) => hasFailed(report, id)) ? whoSignedLines(report) : []),
    ...report.warnings.map((warning) => `  Warning: ${warning}`),
    ...(accepted ? notCheckedLines(report.checks) : []),
  ];
  return `${lines.map(printableLine).join('\n')}\n`;
}

function packageLines({ package: told, packageId }: VerifyReport): string[] {
  const id = packageId === undefined ? [] : [`  package id ${packageId}`];
  if (told === undefined) return id;
  const expiry = told.notAfter === undefined ? '' : `, valid until ${told.notAfter}`;
  return [
    `  ${told.name} ${told.version} for ${told.product}, security counter ${told.securityCounter}${expiry}`,
    ...id,
    ...told.images.map(({ name, role, format, startAddress, size }) => {
      const where = startAddress === undefined ? '' : ` at ${startAddress}`;
      const what = name === role ? name : `${name} (${role})`;
      return `  image ${what}: ${format}, ${counted(size, 'byte')}${where}`;
    }),
  ];
}

/** Which version judged: gates that missed an update tell themselves apart by it. */
function trustFileLines({ trust }: VerifyReport): string[] {
  if (trust.kind !== 'file') return [];
  const { version, rule } = trust;
  const asks =
    rule === undefined
      ? ''
      : `, which asks for ${rule.threshold} of ${counted(rule.signers.length, 'signer')}`;
  return [`  judged by version ${version} of the trust file${asks}`];
}

/** Who built it, where an attestation was found good. The name is a claim; by whose key it counts the trust file says. */
function builderLines({ facts }: VerifyReport): string[] {
  const told = facts.filter(({ name, source }) => name === 'builder' && source === 'attestation');
  return told.map(({ value }) => `  attested; the builder, as it says: ${value}`);
}

function signerLines({ signatures, trust }: VerifyReport): string[] {
  const good = signatures?.filter(({ status }) => status === 'good') ?? [];
  const unknown = (signatures?.length ?? 0) - good.length;
  const whose = trust.kind === 'file' ? 'that the trust file does not have' : 'that were not given';
  return [
    ...good.map(signerLine),
    ...(unknown === 0 ? [] : [`  ${counted(unknown, 'other signature')} ignored: by keys ${whose}`]),
  ];
}

/** The checks that a list of the signatures explains, where one of them failed. */
const SIGNER_CHECKS = ['signatures.good', 'trust.rule', 'trust.validity'] as const;

function hasFailed({ checks }: VerifyReport, id: Check['id']): boolean {
  return checks.some((check) => check.id === id && check.status === 'fail');
}

/** Every signature, and what speaks against it. Whose an unknown one is, nobody verified. */
function whoSignedLines({ signatures = [], trust }: VerifyReport): string[] {
  const unknown = trust.kind === 'file' ? 'the trust file does not have it' : 'it was not given';
  return signatures.map((signature) => {
    const { status, keyId } = signature;
    if (status === 'good') return signerLine(signature);
    if (status === 'invalid') return `  not signed by key ${keyId}: it does not verify`;
    return `  signed, as it says, by key ${keyId}; ${status === 'not-judged' ? 'not judged' : unknown}`;
  });
}

/** With what a trust file says of the key, and why its signature does not count where it does not. */
function signerLine({ keyId, name, weight = 'counts' }: ReportedSignature): string {
  const who = name === undefined ? `key ${keyId}` : `${name}, key ${keyId}`;
  return `  signed by ${who}${weight === 'counts' ? '' : `; it does not count: ${WEIGHTS[weight]}`}`;
}

const WEIGHTS: Readonly<Record<Exclude<SignatureWeight, 'counts'>, string>> = {
  'not-in-rule': 'no signer of this product',
  revoked: 'revoked',
  expired: 'expired',
  'not-yet-valid': 'not valid yet',
};

/** Every failed check, with the cure of the first: it decided the verdict. */
function failureLines(checks: readonly Check[]): string[] {
  const failed = checks.filter((check) => check.status === 'fail');
  return failed.flatMap(({ id, code, message, cure }, index) => [
    `  ${id}: ${message}${code === undefined ? '' : ` [${code}]`}`,
    ...(index === 0 && code !== undefined ? [`  ${cure ?? ERRORS[code].cure}`] : []),
  ]);
}

/** Checks that were skipped on purpose, by the reason. */
function notCheckedLines(checks: readonly Check[]): string[] {
  const skipped = checks.filter((check) => check.status === 'skipped');
  if (skipped.length === 0) return ['  Everything was checked.'];
  const byReason = new Map<string, string[]>();
  for (const { id, message } of skipped) byReason.set(message, [...(byReason.get(message) ?? []), id]);
  return ['  Not checked:', ...[...byReason].map(([reason, ids]) => `    ${ids.join(', ')}: ${reason}`)];
}
