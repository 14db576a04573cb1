import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import {
  decodeStatement,
  encodeStatement,
  gitUri,
  isGitRevision,
  type ProvenanceStatement,
  provenanceStatement,
} from '../../src/format/attestation.ts';
import type { Provenance } from '../../src/format/manifest.ts';
import { thrownBy } from '../support/codes.ts';
import { minimalManifest } from '../support/manifest.ts';

const ID = 'ab'.repeat(32);
const COMMIT = 'a1'.repeat(20);
const statementFor = (provenance?: Provenance) =>
  provenanceStatement(minimalManifest(provenance === undefined ? {} : { provenance }), ID, {
    builderId: 'urn:b',
  });

describe('the statement about a package', () => {
  test('names it and each image by digest, and what it was built from and with', () => {
    expect(statementFor()).toStrictEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [
        { name: 'lamp-1.2.3', digest: { sha256: ID } },
        { name: 'images/app.bin', digest: { sha256: '1'.repeat(64) } },
      ],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {
        buildDefinition: {
          buildType: 'urn:dfukit:dfu-pack-build:v1',
          externalParameters: { name: 'lamp', version: '1.2.3', securityCounter: 0, product: 'lamp' },
        },
        runDetails: { builder: { id: 'urn:b' } },
      },
    });
  });

  test.each<[string, Provenance, unknown[] | undefined]>([
    [
      'repository and commit',
      { sourceRepository: 'https://h/a', sourceRevision: COMMIT },
      [{ name: 'source', uri: 'git+https://h/a', digest: { gitCommit: COMMIT } }],
    ],
    ['a commit alone', { sourceRevision: COMMIT }, [{ name: 'source', digest: { gitCommit: COMMIT } }]],
    [
      'a repository alone',
      { sourceRepository: 'git+https://h/a' },
      [{ name: 'source', uri: 'git+https://h/a' }],
    ],
    [
      'a revision that is no commit of git, as it was said',
      { sourceRepository: 'https://h/a', sourceRevision: 'r12' },
      [{ name: 'source', uri: 'git+https://h/a', annotations: { revision: 'r12' } }],
    ],
    ['such a revision of nothing: not at all', { sourceRevision: 'r12' }, undefined],
    ['a parts list', { sbom: '3'.repeat(64) }, [{ name: 'sbom', digest: { sha256: '3'.repeat(64) } }]],
  ])('says of the source: %s', (_, provenance, expected) => {
    const { buildDefinition } = statementFor(provenance).predicate;
    expect(buildDefinition.resolvedDependencies).toStrictEqual(expected);
    expect('resolvedDependencies' in buildDefinition).toBe(expected !== undefined);
  });

  test('carries what the builder says of the run', () => {
    const metadata = { invocationId: 'urn:run:7', startedOn: '2027-01-01T00:00:00Z' };
    const claims = { builderId: 'urn:b', buildType: 'urn:t', metadata };
    const { predicate } = provenanceStatement(minimalManifest(), ID, claims);
    expect(predicate.runDetails).toStrictEqual({ builder: { id: 'urn:b' }, metadata });
    expect(predicate.buildDefinition.buildType).toBe('urn:t');
  });
});

test.each([
  [COMMIT, true],
  ['0'.repeat(64), true],
  ['A1'.repeat(20), false],
  ['a'.repeat(39), false],
  [`${COMMIT}0`, false],
  [`x${COMMIT}`, false],
  ['0'.repeat(65), false],
])('%s is a commit of git: %s', (text, expected) => {
  expect(isGitRevision(text)).toBe(expected);
});

test('a repository has git+ in front once', () => {
  expect([gitUri('https://h/a'), gitUri('git+https://h/a')]).toEqual(['git+https://h/a', 'git+https://h/a']);
});

