import { type Bytes, utf8 } from '../core/bytes.ts';
import { jsonOf, malformed } from './dsse-envelope.ts';
import { imageEntryName } from './entry-names.ts';
import { own } from './foreign-json.ts';
import type { Manifest } from './manifest.ts';

/** The payload type of an in-toto statement in a DSSE envelope. */
export const STATEMENT_PAYLOAD_TYPE = 'application/vnd.in-toto+json';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PROVENANCE_TYPE = 'https://slsa.dev/provenance/v1';
/** How dfu-pack makes packages; its parameters are in docs/provenance.md. */
export const BUILD_TYPE = 'urn:dfukit:dfu-pack-build:v1';

/** An in-toto Statement v1 with SLSA provenance v1, as it is written here (slsa.dev/spec/v1.0/provenance). */
export interface ProvenanceStatement {
  _type: typeof STATEMENT_TYPE;
  subject: Subject[];
  predicateType: typeof PROVENANCE_TYPE;
  predicate: {
    buildDefinition: {
      buildType: string;
      externalParameters: Record<string, unknown>;
      resolvedDependencies?: ResourceDescriptor[];
    };
    runDetails: {
      builder: { id: string };
      metadata?: RunMetadata;
    };
  };
}

export interface Subject {
  name: string;
  digest: { sha256: string };
}

/** At least one of `uri` and `digest`. */
export interface ResourceDescriptor {
  name?: string;
  uri?: string;
  digest?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** Times as `YYYY-MM-DDTHH:MM:SSZ`. */
export interface RunMetadata {
  invocationId?: string;
  startedOn?: string;
  finishedOn?: string;
}

/** What the builder says of itself and of the run; nothing of it can be read off the package. */
export interface BuilderClaims {
  /** A URI: who is trusted to have done it as it is said. */
  builderId: string;
  /** `BUILD_TYPE` unless given. */
  buildType?: string;
  metadata?: RunMetadata;
}

/** What an attestation must be about: the package id, and each image by the name of its entry and its SHA-256. */
function subjectsOf(manifest: Manifest, packageId: string): Subject[] {
  return [
    { name: `${manifest.name}-${manifest.version}`, digest: { sha256: packageId } },
    ...manifest.images.map(({ name, format, sha256 }) => ({
      name: imageEntryName(name, format),
      digest: { sha256 },
    })),
  ];
}

/** The statement about a package: what its manifest says of where it comes from, and what the builder says of itself. */
export function provenanceStatement(
  manifest: Manifest,
  packageId: string,
  { builderId, buildType = BUILD_TYPE, metadata }: BuilderClaims,
): ProvenanceStatement {
  const { name, version, securityCounter, target } = manifest;
  const resolvedDependencies = dependenciesOf(manifest);
  return {
    _type: STATEMENT_TYPE,
    subject: subjectsOf(manifest, packageId),
    predicateType: PROVENANCE_TYPE,
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: { name, version, securityCounter, product: target.product },
        ...(resolvedDependencies.length === 0 ? {} : { resolvedDependencies }),
      },
      runDetails: { builder: { id: builderId }, ...(metadata === undefined ? {} : { metadata }) },
    },
  };
}

/** The bytes that are signed: compact JSON in the order of the specification, no final newline. */
export function encodeStatement(statement: ProvenanceStatement): Bytes {
  return utf8(JSON.stringify(statement));
}

function dependenciesOf({ provenance = {} }: Manifest): ResourceDescriptor[] {
  const { sourceRepository, sourceRevision, sbom } = provenance;
  const source: ResourceDescriptor = {
    ...(sourceRepository === undefined ? {} : { uri: gitUri(sourceRepository) }),
    ...(sourceRevision !== undefined && isGitRevision(sourceRevision)
      ? { digest: { gitCommit: sourceRevision } }
      : {}),
    // What is no commit of git has no digest; it is passed on as it was said.
    ...(sourceRevision !== undefined && !isGitRevision(sourceRevision)
      ? { annotations: { revision: sourceRevision } }
      : {}),
  };
  return [
    ...(source.uri === undefined && source.digest === undefined ? [] : [{ name: 'source', ...source }]),
    ...(sbom === undefined ? [] : [{ name: 'sbom', digest: { sha256: sbom } }]),
  ];
}

