import { counted, shown } from '../core/text.ts';
import { formatTimestamp } from '../format/timestamp.ts';
import { assertTrustFile, type TrustedKey, type TrustFile } from '../format/trust-file.ts';
import { standing } from './key-standing.ts';

/** Every finding that there is. `error`: something that the file promises can not happen. */
export const TRUST_LINT = {
  'file-expired': 'error',
  'file-expires-soon': 'warning',
  'threshold-unreachable': 'error',
  'threshold-soon-unreachable': 'warning',
  'attestation-impossible': 'error',
  'trust-role-missing': 'warning',
  'trust-role-weaker': 'warning',
  'key-expired': 'warning',
  'key-expires-soon': 'warning',
  'key-not-yet-valid': 'warning',
  'key-revoked-in-use': 'warning',
  'key-unused': 'warning',
  'key-two-roles': 'warning',
} as const satisfies Record<string, 'error' | 'warning'>;
/** A key of `TRUST_LINT`. */
export type TrustLintCode = keyof typeof TRUST_LINT;

/** What to do about each. */
export const TRUST_LINT_CURES: Readonly<Record<TrustLintCode, string>> = {
  'file-expired':
    'Bring in a newer version with dfu-verify trust update; whoever keeps the file sets a later notAfter.',
  'file-expires-soon': 'Publish a version with a later notAfter, and update every gate before that day.',
  'threshold-unreachable':
    'List more keys that count, or lower the threshold: as it is nothing can be signed.',
  'threshold-soon-unreachable':
    'Bring in new keys before those run out: dfu-pack keygen, then the next version.',
  'attestation-impossible': 'List the builder under attesters, or leave attestation out of require.',
  'trust-role-missing':
    'Add a trustRole whose keys sign the next version, or keep bringing the file in by hand.',
  'trust-role-weaker': 'Ask as many signatures of the trustRole as the strictest rule does.',
  'key-expired': 'Take its name out of the lists, and list another key instead.',
  'key-expires-soon': 'Have a new key listed before that day.',
  'key-not-yet-valid': 'Nothing, if it is a key for later; otherwise check its notBefore.',
  'key-revoked-in-use': 'Take its name out of the lists; let it stand under keys, so that it stays revoked.',
  'key-unused': 'List it where it is meant to count, or take it out.',
  'key-two-roles': 'Give the builder a key of its own: who releases should not also vouch for the build.',
};

/** Something that is wrong, or soon will be. */
export interface TrustLintFinding {
  readonly code: TrustLintCode;
  readonly severity: 'error' | 'warning';
  /** Where in the file: `rules[0].signers`. */
  readonly path: string;
  readonly message: string;
}

