import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { isGitRevision } from '../format/attestation.ts';
import type { Provenance } from '../format/manifest.ts';

/** Whoever reads the package reads this: a URL without user, query and fragment, where tokens stand. */
const REPOSITORY =
  /^(?:https?|ssh|git):\/\/(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?(?:\/[!-~]*)?$/;

/**
 * A repository as `--source-repository` gives it. What looks like a secret is never shown.
 * Throws `pack.source-credentials`, `pack.source-invalid`.
 */
export function checkedRepository(text: string, from: string): string {
  if (/[@?#]/.test(text)) {
    throw new DfuError(
      'pack.source-credentials',
      `${from} has a user, a query or a fragment in it; not shown`,
    );
  }
  if (!REPOSITORY.test(text) || text.length > 1024) {
    throw new DfuError('pack.source-invalid', `${from} is no URL of a repository: "${shown(text)}"`);
  }
  return text;
}

/**
 * The same of what a CI system says: users and passwords, which some put in, are dropped, and `git@host:path` is written as
 * `ssh://host/path`. Throws what `checkedRepository` throws.
 */
export function repositoryOfCi(text: string, from: string): string {
  const scp = /^(?:[^@/:\s]+@)?([A-Za-z0-9.-]+):(?![/0-9])([^\s]+)$/.exec(text);
  if (scp !== null) return checkedRepository(`ssh://${scp[1]}/${scp[2]}`, from);
  const parts = /^([a-z]+:\/\/)([^/?#]*)(.*)$/.exec(text);
  if (parts === null)
    throw new DfuError('pack.source-invalid', `${from} is no URL of a repository; not shown`);
  const [, scheme, authority = '', path] = parts;
  return checkedRepository(`${scheme}${authority.slice(authority.lastIndexOf('@') + 1)}${path}`, from);
}

/** A commit as `git rev-parse` prints it. Throws `pack.source-invalid`. */
export function checkedRevision(text: string, from: string): string {
  if (isGitRevision(text)) return text;
  const message = `${from} is not 40 or 64 lower-case hexadecimal digits: "${shown(text)}"`;
  throw new DfuError('pack.source-invalid', message);
}

/**
 * No password gets into a manifest, wherever the URL comes from; a recipe may otherwise name its source as it likes.
 * Throws `pack.source-credentials`.
 */
export function assertNoCredentials({ sourceRepository }: Provenance): void {
  if (sourceRepository === undefined || !/:\/\/[^/?#]*@/.test(sourceRepository)) return;
  throw new DfuError('pack.source-credentials', 'provenance.sourceRepository names a user; not shown');
}
