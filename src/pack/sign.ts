import type { Bytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import type { PublicKey, Signer } from '../crypto/public-key.ts';
import { verifySignature } from '../crypto/signature.ts';
import { MAX_SIGNATURES } from '../format/limits.ts';
import type { PackageSignature } from '../format/signatures.ts';

/**
 * The signatures there are and one by each signer, over the message of one package. What a signer answers is verified:
 * it may be a program or a token.
 * Throws `pack.already-signed`, `pack.too-many-signatures`, `pack.signature-invalid`, and what a signer throws.
 */
export async function signAll(
  message: Bytes,
  signers: readonly Signer[],
  existing: readonly PackageSignature[],
): Promise<PackageSignature[]> {
  const all = [...existing];
  for (const signer of signers) {
    checkRoom(all, signer.key);
    const signature = await signer.sign(message);
    all.push(await checkedSignature(message, signer.key, signature));
  }
  return all;
}

/**
 * A signature that was made elsewhere, beside those there are.
 * Throws `pack.already-signed`, `pack.too-many-signatures`, `pack.signature-invalid`.
 */
export async function addSignature(
  message: Bytes,
  key: PublicKey,
  signature: Bytes,
  existing: readonly PackageSignature[],
): Promise<PackageSignature[]> {
  checkRoom(existing, key);
  return [...existing, await checkedSignature(message, key, signature)];
}

function checkRoom(existing: readonly PackageSignature[], key: PublicKey): void {
  const { keyId } = key;
  if (existing.some((signature) => signature.keyId === keyId)) {
    throw new DfuError('pack.already-signed', `there is a signature of the key ${keyId} already`, {
      facts: { keyId },
    });
  }
  if (existing.length >= MAX_SIGNATURES) {
    throw new DfuError('pack.too-many-signatures', `a package holds at most ${MAX_SIGNATURES} signatures`, {
      facts: { limit: MAX_SIGNATURES },
    });
  }
}

async function checkedSignature(message: Bytes, key: PublicKey, signature: Bytes): Promise<PackageSignature> {
  if (!(await verifySignature(key, message, signature))) {
    const text = `the signature of the key ${key.keyId} does not verify over this package`;
    throw new DfuError('pack.signature-invalid', text, { facts: { keyId: key.keyId } });
  }
  return { keyId: key.keyId, signature };
}
