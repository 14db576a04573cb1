import type { VersionRange } from './manifest.ts';

/** A version by SemVer 2.0.0 (https://semver.org), within the limits of the package format. */
export interface SemVer {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** `rc.1` as `['rc', 1]`. */
  readonly prerelease: readonly (string | number)[];
  readonly build: readonly string[];
}

export const MAX_VERSION_BYTES = 64;
const MAX_PART = 2 ** 32 - 1;

const NUMBER = '(0|[1-9][0-9]*)';
const PRERELEASE_PART = '(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)';
const SEMVER = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}` +
    `(?:-(${PRERELEASE_PART}(?:\\.${PRERELEASE_PART})*))?` +
    '(?:\\+([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?$',
);

/** `undefined` for what is no SemVer 2.0.0, is longer than 64 bytes, or has a numeric part over 2^32-1. */
export function parseSemVer(text: string): SemVer | undefined {
  if (text.length > MAX_VERSION_BYTES) return undefined;
  const parts = SEMVER.exec(text);
  if (parts === null) return undefined;
  const [, major, minor, patch, prerelease, build] = parts;
  const version: SemVer = {
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    prerelease: prerelease?.split('.').map((p) => (/^[0-9]+$/.test(p) ? Number(p) : p)) ?? [],
    build: build?.split('.') ?? [],
  };
  const numbers = [version.major, version.minor, version.patch, ...version.prerelease];
  return numbers.some((n) => typeof n === 'number' && n > MAX_PART) ? undefined : version;
}

/** Precedence by SemVer 2.0.0, section 11: below 0, 0, or above 0. Build metadata does not count. */
export function compareSemVer(a: SemVer, b: SemVer): number {
  const core = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (core !== 0) return core;
  if (a.prerelease.length === 0 || b.prerelease.length === 0)
    return b.prerelease.length - a.prerelease.length;
  for (const [i, mine] of a.prerelease.entries()) {
    const other = b.prerelease[i];
    if (other === undefined) return 1;
    const order = comparePrerelease(mine, other);
    if (order !== 0) return order;
  }
  return a.prerelease.length - b.prerelease.length;
}

function comparePrerelease(a: string | number, b: string | number): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1;
  if (typeof b === 'number') return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether the text is 1 to 4 decimal numbers with dots, none over 2^32-1, no leading zeros: `2.4.1`. */
export function isDottedVersion(text: string): boolean {
  return (
    /^(?:0|[1-9][0-9]{0,9})(?:\.(?:0|[1-9][0-9]{0,9})){0,3}$/.test(text) &&
    text.split('.').every((n) => Number(n) <= MAX_PART)
  );
}

/**
 * Compares number by number; a number that is not there counts as 0, so that 2.4 and 2.4.0 are equal.
 * Throws RangeError on what `isDottedVersion` does not accept.
 */
export function compareDotted(a: string, b: string): number {
  if (!isDottedVersion(a) || !isDottedVersion(b)) throw new RangeError('not a dotted version');
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < 4; i++) {
    const order = (left[i] ?? 0) - (right[i] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

/** Whether a dotted version lies in a range: not below its `min`, and below its `below`. Throws RangeError as `compareDotted`. */
export function inRange(version: string, { min, below }: VersionRange): boolean {
  if (min !== undefined && compareDotted(version, min) < 0) return false;
  return below === undefined || compareDotted(version, below) < 0;
}

/**
 * The SemVer that was probably meant, as a proposal for a person; the text itself where it is good as it stands, and
 * `undefined` where there is nothing to go by. `v1.2` gives 1.2.0. What `git describe` says 14 commits after 1.2.3,
 * `1.2.3-14-gabc`, gives 1.2.4-dev.14+gabc: as it stands it is a SemVer too, but one *before* 1.2.3.
 */
export function nearestSemVer(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.length > 4 * MAX_VERSION_BYTES) return undefined;
  if (parseSemVer(trimmed) !== undefined && !GIT_DESCRIBE.test(trimmed)) return trimmed;
  const parts = /^(?:version\s*|v\.?\s*)?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(.*)$/i.exec(trimmed);
  if (parts === null) return undefined;
  const [major, minor, patch] = parts.slice(1, 4).map((n) => BigInt(n ?? '0')) as [bigint, bigint, bigint];
  const proposal = withTail(major, minor, patch, parts[4] as string);
  return parseSemVer(proposal) === undefined ? undefined : proposal;
}

/** `<tag>-<commits>-g<hash>`, perhaps `-dirty`. */
const GIT_DESCRIBE = /^(.*?)-([0-9]+)-(g[0-9a-f]{3,64})(-dirty)?$/;

function withTail(major: bigint, minor: bigint, patch: bigint, tail: string): string {
  const described = GIT_DESCRIBE.exec(tail);
  if (described === null) return `${major}.${minor}.${patch}${suffix(tail)}`;
  const [, tagTail = '', commits = '0', hash, dirty] = described;
  const build = `+${hash}${dirty === undefined ? '' : '.dirty'}`;
  const count = BigInt(commits);
  const tag = suffix(tagTail).replace(/\+.*$/, '');
  if (count === 0n) return `${major}.${minor}.${patch}${tag}${build}`;
  // After a pre-release the next step is still on the way to the same version; after a release, to the next.
  if (tag !== '') return `${major}.${minor}.${patch}${tag}.dev.${count}${build}`;
  return `${major}.${minor}.${patch + 1n}-dev.${count}${build}`;
}

/** What follows three numbers, as pre-release and build metadata. A fourth number becomes metadata: `1.2.3.4` is 1.2.3+4. */
function suffix(tail: string): string {
  const [before = '', ...after] = tail.split('+');
  const fourth = /^\.([0-9]+)(.*)$/.exec(before);
  const prerelease = identifiers(fourth?.[2] ?? before)
    .map((p) => (/^[0-9]+$/.test(p) ? String(BigInt(p)) : p))
    .join('.');
  const build = [...(fourth === null ? [] : [fourth[1]]), ...identifiers(after.join('.'))].join('.');
  return `${prerelease === '' ? '' : `-${prerelease}`}${build === '' ? '' : `+${build}`}`;
}

function identifiers(text: string): string[] {
  return text
    .replace(/[^0-9A-Za-z.-]+/g, '-')
    .split('.')
    .map((p) => p.replace(/^-+|-+$/g, ''))
    .filter((p) => p !== '');
}
