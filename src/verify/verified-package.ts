import type { Bytes } from '../core/bytes.ts';
import type { Manifest, ManifestImage } from '../format/manifest.ts';

/** An image of a verified package: its entry in the manifest, and the bytes that were judged. */
export interface VerifiedImage {
  readonly entry: Readonly<ManifestImage>;
  readonly bytes: Bytes;
}

/** A package that was judged good, with the very bytes that were judged. Made by `verifyPackage` alone. */
export interface VerifiedPackage {
  readonly manifest: Readonly<Manifest>;
  /** SHA-256 of the manifest bytes, lower-case hex. */
  readonly packageId: string;
  readonly verdict: 'trusted' | 'accepted-unsigned';
  readonly images: readonly VerifiedImage[];
}

const made = new WeakSet<object>();

/** Only for `verifyPackage`; a test keeps anybody else from importing it. */
export function makeVerified(pkg: VerifiedPackage): VerifiedPackage {
  const frozen = Object.freeze({
    ...pkg,
    images: Object.freeze(pkg.images.map((i) => Object.freeze({ ...i }))),
  });
  made.add(frozen);
  return frozen;
}

/** Throws unless `value` was made by `verifyPackage` in this process: a look-alike object does not pass. */
export function assertVerified(value: unknown): asserts value is VerifiedPackage {
  // A WeakSet holds objects only: of anything else it says no.
  if (!made.has(value as object)) {
    throw new TypeError('not a package that was verified here');
  }
}
