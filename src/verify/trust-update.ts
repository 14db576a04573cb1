import type { Bytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { counted, shown } from '../core/text.ts';
import { verifySignature } from '../crypto/signature.ts';
import { digestMessage, PAYLOAD_TYPES } from '../format/dsse.ts';
import { assertTrustFile, type TrustedKey, type TrustFile } from '../format/trust-file.ts';
import { decodeTrustFile, encodeTrustFile } from '../format/trust-file-load.ts';
import { decodeTrustSignatures } from '../format/trust-signatures.ts';
import { type KeyStanding, LOST_STANDINGS, standing } from './key-standing.ts';

/** A version of a trust file that is to take the place of another. */
export interface SignedTrustFile {
  /** Canonical JSON. */
  readonly bytes: Bytes;
  /** Its detached signatures; absent where there are none. */
  readonly signatures?: Bytes;
}

/** What came of one version. */
export interface TrustUpdateStep {
  readonly version: number;
  readonly digest: string;
  /** `same`: it is what was in hand already. */
  readonly status: 'updated' | 'same';
  /** Names of the trustRole keys that counted, as the file before it and as this one call them. Sorted. */
  readonly signedByCurrent: readonly string[];
  readonly signedByNext: readonly string[];
}

/** What an update came to: the trust file to use from now on, and how it got there. */
export interface TrustUpdate {
  readonly file: TrustFile;
  /** Its canonical JSON. */
  readonly bytes: Bytes;
  readonly changed: boolean;
  readonly steps: readonly TrustUpdateStep[];
}

/**
 * Goes from the trust file in hand to the last of `chain`, one version at a time; docs/package-format.md, section 6.
 * Each is signed by enough keys of the trustRole before it and of its own. `atMs` is the time of judgement, milliseconds
 * since 1970, for keys as for the last file: nobody can prove when something was signed, so that a key which is out of
 * date now counts for nothing, also not for what it may have signed in its day. A file on the way, the one in hand
 * included, may be out of date: else who slept through a version could never catch up.
 *
 * Whether a key counts is asked of the file whose threshold it fills. A key that the file in hand trusts may sign its own
 * revocation: who holds it could as well sign a version without it.
 *
 * Errors tell in `facts.step` which of the chain they are about, from 0 on. Throws `trust.equivocation`,
 * `trust.rollback`, `trust.version-gap`, `trust.role-missing`, `trust.revocation-undone`, `trust.update-unsigned`,
 * `trust.update-threshold`, `trust.signature-invalid`, `trust.key-revoked`, `trust.key-expired`,
 * `trust.key-not-yet-valid`, `trust.file-expired`, and what `decodeTrustFile` and `decodeTrustSignatures` throw.
 */
export async function updateTrustFile(
  current: TrustFile,
  chain: readonly SignedTrustFile[],
  { atMs }: { atMs: number },
): Promise<TrustUpdate> {
  assertTrustFile(current);
  if (!Number.isFinite(atMs)) throw new TypeError('no time to judge at');
  if (chain.length === 0) throw new DfuError('usage.invalid', 'there is no trust file to update to');
  let file = current;
  const steps: TrustUpdateStep[] = [];
  for (const [step, signed] of chain.entries()) {
    const next = await atStep(step, () => decodeTrustFile(signed.bytes));
    steps.push(await atStep(step, () => judgeStep(file, next, signed, atMs)));
    file = next;
  }
  await atStep(chain.length - 1, async () => assertInDate(file, atMs));
  return {
    file,
    bytes: encodeTrustFile(file.document),
    changed: steps.some(({ status }) => status === 'updated'),
    steps,
  };
}

async function atStep<T>(step: number, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof DfuError)) throw error;
    const { code, message, cure, facts } = error;
    throw new DfuError(code, message, { facts: { ...facts, step }, cure, cause: error });
  }
}

async function judgeStep(
  current: TrustFile,
  next: TrustFile,
  signed: SignedTrustFile,
  atMs: number,
): Promise<TrustUpdateStep> {
  const { version } = next.document;
  const { digest } = next;
  if (isSame(current, next)) {
    return { version, digest, status: 'same', signedByCurrent: [], signedByNext: [] };
  }
  assertRevocationsStay(current, next);
  const good = await goodSignatures(current, next, signed.signatures);
  const signedByCurrent = judgeRole('the trust file in hand', current, good, atMs);
  const signedByNext = judgeRole('the new trust file', next, good, atMs);
  return { version, digest, status: 'updated', signedByCurrent, signedByNext };
}

