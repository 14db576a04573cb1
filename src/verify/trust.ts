import { DfuError } from '../core/errors.ts';
import { type PublicKey, publicKeyDer } from '../crypto/public-key.ts';
import { assertTrustFile, type TrustedKey, type TrustFile } from '../format/trust-file.ts';

/**
 * What a package is judged against: exactly one kind a call (docs/package-format.md, section 6).
 *
 * - `keys`: one good signature by any of them suffices. Keys come from `importPublicKey`, which refuses weak ones.
 * - `file`: a trust file, from `loadTrustFile`; its rule for the package's product decides.
 * - `allow-unsigned`: no signature is evaluated. The verdict is at best `accepted-unsigned`, and a package that has
 *   signatures is refused.
 */
export type Trust =
  | { readonly kind: 'keys'; readonly keys: readonly PublicKey[] }
  | { readonly kind: 'file'; readonly file: TrustFile }
  | { readonly kind: 'allow-unsigned' };

/** A trust source as it was when the judgement began: read once, checked. */
export type TrustTerms =
  | { readonly kind: 'keys'; readonly keys: KeysById }
  | TrustFileTerms
  | { readonly kind: 'allow-unsigned' };

export interface TrustFileTerms {
  readonly kind: 'file';
  readonly file: TrustFile;
  /** All keys of the file, also those that sign no packages: a bad signature under any of them is a forgery. */
  readonly keys: KeysById;
  readonly trustedKeys: ReadonlyMap<string, TrustedKey>;
}

export type KeysById = ReadonlyMap<string, PublicKey>;

/**
 * Throws `usage.invalid` without any key, `trust.file-expired` for a trust file that is out of date at `atMs`
 * (milliseconds since 1970), TypeError on another kind and on an object that neither `importPublicKey` nor
 * `loadTrustFile` made.
 */
export function readTrust(trust: Trust, atMs: number): TrustTerms {
  switch (trust.kind) {
    case 'keys': {
      const keys = [...trust.keys];
      for (const key of keys) publicKeyDer(key);
      if (keys.length === 0) throw new DfuError('usage.invalid', 'no key was given to judge by');
      return { kind: 'keys', keys: new Map(keys.map((key) => [key.keyId, key])) };
    }
    case 'file':
      return readTrustFileTerms(trust.file, atMs);
    case 'allow-unsigned':
      return { kind: 'allow-unsigned' };
    default:
      return noSuchTrust(trust);
  }
}

function readTrustFileTerms(file: TrustFile, atMs: number): TrustFileTerms {
  assertTrustFile(file);
  // Not `notAfterMs <= atMs`: a time that is none must fail too.
  if (!(atMs < file.notAfterMs)) {
    const { notAfter, version } = file.document;
    throw new DfuError('trust.file-expired', `the trust file, version ${version}, expired at ${notAfter}`, {
      facts: { notAfter, version },
    });
  }
  const trustedKeys = new Map([...file.keys.values()].map((trusted) => [trusted.key.keyId, trusted]));
  const keys = new Map([...trustedKeys].map(([keyId, { key }]) => [keyId, key]));
  return { kind: 'file', file, keys, trustedKeys };
}

/** The end of every switch over kinds of trust: one that is not in it accepts nothing. */
export function noSuchTrust(trust: never): never {
  throw new TypeError(`no such kind of trust: ${String(trust)}`);
}