/** A commit of git: 40 digits of SHA-1 or 64 of SHA-256, lower case. */
export function isGitRevision(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** A repository as SPDX and SLSA name it. */
export function gitUri(repository: string): string {
  return repository.startsWith('git+') ? repository : `git+${repository}`;
}

/** What is read of a statement that anybody may have written; everything else in it is passed over, as in-toto demands. */
export interface DecodedStatement {
  type: string;
  predicateType: string;
  subjects: readonly { name?: string; sha256?: string }[];
  /** Of SLSA provenance; absent where they are not there or of another shape. */
  buildType?: string;
  builderId?: string;
  invocationId?: string;
  dependencies: readonly { uri?: string; digests: ReadonlyMap<string, string> }[];
}

/**
 * The parts of an in-toto statement that are judged. Whether its types are those asked for is for the caller to say.
 * Throws `trust.attestation-malformed`: no JSON, a field twice, over the limits, no types, a text that is shown of more
 * than 1024 characters, no subject, a subject without digests, SHA-256 that is not 64 lower-case digits, two subjects of
 * one name and different SHA-256.
 */
export function decodeStatement(bytes: Bytes): DecodedStatement {
  const value = jsonOf(bytes, 'the statement');
  const type = own(value, '_type');
  const predicateType = own(value, 'predicateType');
  if (typeof type !== 'string' || typeof predicateType !== 'string') throw malformed('it is no statement');
  const predicate = own(value, 'predicate');
  const definition = own(predicate, 'buildDefinition');
  const run = own(predicate, 'runDetails');
  const buildType = claimOf(own(definition, 'buildType'));
  const builderId = claimOf(own(own(run, 'builder'), 'id'));
  const invocationId = claimOf(own(own(run, 'metadata'), 'invocationId'));
  return {
    type,
    predicateType,
    subjects: readSubjects(own(value, 'subject')),
    ...(buildType === undefined ? {} : { buildType }),
    ...(builderId === undefined ? {} : { builderId }),
    ...(invocationId === undefined ? {} : { invocationId }),
    dependencies: readDependencies(own(definition, 'resolvedDependencies')),
  };
}

function readSubjects(list: unknown): DecodedStatement['subjects'] {
  if (!Array.isArray(list) || list.length === 0) throw malformed('it has no subject');
  const subjects = list.map((item: unknown) => {
    const digests = digestsOf(own(item, 'digest'));
    const name = own(item, 'name');
    if (digests.size === 0 || (name !== undefined && typeof name !== 'string')) {
      throw malformed('a subject of it is malformed');
    }
    const sha256 = digests.get('sha256');
    if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
      throw malformed('the SHA-256 of a subject is not 64 lower-case hexadecimal digits');
    }
    return { ...(name === undefined ? {} : { name }), ...(sha256 === undefined ? {} : { sha256 }) };
  });
  const byName = new Map<string, string>();
  for (const { name, sha256 } of subjects) {
    // "_" is the name of what has none.
    if (name === undefined || name === '' || name === '_' || sha256 === undefined) continue;
    if ((byName.get(name) ?? sha256) !== sha256)
      throw malformed('two subjects of it have one name and different digests');
    byName.set(name, sha256);
  }
  return subjects;
}

function readDependencies(list: unknown): DecodedStatement['dependencies'] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw malformed('its resolvedDependencies are no list');
  return list.map((item: unknown) => {
    const uri = textOf(own(item, 'uri'));
    return { ...(uri === undefined ? {} : { uri }), digests: digestsOf(own(item, 'digest')) };
  });
}

function digestsOf(value: unknown): Map<string, string> {
  if (value === undefined) return new Map();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('digests of it are malformed');
  }
  const digests = Object.entries(value);
  if (digests.some(([, digest]) => typeof digest !== 'string')) throw malformed('a digest of it is no text');
  return new Map(digests);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A text that reports repeat: as long as one in a manifest may be. */
function claimOf(value: unknown): string | undefined {
  const text = textOf(value);
  if (text !== undefined && text.length > MAX_CLAIM_LENGTH) {
    throw malformed(`one of its claims has more than ${MAX_CLAIM_LENGTH} characters`);
  }
  return text;
}

const MAX_CLAIM_LENGTH = 1024;