/** Whether it is the one in hand; else it must be the one version after it. */
function isSame(current: TrustFile, next: TrustFile): boolean {
  const from = current.document.version;
  const to = next.document.version;
  const facts = { current: from, version: to };
  if (to === from) {
    if (current.digest === next.digest) return true;
    const text = `two different trust files call themselves version ${to}: ${current.digest} in hand, and ${next.digest}`;
    throw new DfuError('trust.equivocation', text, { facts });
  }
  if (to < from) {
    throw new DfuError('trust.rollback', `version ${to} is older than version ${from} in hand`, { facts });
  }
  if (to !== from + 1) {
    throw new DfuError('trust.version-gap', `version ${to} does not follow version ${from} in hand`, {
      facts,
    });
  }
  return false;
}

/** Revoked is for ever: a key may go from the file altogether, but it does not come back. */
function assertRevocationsStay(current: TrustFile, next: TrustFile): void {
  const revoked = new Set(
    [...current.keys.values()].filter((key) => key.revoked).map(({ key }) => key.keyId),
  );
  for (const { name, key, revoked: still } of next.keys.values()) {
    if (still || !revoked.has(key.keyId)) continue;
    const text = `the key "${shown(name)}" (${key.keyId}) is revoked in hand and not in the new trust file`;
    throw new DfuError('trust.revocation-undone', text, { facts: { keyId: key.keyId } });
  }
}

/** Key ids whose signature over the new file is good. A bad one under any key that either file knows ends it. */
async function goodSignatures(
  current: TrustFile,
  next: TrustFile,
  signatures: Bytes | undefined,
): Promise<ReadonlySet<string>> {
  if (signatures === undefined) {
    throw new DfuError('trust.update-unsigned', `version ${next.document.version} has no signatures`);
  }
  // The bytes that were decoded, byte for byte: decodeTrustFile takes no other form.
  const message = await digestMessage(PAYLOAD_TYPES.trust, encodeTrustFile(next.document));
  const known = new Map([...current.keys.values(), ...next.keys.values()].map(({ key }) => [key.keyId, key]));
  const good = new Set<string>();
  for (const { keyId, signature } of decodeTrustSignatures(signatures.slice())) {
    const key = known.get(keyId);
    if (key === undefined) continue;
    if ((await verifySignature(key, message, signature)) !== true) {
      const text = `the signature under the known key ${keyId} is not one over this trust file`;
      throw new DfuError('trust.signature-invalid', text, {
        facts: { keyId },
        cure: 'The trust file was changed after it was signed, or the signatures are those of another. Do not use it; fetch both again.',
      });
    }
    good.add(keyId);
  }
  return good;
}

/** Names of the keys that counted. Throws where they are fewer than the threshold, and says what the others lack. */
function judgeRole(
  which: string,
  { document, keys }: TrustFile,
  good: ReadonlySet<string>,
  atMs: number,
): string[] {
  const { trustRole } = document;
  if (trustRole === undefined) {
    throw new DfuError('trust.role-missing', `${which}, version ${document.version}, has no trustRole`);
  }
  const { signers, threshold } = trustRole;
  // Names are distinct in the list, and keys behind names: nobody is counted twice.
  const signed = signers
    .map((name) => keys.get(name))
    .filter((key): key is TrustedKey => key !== undefined && good.has(key.key.keyId));
  const names = (wanted: KeyStanding) =>
    signed
      .filter((key) => standing(key, atMs) === wanted)
      .map(({ name }) => name)
      .sort();
  const counting = names('counts');
  if (counting.length >= threshold) return counting;
  const facts = { threshold, signed: signed.length, valid: counting.length };
  const needs = `${which}, version ${document.version}, asks for ${counted(threshold, 'signature')} by its trustRole`;
  if (signed.length < threshold) {
    throw new DfuError('trust.update-threshold', `${needs}; ${signed.length} of these signed`, { facts });
  }
  for (const { standing: lostBy, code, why } of LOST_STANDINGS) {
    const lost = names(lostBy);
    if (lost.length === 0) continue;
    const text = `${needs}, and ${counting.length} count: ${lost.join(', ')} ${why}`;
    throw new DfuError(code, text, {
      facts,
      cure: 'Have it signed by more keys of the trustRole that are valid, or bring the new trust file in by hand.',
    });
  }
  throw new Error('signatures lost their weight for no reason');
}

function assertInDate({ document, notAfterMs }: TrustFile, atMs: number): void {
  if (atMs < notAfterMs) return;
  const { notAfter, version } = document;
  throw new DfuError('trust.file-expired', `the new trust file, version ${version}, expired at ${notAfter}`, {
    facts: { notAfter, version },
    cure: 'Get the version after it; check the clock of this machine.',
  });
}
