import type { Bytes } from '../core/bytes.ts';
import { counted } from '../core/text.ts';
import { verifySignature } from '../crypto/signature.ts';
import { decodeSignatures, signedMessage } from '../format/signatures.ts';
import type { Ledger } from './ledger.ts';
import type { ReportedSignature } from './report.ts';
import { type KeysById, noSuchTrust, type TrustFileTerms, type TrustTerms } from './trust.ts';

type Signature = ReturnType<typeof decodeSignatures>[number];

/**
 * Steps 2 and 3: the form of signatures.json, then every signature over the raw manifest bytes. With `allow-unsigned` no
 * signature is evaluated, and a package that has some is refused.
 */
export async function judgeSignatures(
  ledger: Ledger,
  manifestBytes: Bytes,
  signaturesBytes: Bytes | undefined,
  trust: TrustTerms,
): Promise<ReportedSignature[] | undefined> {
  if (signaturesBytes === undefined) {
    judgeAbsence(ledger, trust);
    return undefined;
  }
  let signatures: Signature[];
  ledger.pass('signatures.present', 'there is a signatures.json');
  try {
    signatures = decodeSignatures(signaturesBytes);
  } catch (error) {
    ledger.failBy('signatures.form', error);
    return undefined;
  }
  ledger.pass('signatures.form', counted(signatures.length, 'signature'));
  switch (trust.kind) {
    case 'keys':
      return judgeByKeys(ledger, manifestBytes, signatures, trust.keys);
    case 'file': {
      const judged = await judgeByKeys(ledger, manifestBytes, signatures, trust.keys);
      return judged.map((one) => ({ ...one, ...nameOf(trust, one.keyId) }));
    }
    case 'allow-unsigned': {
      const message = 'the package is signed, and no key was given to judge the signatures';
      const facts = { signatures: signatures.length };
      ledger.fail('signatures.good', 'trust.signatures-not-judged', message, facts);
      return signatures.map(({ keyId }) => ({ keyId, status: 'not-judged' }));
    }
    default:
      return noSuchTrust(trust);
  }
}

function nameOf({ trustedKeys }: TrustFileTerms, keyId: string): { name?: string } {
  const name = trustedKeys.get(keyId)?.name;
  return name === undefined ? {} : { name };
}

function judgeAbsence(ledger: Ledger, trust: TrustTerms): void {
  switch (trust.kind) {
    case 'keys':
    case 'file':
      ledger.fail('signatures.present', 'trust.unsigned', 'the package is not signed');
      return;
    case 'allow-unsigned':
      ledger.skip('signatures.present', 'there are none, as the operator allows');
      ledger.skip('signatures.form', 'there are none');
      ledger.skip('signatures.good', 'there are none, as the operator allows');
      return;
    default:
      noSuchTrust(trust);
  }
}

async function judgeByKeys(
  ledger: Ledger,
  manifestBytes: Bytes,
  signatures: readonly Signature[],
  keys: KeysById,
): Promise<ReportedSignature[]> {
  const message = await signedMessage(manifestBytes);
  const judged: ReportedSignature[] = [];
  for (const { keyId, signature } of signatures) {
    const key = keys.get(keyId);
    if (key === undefined) judged.push({ keyId, status: 'unknown' });
    else {
      const good = await verifySignature(key, message, signature);
      judged.push({ keyId, status: good === true ? 'good' : 'invalid' });
    }
  }
  judgeTogether(ledger, judged);
  return judged;
}

/** One bad signature under a trusted key spoils all others: somebody wanted it to look like that key's. */
function judgeTogether(ledger: Ledger, judged: readonly ReportedSignature[]): void {
  const invalid = judged.find(({ status }) => status === 'invalid');
  const good = judged.filter(({ status }) => status === 'good');
  if (invalid !== undefined) {
    const message = `the signature under the trusted key ${invalid.keyId} does not verify`;
    ledger.fail('signatures.good', 'trust.signature-invalid', message, { keyId: invalid.keyId });
  } else if (good.length === 0) {
    const message = `none of ${counted(judged.length, 'signature')} is by a trusted key`;
    ledger.fail('signatures.good', 'trust.no-trusted-signature', message, { signatures: judged.length });
  } else {
    ledger.pass('signatures.good', `${counted(good.length, 'good signature')} by a trusted key`);
  }
}
