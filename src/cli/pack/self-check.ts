import type { Bytes } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import type { PublicKey } from '../../crypto/public-key.ts';
import type { VerifyReport } from '../../verify/report.ts';
import { verifyPackage } from '../../verify/verify.ts';

/**
 * Judges a package that is about to be handed out, exactly as dfu-verify would: with these keys, each of which must
 * have a good signature; without any, as an unsigned one. Takes the bytes over.
 * Throws an error with the code of the check that failed.
 */
export async function selfCheck(bytes: Bytes, keys: readonly PublicKey[], packageId: string): Promise<void> {
  // The beginning of time: whether a package has expired is judged where it is used, not where it is made.
  const { report } = await verifyPackage(
    bytes,
    keys.length === 0 ? { kind: 'allow-unsigned' } : { kind: 'keys', keys },
    { at: 0, packageId, transfer: true },
  );
  if (report.exit !== 0) throw refusal(report);
  const unsigned = keys.find(({ keyId }) => !isGood(report, keyId));
  if (unsigned !== undefined) {
    throw new DfuError('pack.self-check', `the signature of the key ${unsigned.keyId} is not in the package`);
  }
}

/**
 * The same of a package that was made here, from nothing but images and values that were all checked: whatever is wrong
 * with it is a fault of ours, not of a maker's. Throws `pack.self-check`, with the code of the check that failed as a fact.
 */
export async function checkMade(bytes: Bytes, keys: readonly PublicKey[], packageId: string): Promise<void> {
  try {
    await selfCheck(bytes, keys, packageId);
  } catch (cause) {
    if (!(cause instanceof DfuError) || cause.code === 'pack.self-check') throw cause;
    const { code, message } = cause;
    throw new DfuError('pack.self-check', `the package that was made does not verify (${code}): ${message}`, {
      facts: { ...cause.facts, cause: code },
      cause,
    });
  }
}

function isGood({ signatures = [] }: VerifyReport, keyId: string): boolean {
  return signatures.some((signature) => signature.keyId === keyId && signature.status === 'good');
}

function refusal({ code, checks, verdict }: VerifyReport): DfuError {
  const failed = checks.find((check) => check.status === 'fail');
  if (code === undefined || failed === undefined) {
    return new DfuError('pack.self-check', `the package was judged ${verdict}`);
  }
  return new DfuError(code, failed.message, {
    ...(failed.facts === undefined ? {} : { facts: failed.facts }),
    ...(failed.cure === undefined ? {} : { cure: failed.cure }),
  });
}
