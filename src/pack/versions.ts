import { hex32 } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { nearestSemVer, parseSemVer, type SemVer } from '../format/versions.ts';

/**
 * The firmware's version. Throws `pack.version-invalid`, with the nearest valid form in the cure; also for what
 * `git describe` says some commits after a tag, which is a SemVer by accident and would be older than the tag.
 */
export function firmwareVersion(text: string): SemVer {
  const version = parseSemVer(text);
  const nearest = nearestSemVer(text);
  if (version !== undefined && nearest === text) return version;
  const why =
    version === undefined
      ? 'is no SemVer 2.0.0'
      : 'is what git describe says, which SemVer takes for a pre-release';
  const hint = nearest === undefined ? '' : `; the nearest is ${nearest}`;
  throw new DfuError('pack.version-invalid', `the version "${shown(text)}" ${why}${hint}`, {
    ...(nearest === undefined
      ? {}
      : { facts: { nearest }, cure: `If ${nearest} is what you mean: --fw-version ${nearest}.` }),
  });
}

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
