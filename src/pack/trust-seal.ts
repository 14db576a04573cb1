import type { Bytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import type { PublicKey, Signer } from '../crypto/public-key.ts';
import { verifySignature } from '../crypto/signature.ts';
import { digestMessage, PAYLOAD_TYPES } from '../format/dsse.ts';
import { encodeSignatures, type PackageSignature } from '../format/signatures.ts';
import type { TrustFile } from '../format/trust-file.ts';
import { decodeTrustFile } from '../format/trust-file-load.ts';
import { decodeTrustSignatures } from '../format/trust-signatures.ts';
import { addSignature, signAll } from './sign.ts';

/** A trust file with the bytes that its signatures are made over. */
export interface SignableTrustFile {
  file: TrustFile;
  message: Bytes;
}

/** The detached signatures of a trust file. */
export interface TrustSignatures {
  bytes: Bytes;
  /** Of all signatures that it now has, sorted. */
  keyIds: string[];
}

/** Reads a trust file that is to be signed: canonical JSON. Throws what `decodeTrustFile` throws. */
export async function openSignable(bytes: Bytes): Promise<SignableTrustFile> {
  const own = bytes.slice();
  return { file: await decodeTrustFile(own), message: await digestMessage(PAYLOAD_TYPES.trust, own) };
}

/**
 * Adds signatures to those that a trust file has; `existing` is the file that holds them.
 * Throws `pack.already-signed`, `pack.too-many-signatures`, `pack.signature-invalid`, what `decodeTrustSignatures`
 * throws, and what a signer throws.
 */
export async function signTrustFile(
  signable: SignableTrustFile,
  existing: Bytes | undefined,
  signers: readonly Signer[],
): Promise<TrustSignatures> {
  const before = await soundSignatures(signable, existing);
  return seal(await inWordsOfTrust(() => signAll(signable.message, signers, before)));
}

/** Adds a signature that was made elsewhere over `SignableTrustFile.message`. Throws as `signTrustFile`. */
export async function attachTrustSignature(
  signable: SignableTrustFile,
  existing: Bytes | undefined,
  key: PublicKey,
  signature: Bytes,
): Promise<TrustSignatures> {
  const before = await soundSignatures(signable, existing);
  return seal(await inWordsOfTrust(() => addSignature(signable.message, key, signature, before)));
}

/**
 * Whether a signature by this key can count for an update to `file`: the key stands in its trustRole, or in that of the
 * version before it.
 */
export function mayCount(key: PublicKey, file: TrustFile, previous?: TrustFile): boolean {
  return [file, previous].some((one) =>
    one?.document.trustRole?.signers.some((name) => one.keys.get(name)?.key.keyId === key.keyId),
  );
}

/** Signatures of an earlier draft would make the update fail: one bad signature by a known key ends it. */
async function soundSignatures(
  { file, message }: SignableTrustFile,
  existing: Bytes | undefined,
): Promise<PackageSignature[]> {
  if (existing === undefined) return [];
  const signatures = decodeTrustSignatures(existing);
  const known = new Map([...file.keys.values()].map(({ key }) => [key.keyId, key]));
  for (const { keyId, signature } of signatures) {
    const key = known.get(keyId);
    if (key === undefined || (await verifySignature(key, message, signature)) === true) continue;
    throw new DfuError(
      'pack.signature-invalid',
      `there is a signature of the key ${keyId}, and it is not one over this trust file`,
      {
        facts: { keyId },
        cure: 'It was made over another version or draft: remove the file of signatures, and have it signed anew.',
      },
    );
  }
  return signatures;
}

function seal(all: readonly PackageSignature[]): TrustSignatures {
  return { bytes: encodeSignatures(all, PAYLOAD_TYPES.trust), keyIds: all.map(({ keyId }) => keyId).sort() };
}

/** The errors of signing speak of packages. */
async function inWordsOfTrust<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof DfuError) || error.code !== 'pack.signature-invalid') throw error;
    const { code, facts } = error;
    throw new DfuError(code, 'the signature is not one of this key over this trust file', {
      facts,
      cure: 'Sign the bytes that dfu-pack trust tbs writes for this very trust file, as they are, and give the public half of that key.',
      cause: error,
    });
  }
}
