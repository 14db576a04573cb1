import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import type { TrustFile } from '../format/trust-file.ts';
import { standing } from './key-standing.ts';
import type { Ledger } from './ledger.ts';
import type { Terms } from './options.ts';
import { isRequired, type Subject } from './policy.ts';
import type { Fact } from './report.ts';
import type { TrustTerms } from './trust.ts';

/** Throws `usage.invalid` for an attestation that nobody could count: only a trust file lists attesters. */
export function assertAttestationCounts(trust: TrustTerms, { attestation, require }: Terms): void {
  if (trust.kind === 'file' || (attestation === undefined && !require.has('attestation'))) return;
  throw new DfuError('usage.invalid', 'an attestation is judged by a trust file alone: it says whose count');
}

/** The last check of step 7: the attestation, where one was given or is demanded. Gives the facts that it vouches for. */
export async function judgeAttested(ledger: Ledger, subject: Subject, terms: Terms): Promise<Fact[]> {
  const { manifest, packageId, trusted } = subject;
  const { attestation: envelope, atMs } = terms;
  if (envelope === undefined || trusted === undefined) {
    const message = 'no attestation was given';
    if (!isRequired('attestation', subject, terms)) ledger.skip('policy.attestation', message);
    else ledger.fail('policy.attestation', 'trust.attestation-missing', `${message}, and one is demanded`);
    return [];
  }
  // Loaded here: few packages are judged with one.
  const { judgeAttestation } = await import('./attestation.ts');
  const attesters = attestersOf(trusted.file, atMs);
  const imageDigests = manifest.images.map(({ name, format, sha256 }) => ({ name, format, sha256 }));
  const { provenance } = manifest;
  const claims = { packageId, imageDigests, ...(provenance === undefined ? {} : { provenance }) };
  const finding = await judgeAttestation({ envelope, attesters, ...claims });
  if (finding.status === 'bad') {
    ledger.fail('policy.attestation', finding.code, finding.message, finding.facts);
    return [];
  }
  ledger.pass('policy.attestation', `attested by ${shown(finding.builderId)}`);
  return [{ name: 'builder', value: finding.builderId, source: 'attestation' }];
}

/** Those that are valid now; by any other an attestation is one of an unknown. */
function attestersOf({ document, keys }: TrustFile, atMs: number): PublicKey[] {
  return (document.attesters ?? []).flatMap((name) => {
    const trusted = keys.get(name);
    return trusted !== undefined && standing(trusted, atMs) === 'counts' ? [trusted.key] : [];
  });
}
