import type { Bytes } from '../core/bytes.ts';
import { DfuError, type ErrorCode, type Facts } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import { verifySignature } from '../crypto/signature.ts';
import {
  type DecodedStatement,
  decodeStatement,
  gitUri,
  PROVENANCE_TYPE,
  STATEMENT_PAYLOAD_TYPE,
  STATEMENT_TYPE,
} from '../format/attestation.ts';
import { pae } from '../format/dsse.ts';
import { type DsseEnvelope, decodeEnvelope } from '../format/dsse-envelope.ts';
import { fromDsseSignature } from '../format/dsse-signature.ts';
import { imageEntryName } from '../format/entry-names.ts';
import type { ManifestImage, Provenance } from '../format/manifest.ts';

export interface AttestationSubject {
  /** The DSSE envelope, as it lies in its file. */
  envelope: Bytes;
  /** Whose attestations count. Without any, none does. */
  attesters: readonly PublicKey[];
  /** SHA-256 of manifest.json, computed from the package at hand. */
  packageId: string;
  /** Each image of the manifest, once it was compared with the image at hand. */
  imageDigests: readonly Pick<ManifestImage, 'name' | 'format' | 'sha256'>[];
  /** What the manifest says of its source; the attestation must not say otherwise. */
  provenance?: Provenance;
}

export type AttestationFinding =
  | {
      status: 'good';
      /** Of the attesters that signed, sorted. */
      keyIds: readonly string[];
      /** What the attesters say; text from outside, as it stands there. */
      builderId: string;
      buildType: string;
      invocationId?: string;
    }
  | { status: 'bad'; code: ErrorCode; message: string; facts: Facts };

/**
 * Judges whether an attester vouches for where a package comes from: a DSSE envelope, signed by at least one attester,
 * with an in-toto Statement v1 about this package id and every image in it, and SLSA provenance v1. The payload is parsed
 * only after a signature was good. Never throws a DfuError: what is wrong stands in the finding, with one of
 * `trust.attestation-malformed`, `-type`, `-signature`, `-untrusted`, `-other-package`, `-contradiction`.
 */
export async function judgeAttestation(subject: AttestationSubject): Promise<AttestationFinding> {
  try {
    const envelope = decodeEnvelope(subject.envelope);
    if (envelope.payloadType !== STATEMENT_PAYLOAD_TYPE) {
      return bad('trust.attestation-type', `its payload is "${shown(envelope.payloadType)}"`);
    }
    const { good, broken } = await judgeEnvelope(envelope, subject.attesters);
    if (broken !== undefined) {
      const message = `the signature under the key ${broken} of an attester does not verify`;
      return bad('trust.attestation-signature', message, { keyId: broken });
    }
    if (good.length === 0) {
      const signatures = envelope.signatures.length;
      return bad('trust.attestation-untrusted', 'no attester of the trust file signed it', { signatures });
    }
    return judgeStatement(decodeStatement(envelope.payload), subject, good);
  } catch (error) {
    if (!(error instanceof DfuError)) throw error;
    return { status: 'bad', code: error.code, message: error.message, facts: error.facts };
  }
}

/**
 * Which of these keys signed the envelope: each at most once, sorted by id. `keyid` is a hint that nobody signed: an entry
 * that names one of the keys is held against that key, and where it does not verify, that is `broken`, whatever the other
 * entries are; an entry without a known `keyid` is tried with every key, and passed over where none made it.
 */
export async function judgeEnvelope(
  { payloadType, payload, signatures }: DsseEnvelope,
  keys: readonly PublicKey[],
): Promise<{ good: string[]; broken?: string }> {
  const message = pae(payloadType, payload);
  const good = new Set<string>();
  for (const { keyid, sig } of signatures) {
    const named = keys.filter((key) => key.keyId === keyid);
    const made = await firstThat(named.length > 0 ? named : keys, (key) => signedBy(key, message, sig));
    if (made !== undefined) good.add(made.keyId);
    else if (named.length > 0) return { good: [], broken: keyid };
  }
  return { good: [...good].sort() };
}

