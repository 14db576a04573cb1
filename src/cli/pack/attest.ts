import { concat } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { counted, printableLine, shown } from '../../core/text.ts';
import type { Signer } from '../../crypto/public-key.ts';
import {
  type BuilderClaims,
  encodeStatement,
  provenanceStatement,
  type RunMetadata,
  STATEMENT_PAYLOAD_TYPE,
} from '../../format/attestation.ts';
import { pae } from '../../format/dsse.ts';
import { type DsseSignature, encodeEnvelope } from '../../format/dsse-envelope.ts';
import { toDsseSignature } from '../../format/dsse-signature.ts';
import { MAX_PACKAGE_BYTES } from '../../format/limits.ts';
import { parseTimestamp } from '../../format/timestamp.ts';
import { readWholeFile } from '../../node/files.ts';
import { openSound, withoutSignatures } from '../../pack/seal.ts';
import { signAll } from '../../pack/sign.ts';
import { judgeAttestation } from '../../verify/attestation.ts';
import { type Io, pathOf } from '../io.ts';
import { printJson } from '../program.ts';
import { release } from './memory.ts';
import { destination, writeOutput } from './output.ts';
import { packageFacts, printWarnings, renderFacts } from './report.ts';
import { selfCheck } from './self-check.ts';
import { readSigners, type SigningOptions, signingInputs } from './signers.ts';

export interface AttestOptions extends SigningOptions {
  output: string;
  force?: true;
  builderId?: string;
  buildType?: string;
  invocationId?: string;
  startedOn?: string;
  finishedOn?: string;
  provenance?: true;
  json?: true;
}

/** `dfu-pack attest`: a signed statement of where a package comes from, beside it. The package is not changed. */
export async function attest(io: Io, file: string, options: AttestOptions): Promise<number> {
  const claims = await readClaims(io, options);
  const inputs = [pathOf(io, file), ...signingInputs(io, options)];
  const to = await destination(io, options.output, options.force === true, inputs);
  const { signers, warnings } = await readSigners(io, options);
  const bytes = await readWholeFile(pathOf(io, file), MAX_PACKAGE_BYTES);
  const sound = await openSound(bytes);
  const { manifest, packageId } = sound;
  // As with sign: whoever vouches for a package does not vouch for one that everybody would refuse.
  const unsigned = concat(withoutSignatures(sound));
  release([bytes]);
  await selfCheck(unsigned, [], packageId);
  const statement = provenanceStatement(manifest, packageId, claims);
  const payload = encodeStatement(statement);
  const signatures = await signStatement(pae(STATEMENT_PAYLOAD_TYPE, payload), signers);
  const envelope = encodeEnvelope({ payloadType: STATEMENT_PAYLOAD_TYPE, payload, signatures });
  await writeOutput(io, to, [envelope], async (readBack) => {
    for (const { key } of signers) {
      const { images: imageDigests, provenance = {} } = manifest;
      const subject = { envelope: readBack, attesters: [key], packageId, imageDigests, provenance };
      const finding = await judgeAttestation(subject);
      if (finding.status === 'good') continue;
      throw new DfuError(
        'pack.self-check',
        `the attestation that was made is not good (${finding.code}): ${finding.message}`,
      );
    }
  });
  const facts = packageFacts(manifest, packageId);
  const signedBy = signatures.map(({ keyid }) => keyid).sort();
  printWarnings(io, warnings);
  if (options.json) {
    const { output } = options;
    const size = envelope.length;
    printJson(io, {
      formatVersion: 1,
      command: 'attest',
      output,
      size,
      package: facts,
      signedBy,
      statement,
      warnings,
    });
    return 0;
  }
  const lines = [
    `${shown(options.output)}: ${counted(envelope.length, 'byte')}, verified`,
    ...renderFacts(facts),
    `  builder     ${shown(claims.builderId)}`,
    ...signedBy.map((keyId) => `  signed by   ${keyId}`),
  ];
  io.out(`${lines.map(printableLine).join('\n')}\n`);
  return 0;
}

async function signStatement(
  message: Uint8Array<ArrayBuffer>,
  signers: readonly Signer[],
): Promise<DsseSignature[]> {
  const algorithms = new Map(signers.map(({ key }) => [key.keyId, key.algorithm]));
  return (await signAll(message, signers, [])).map(({ keyId, signature }) => ({
    keyid: keyId,
    sig: toDsseSignature(algorithms.get(keyId) ?? 'ed25519', signature),
  }));
}

async function readClaims(io: Io, options: AttestOptions): Promise<BuilderClaims> {
  const { buildType, startedOn, finishedOn } = options;
  const ci = options.provenance ? (await import('./ci-provenance.ts')).runOfCi(io) : {};
  const builderId = options.builderId ?? ci.builderId;
  if (builderId === undefined) {
    throw options.provenance
      ? new DfuError('pack.provenance-missing', 'the CI system has no name for what runs its builds')
      : new DfuError('usage.invalid', 'it is not said what built the package: --builder-id, or --provenance');
  }
  const invocationId = options.invocationId ?? ci.invocationId;
  const metadata: RunMetadata = {
    ...(invocationId === undefined ? {} : { invocationId: checkedText('--invocation-id', invocationId) }),
    ...(startedOn === undefined ? {} : { startedOn: checkedTime('--started-on', startedOn) }),
    ...(finishedOn === undefined ? {} : { finishedOn: checkedTime('--finished-on', finishedOn) }),
  };
  return {
    builderId: checkedUri('--builder-id', builderId),
    ...(buildType === undefined ? {} : { buildType: checkedUri('--build-type', buildType) }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
}

const MAX_CLAIM_CHARACTERS = 1024;

/** Printable ASCII, without a user or a password: whoever reads the attestation reads this. */
function checkedText(option: string, text: string): string {
  if (/:\/\/[^/?#]*@/.test(text)) {
    throw new DfuError('usage.invalid', `${option} names a user, perhaps with a password; not shown`);
  }
  if (text.length <= MAX_CLAIM_CHARACTERS && /^[!-~]([ -~]*[!-~])?$/.test(text)) return text;
  throw new DfuError('usage.invalid', `${option} takes 1 to ${MAX_CLAIM_CHARACTERS} characters of ASCII`);
}

function checkedUri(option: string, text: string): string {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$/.test(checkedText(option, text))) return text;
  throw new DfuError(
    'usage.invalid',
    `${option} takes a URI such as https://HOST/PATH, not "${shown(text)}"`,
  );
}

function checkedTime(option: string, text: string): string {
  if (parseTimestamp(text) !== undefined) return text;
  throw new DfuError('usage.invalid', `${option} takes a time as YYYY-MM-DDTHH:MM:SSZ, not "${shown(text)}"`);
}
