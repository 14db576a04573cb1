import { DfuError } from '../core/errors.ts';
import { type PublicKey, publicKeyDer } from '../crypto/public-key.ts';

/**
 * What a package is judged against: exactly one kind a call (docs/package-format.md, section 6).
 *
 * - `keys`: one good signature by any of them suffices. Keys come from `importPublicKey`, which refuses weak ones.
 * - `allow-unsigned`: no signature is evaluated. The verdict is at best `accepted-unsigned`, and a package that has
 *   signatures is refused.
 */
export type Trust =
  | { readonly kind: 'keys'; readonly keys: readonly PublicKey[] }
  | { readonly kind: 'allow-unsigned' };

/** A trust source as it was when the judgement began: read once, checked. */
export type TrustTerms =
  | { readonly kind: 'keys'; readonly keys: KeysById }
  | { readonly kind: 'allow-unsigned' };

export type KeysById = ReadonlyMap<string, PublicKey>;

/** Throws `usage.invalid` without any key, TypeError on another kind and on an object that `importPublicKey` did not make. */
export function readTrust(trust: Trust): TrustTerms {
  switch (trust.kind) {
    case 'keys': {
      const keys = [...trust.keys];
      for (const key of keys) publicKeyDer(key);
      if (keys.length === 0) throw new DfuError('usage.invalid', 'no key was given to judge by');
      return { kind: 'keys', keys: new Map(keys.map((key) => [key.keyId, key])) };
    }
    case 'allow-unsigned':
      return { kind: 'allow-unsigned' };
    default:
      return noSuchTrust(trust);
  }
}

/** The end of every switch over kinds of trust: one that is not in it accepts nothing. */
export function noSuchTrust(trust: never): never {
  throw new TypeError(`no such kind of trust: ${String(trust)}`);
}