describe('a statement that anybody wrote', () => {
  const decodeChanged = (change: (statement: ProvenanceStatement) => unknown) => {
    const statement = structuredClone(
      statementFor({ sourceRepository: 'https://h/a', sourceRevision: COMMIT }),
    );
    return decodeStatement(utf8(JSON.stringify(change(statement) ?? statement)));
  };

  test('is read as far as it is judged', () => {
    const read = decodeStatement(
      encodeStatement({
        ...statementFor({ sourceRepository: 'https://h/a', sourceRevision: COMMIT }),
      }),
    );
    expect(read).toStrictEqual({
      type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
      subjects: [
        { name: 'lamp-1.2.3', sha256: ID },
        { name: 'images/app.bin', sha256: '1'.repeat(64) },
      ],
      buildType: 'urn:dfukit:dfu-pack-build:v1',
      builderId: 'urn:b',
      dependencies: [{ uri: 'git+https://h/a', digests: new Map([['gitCommit', COMMIT]]) }],
    });
  });

  test.each<[string, (statement: ProvenanceStatement) => unknown, object]>([
    ['no predicate', (s) => ({ ...s, predicate: undefined }), { dependencies: [] }],
    ['a predicate that is text', (s) => ({ ...s, predicate: 'x' }), { dependencies: [] }],
    [
      'a build type that is a number',
      (s) => void Object.assign(s.predicate.buildDefinition, { buildType: 1 }),
      { builderId: 'urn:b' },
    ],
    [
      'an id of the run',
      (s) => void Object.assign(s.predicate.runDetails, { metadata: { invocationId: 'urn:run:7' } }),
      { invocationId: 'urn:run:7' },
    ],
    [
      'subjects without names, or without SHA-256',
      (s) => ({ ...s, subject: [{ digest: { sha256: ID } }, { name: 'a', digest: { sha512: 'x' } }] }),
      { subjects: [{ sha256: ID }, { name: 'a' }] },
    ],
    [
      'two subjects of no name, or of one content',
      (s) => ({
        ...s,
        subject: ['_', '_', '', '', 'a', 'a'].map((name, i) => ({
          name,
          digest: { sha256: String(i < 4 ? i : 9).repeat(64) },
        })),
      }),
      {},
    ],
    [
      'dependencies without digests, or without a uri',
      (s) => ({
        ...s,
        predicate: {
          buildDefinition: { resolvedDependencies: [{ uri: 'a' }, { digest: { x: 'y' } }, null] },
        },
      }),
      {
        dependencies: [
          { uri: 'a', digests: new Map() },
          { digests: new Map([['x', 'y']]) },
          { digests: new Map() },
        ],
      },
    ],
  ])('may hold %s', (_, change, expected) => {
    const read = decodeChanged(change);
    expect(read).toMatchObject(expected);
    expect(Object.values(read)).not.toContain(undefined);
  });

  const dependencies = (resolvedDependencies: unknown) => (s: ProvenanceStatement) => ({
    ...s,
    predicate: { buildDefinition: { resolvedDependencies } },
  });
  test.each<[string, (statement: ProvenanceStatement) => unknown, string]>([
    ['no type', (s) => ({ ...s, _type: undefined }), 'it is no statement'],
    ['a predicate type that is a number', (s) => ({ ...s, predicateType: 1 }), 'it is no statement'],
    ['no subject', (s) => ({ ...s, subject: undefined }), 'it has no subject'],
    ['an empty list of subjects', (s) => ({ ...s, subject: [] }), 'it has no subject'],
    [
      'a subject without digests',
      (s) => ({ ...s, subject: [{ digest: {} }] }),
      'a subject of it is malformed',
    ],
    [
      'a subject whose name is a number',
      (s) => ({ ...s, subject: [{ name: 1, digest: { sha256: ID } }] }),
      'a subject of it is malformed',
    ],
    [
      'digests that are a list',
      (s) => ({ ...s, subject: [{ digest: [ID] }] }),
      'digests of it are malformed',
    ],
    ['digests that are null', (s) => ({ ...s, subject: [{ digest: null }] }), 'digests of it are malformed'],
    [
      'a digest that is a number',
      (s) => ({ ...s, subject: [{ digest: { x: 1 } }] }),
      'a digest of it is no text',
    ],
    [
      'one digest of several that is a number',
      (s) => ({ ...s, subject: [{ digest: { sha256: ID, x: 1 } }] }),
      'a digest of it is no text',
    ],
    ...[ID.slice(1), `${ID}0`, `0${ID.slice(1)}g`, ID.toUpperCase()].map(
      (sha256): [string, (statement: ProvenanceStatement) => unknown, string] => [
        `a SHA-256 of ${sha256}`,
        (s) => ({ ...s, subject: [{ digest: { sha256 } }] }),
        'is not 64 lower-case hexadecimal digits',
      ],
    ),
    [
      'two contents of one name',
      (s) => ({ ...s, subject: [1, 2].map((n) => ({ name: 'a', digest: { sha256: `${n}`.repeat(64) } })) }),
      'two subjects of it have one name and different digests',
    ],
    ['dependencies that are no list', dependencies({}), 'its resolvedDependencies are no list'],
    [
      'a dependency with a digest that is none',
      dependencies([{ digest: 'x' }]),
      'digests of it are malformed',
    ],
  ])('is refused with %s', async (_, change, message) => {
    const error = await thrownBy(() => decodeChanged(change));
    expect(error.code).toBe('trust.attestation-malformed');
    expect(error.message).toContain(message);
  });
});
