import type { PublicKey } from '../crypto/public-key.ts';

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
