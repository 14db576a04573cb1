import { hex32 } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { nearestSemVer, parseSemVer, type SemVer } from '../format/versions.ts';

/**
 * The firmware's version. Throws `pack.version-invalid`, with the nearest valid form in the cure; also for what
 * `git describe` says some commits after a tag, which is a SemVer by accident and would be older than the tag.
 */
export function firmwareVersion(text: string): SemVer {
  const described = GIT_DESCRIBE.test(text);
  const version = described ? undefined : parseSemVer(text);
  if (version !== undefined) return version;
  // With a letter in front it is no SemVer, so that a proposal is made.
  const nearest = nearestSemVer(described ? text.replace(/^v?/, 'v') : text);
  const why = described
    ? 'is what git describe says, which SemVer takes for a pre-release'
    : 'is no SemVer 2.0.0';
  const hint = nearest === undefined ? '' : `; the nearest is ${nearest}`;
  throw new DfuError('pack.version-invalid', `the version "${shown(text)}" ${why}${hint}`, {
    ...(nearest === undefined
      ? {}
      : { facts: { nearest }, cure: `If ${nearest} is what you mean: --fw-version ${nearest}.` }),
  });
}

/** `<tag>-<commits>-g<hash>`. */
const GIT_DESCRIBE = /-[0-9]+-g[0-9a-f]{3,40}(-dirty)?$/;

/**
 * A version in the 32 bits of a GBL application tag, `major << 16 | minor << 8 | patch`: 1.2.3 is 0x00010203.
 * Throws `pack.version-too-large` where a number does not fit.
 */
export function versionTag({ major, minor, patch }: SemVer): number {
  if (major > 0xffff || minor > 0xff || patch > 0xff) {
    throw new DfuError(
      'pack.version-too-large',
      `the version ${major}.${minor}.${patch} does not fit an application tag, which holds at most 65535.255.255`,
      { facts: { largest: hex32(0xffffffff) } },
    );
  }
  return ((major << 16) | (minor << 8) | patch) >>> 0;
}
