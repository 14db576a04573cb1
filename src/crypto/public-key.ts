import type { Bytes } from '../core/bytes.ts';

/** A public key that was checked when it was imported; see docs/package-format.md, section 4. */
export interface PublicKey {
  /** SHA-256 of the SPKI DER, lower-case hex. */
  readonly keyId: string;
  readonly algorithm: 'ed25519';
  /** The 32 bytes of the point. */
  readonly raw: Bytes;
}

/** Something that signs: a key file, an external program, a token. */
export interface Signer {
  readonly key: PublicKey;
  /** 64 bytes. */
  sign(message: Bytes): Promise<Bytes>;
}
