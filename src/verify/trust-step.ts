import { counted, shown } from '../core/text.ts';
import type { TrustFileRule } from '../format/trust-file.ts';
import { LOST_STANDINGS, standing } from './key-standing.ts';
import type { Ledger } from './ledger.ts';
import type { ReportedSignature } from './report.ts';
import { noSuchTrust, type TrustFileTerms, type TrustTerms } from './trust.ts';

/** What step 6 found: the rule that policy goes on with, the signatures with their weight, and warnings. */
export interface TrustFinding {
  rule?: TrustFileRule;
  signatures: readonly ReportedSignature[] | undefined;
  warnings: string[];
}

/**
 * Step 6, in two checks: `trust.rule` asks whether enough distinct keys of the product's rule signed, whatever became of
 * the keys since; `trust.validity` whether enough of them are neither revoked nor out of date. So that a package which
 * lost its standing is told from one that never had it.
 */
export function judgeTrust(
  ledger: Ledger,
  trust: TrustTerms,
  product: string,
  signatures: readonly ReportedSignature[] | undefined,
  atMs: number,
): TrustFinding {
  switch (trust.kind) {
    case 'keys':
      ledger.pass('trust.rule', 'one good signature by a key that was given suffices');
      ledger.pass('trust.validity', 'keys given by themselves have no dates');
      return { signatures, warnings: [] };
    case 'file':
      return judgeByRule(ledger, trust, product, signatures ?? [], atMs);
    case 'allow-unsigned':
      ledger.skip('trust.rule', 'no signature was asked for');
      ledger.skip('trust.validity', 'no signature was asked for');
      return { signatures, warnings: ['accepted without a signature: nobody vouches for what is in it'] };
    default:
      return noSuchTrust(trust);
  }
}

function judgeByRule(
  ledger: Ledger,
  { file, trustedKeys }: TrustFileTerms,
  product: string,
  signatures: readonly ReportedSignature[],
  atMs: number,
): TrustFinding {
  const rule = file.rules.get(product);
  if (rule === undefined) {
    const message = `the trust file has no rule for product ${shown(product)}`;
    ledger.fail('trust.rule', 'trust.no-rule', message, { product: shown(product) });
    return { signatures, warnings: [] };
  }
  const signers = new Set(rule.signers);
  const weighed = signatures.map((signature): ReportedSignature => {
    const trusted = trustedKeys.get(signature.keyId);
    if (signature.status !== 'good' || trusted === undefined) return signature;
    return { ...signature, weight: signers.has(trusted.name) ? standing(trusted, atMs) : 'not-in-rule' };
  });
  judgeThreshold(ledger, rule, weighed);
  return { rule, signatures: weighed, warnings: [] };
}

function judgeThreshold(ledger: Ledger, rule: TrustFileRule, weighed: readonly ReportedSignature[]): void {
  const { product, threshold } = rule;
  const facts = { product, threshold };
  // Key ids in a package are distinct, and so are the keys of a trust file: nobody is counted twice.
  const signed = weighed.filter(({ weight }) => weight !== undefined && weight !== 'not-in-rule');
  const counts = weighed.filter(({ weight }) => weight === 'counts');
  const wanted = counted(threshold, 'signature');
  if (signed.length < threshold) {
    const message = `product ${shown(product)} needs ${wanted} by its signers; ${signed.length} of them signed`;
    ledger.fail('trust.rule', 'trust.threshold', message, { ...facts, signed: signed.length });
    return;
  }
  ledger.pass('trust.rule', `${signed.length} signed, ${threshold} needed`);
  if (counts.length >= threshold) {
    ledger.pass('trust.validity', `${counts.length} of these keys are valid, ${threshold} needed`);
    return;
  }
  for (const { standing: lostBy, code, why } of LOST_STANDINGS) {
    const lost = signed.filter(({ weight }) => weight === lostBy);
    if (lost.length === 0) continue;
    const names = lost.map(({ name, keyId }) => shown(name ?? keyId)).join(', ');
    const message = `product ${shown(product)} needs ${wanted} by valid keys and has ${counts.length}: ${names} ${why}`;
    ledger.fail('trust.validity', code, message, { ...facts, valid: counts.length });
    return;
  }
  throw new Error('signatures lost their weight for no reason');
}