async function signedBy(key: PublicKey, message: Bytes, sig: Bytes): Promise<boolean> {
  const forms = fromDsseSignature(key.algorithm, sig);
  return (await firstThat(forms, (form) => verifySignature(key, message, form))) !== undefined;
}

async function firstThat<T>(all: readonly T[], is: (one: T) => Promise<boolean>): Promise<T | undefined> {
  for (const one of all) if ((await is(one)) === true) return one;
  return undefined;
}

function judgeStatement(
  statement: DecodedStatement,
  subject: AttestationSubject,
  keyIds: readonly string[],
): AttestationFinding {
  const { type, predicateType, builderId, buildType, invocationId } = statement;
  if (type !== STATEMENT_TYPE) {
    return bad('trust.attestation-type', `its payload is a statement of type "${shown(type)}"`);
  }
  if (predicateType !== PROVENANCE_TYPE) {
    return bad(
      'trust.attestation-type',
      `it says "${shown(predicateType)}", not where the package comes from`,
    );
  }
  if (builderId === undefined || buildType === undefined) {
    return bad('trust.attestation-malformed', 'the attestation names no builder, or no build type');
  }
  const wrong = subjectFault(statement, subject) ?? sourceFault(statement, subject.provenance);
  if (wrong !== undefined) return wrong;
  return {
    status: 'good',
    keyIds,
    builderId,
    buildType,
    ...(invocationId === undefined ? {} : { invocationId }),
  };
}

/** Subjects are matched by digest, as in-toto says; a name only contradicts. */
function subjectFault(
  { subjects }: DecodedStatement,
  { packageId, imageDigests }: AttestationSubject,
): AttestationFinding | undefined {
  const attested = new Set(subjects.map(({ sha256 }) => sha256));
  if (!attested.has(packageId)) {
    const facts = { packageId };
    return bad('trust.attestation-other-package', `package ${packageId} is not among its subjects`, facts);
  }
  for (const { name, format, sha256 } of imageDigests) {
    const entry = imageEntryName(name, format);
    const other = subjects.find((one) => one.name === entry && (one.sha256 ?? sha256) !== sha256);
    if (other === undefined && attested.has(sha256)) continue;
    const found = other?.sha256 ?? 'none';
    const facts = { image: entry, expected: sha256, found };
    const says = other === undefined ? 'it does not name the image' : 'it names another content of';
    return bad('trust.attestation-contradiction', `${says} ${shown(entry)}`, facts);
  }
  return undefined;
}

/** The manifest names repository and commit; the attestation may be silent on both, but not name another commit of it. */
function sourceFault(
  { dependencies }: DecodedStatement,
  { sourceRepository, sourceRevision }: Provenance = {},
): AttestationFinding | undefined {
  if (sourceRepository === undefined || sourceRevision === undefined) return undefined;
  const repository = bareUri(sourceRepository);
  const commits = dependencies.flatMap(({ uri, digests }) =>
    uri !== undefined && bareUri(uri) === repository
      ? [digests.get('gitCommit') ?? digests.get('sha1') ?? sourceRevision]
      : [],
  );
  if (commits.length === 0 || commits.includes(sourceRevision)) return undefined;
  const facts = { expected: shown(sourceRevision), found: shown(commits[0] ?? '') };
  return bad('trust.attestation-contradiction', 'it names another source revision than the manifest', facts);
}

/** Without the reference behind the path's `@`, and the `.git` that servers pass over: `git+https://host/path`. */
function bareUri(uri: string): string {
  const full = gitUri(uri);
  const path = full.indexOf('/', full.indexOf('://') + 3);
  const reference = path < 0 ? -1 : full.indexOf('@', path);
  const bare = reference < 0 ? full : full.slice(0, reference);
  return bare.endsWith('.git') ? bare.slice(0, -4) : bare;
}

function bad(code: ErrorCode, what: string, facts: Facts = {}): AttestationFinding {
  const message = code === 'trust.attestation-malformed' ? what : `the attestation does not count: ${what}`;
  return { status: 'bad', code, message, facts };
}