/** When a trust file is looked at. */
export interface TrustLintOptions {
  /** Milliseconds since 1970. */
  atMs: number;
  /** How far ahead a date is told of; in milliseconds. */
  withinMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * What is wrong, or soon will be, with a trust file that can be loaded; errors first, then in the order of the file.
 * Throws TypeError on an object that `loadTrustFile` did not make.
 */
export function lintTrustFile(file: TrustFile, { atMs, withinMs }: TrustLintOptions): TrustLintFinding[] {
  assertTrustFile(file);
  if (!Number.isFinite(atMs) || !(withinMs >= 0)) throw new TypeError('no time to judge at');
  const findings: TrustLintFinding[] = [];
  const find = (code: TrustLintCode, path: string, message: string): void => {
    findings.push({ code, severity: TRUST_LINT[code], path, message });
  };
  const when: When = { atMs, soonMs: atMs + withinMs };
  const roles = rolesOf(file);
  lintFileDate(file, when, find);
  lintKeys(file, roles, when, find);
  for (const role of roles) lintThreshold(file, role, when, find);
  lintAttestations(file, when, find);
  lintTrustRole(file, find);
  return [
    ...findings.filter(({ severity }) => severity === 'error'),
    ...findings.filter(({ severity }) => severity === 'warning'),
  ];
}

type Find = (code: TrustLintCode, path: string, message: string) => void;

interface When {
  atMs: number;
  soonMs: number;
}

/** A place that lists keys. */
interface Role {
  path: string;
  /** For messages. */
  what: string;
  signers: readonly string[];
  /** Absent for attesters, of whom one suffices where one is asked for. */
  threshold?: number;
}

function rolesOf({ document }: TrustFile): Role[] {
  const { rules, trustRole, attesters } = document;
  return [
    ...rules.map(({ product, signers, threshold }, i) => ({
      path: `rules[${i}]`,
      what: `product ${shown(product)}`,
      signers,
      threshold,
    })),
    ...(trustRole === undefined ? [] : [{ path: 'trustRole', what: 'the next trust file', ...trustRole }]),
    ...(attesters === undefined ? [] : [{ path: 'attesters', what: 'attestations', signers: attesters }]),
  ];
}

function lintFileDate({ document, notAfterMs }: TrustFile, { atMs, soonMs }: When, find: Find): void {
  const { notAfter } = document;
  if (atMs >= notAfterMs) find('file-expired', 'notAfter', `expired at ${notAfter}: it judges nothing`);
  else if (soonMs >= notAfterMs) {
    find('file-expires-soon', 'notAfter', `expires at ${notAfter}, ${daysUntil(notAfterMs, atMs)}`);
  }
}

function lintKeys({ keys, document }: TrustFile, roles: readonly Role[], when: When, find: Find): void {
  const signers = new Set(document.rules.flatMap((rule) => rule.signers));
  for (const [name, key] of keys) {
    const path = `keys.${name}`;
    const uses = roles.filter((role) => role.signers.includes(name));
    if (uses.length === 0) {
      // A revoked key may well stay: that it is written down keeps it from coming back.
      if (!key.revoked) find('key-unused', path, 'stands in no rule, nor in trustRole or attesters');
      continue;
    }
    lintUsedKey(path, key, uses, when, find);
    if (signers.has(name) && document.attesters?.includes(name) === true) {
      find('key-two-roles', path, 'signs packages and attests them too: its attestation adds nobody');
    }
  }
}

function lintUsedKey(path: string, key: TrustedKey, uses: readonly Role[], when: When, find: Find): void {
  const { notBeforeMs, notAfterMs } = key;
  const { atMs, soonMs } = when;
  const now = standing(key, atMs);
  if (now === 'revoked') {
    const places = uses.map((role) => role.path).join(', ');
    find('key-revoked-in-use', path, `revoked, and still listed in ${places}, where it never counts`);
  } else if (now === 'expired' && notAfterMs !== undefined) {
    find('key-expired', path, `expired at ${formatTimestamp(notAfterMs)}: it counts no more`);
  } else if (now === 'not-yet-valid' && notBeforeMs !== undefined) {
    find('key-not-yet-valid', path, `counts from ${formatTimestamp(notBeforeMs)} on`);
  }
  if (now !== 'revoked' && notAfterMs !== undefined && atMs < notAfterMs && soonMs >= notAfterMs) {
    find(
      'key-expires-soon',
      path,
      `expires at ${formatTimestamp(notAfterMs)}, ${daysUntil(notAfterMs, atMs)}`,
    );
  }
}

function lintThreshold(
  file: TrustFile,
  { path, what, signers, threshold }: Role,
  when: When,
  find: Find,
): void {
  if (threshold === undefined) return;
  const place = `${path}.threshold`;
  const now = countingAt(file, signers, when.atMs);
  const needs = `${what} needs ${counted(threshold, 'signature')}`;
  if (now < threshold) {
    find(
      'threshold-unreachable',
      place,
      `${needs}, and ${now} of ${counted(signers.length, 'signer')} can count`,
    );
    return;
  }
  // The count can only fall where a key runs out: the moments to look at are these.
  const moments = signers
    .map((name) => file.keys.get(name)?.notAfterMs ?? Number.POSITIVE_INFINITY)
    .filter((ms) => ms > when.atMs && ms <= when.soonMs)
    .sort((a, b) => a - b);
  const first = moments.find((ms) => countingAt(file, signers, ms) < threshold);
  if (first === undefined) return;
  const left = countingAt(file, signers, first);
  const text = `${needs}; from ${formatTimestamp(first)} on, ${daysUntil(first, when.atMs)}, only ${left} can count`;
  find('threshold-soon-unreachable', place, text);
}

function lintAttestations(file: TrustFile, { atMs }: When, find: Find): void {
  const { rules, attesters = [] } = file.document;
  if (countingAt(file, attesters, atMs) > 0) return;
  for (const [i, { require = [], product }] of rules.entries()) {
    if (!require.includes('attestation')) continue;
    const text = `product ${shown(product)} needs an attestation, and no attester can count`;
    find('attestation-impossible', `rules[${i}].require`, text);
  }
}

function lintTrustRole({ document }: TrustFile, find: Find): void {
  const { trustRole, rules } = document;
  if (trustRole === undefined) {
    find(
      'trust-role-missing',
      'trustRole',
      'nobody can sign the next version: it must be brought in by hand',
    );
    return;
  }
  const strictest = Math.max(...rules.map((rule) => rule.threshold));
  if (trustRole.threshold >= strictest) return;
  const text = `${trustRole.threshold} can change rules that ask for ${strictest}: the weaker number decides`;
  find('trust-role-weaker', 'trustRole.threshold', text);
}

function countingAt({ keys }: TrustFile, names: readonly string[], atMs: number): number {
  return names.filter((name) => {
    const key = keys.get(name);
    return key !== undefined && standing(key, atMs) === 'counts';
  }).length;
}

function daysUntil(ms: number, atMs: number): string {
  const days = Math.floor((ms - atMs) / DAY_MS);
  return days === 0 ? 'in less than a day' : `in ${counted(days, 'day')}`;
}
