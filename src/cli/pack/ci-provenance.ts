import { DfuError } from '../../core/errors.ts';
import type { RunMetadata } from '../../format/attestation.ts';
import { checkedRevision, repositoryOfCi } from '../../pack/source.ts';
import type { Io } from '../io.ts';

/** Every variable that `--provenance` reads; without it none is read. */
export const CI_VARIABLES = [
  'GITHUB_ACTIONS',
  'GITHUB_SERVER_URL',
  'GITHUB_REPOSITORY',
  'GITHUB_SHA',
  'GITHUB_WORKFLOW_REF',
  'GITHUB_RUN_ID',
  'GITHUB_RUN_ATTEMPT',
  'GITLAB_CI',
  'CI_PROJECT_URL',
  'CI_COMMIT_SHA',
  'CI_RUNNER_ID',
  'CI_JOB_URL',
  'TF_BUILD',
  'BUILD_REPOSITORY_URI',
  'BUILD_SOURCEVERSION',
  'SYSTEM_COLLECTIONURI',
  'SYSTEM_TEAMPROJECT',
  'SYSTEM_DEFINITIONID',
  'BUILD_BUILDID',
  'BITBUCKET_BUILD_NUMBER',
  'BITBUCKET_GIT_HTTP_ORIGIN',
  'BITBUCKET_COMMIT',
  'CIRCLECI',
  'CIRCLE_REPOSITORY_URL',
  'CIRCLE_SHA1',
  'CIRCLE_BUILD_URL',
  'JENKINS_URL',
  'GIT_URL',
  'GIT_COMMIT',
  'BUILD_URL',
] as const;
export type CiVariable = (typeof CI_VARIABLES)[number];

/** A value of the environment, `undefined` where it is absent or empty. */
type Read = (name: CiVariable) => string | undefined;

interface CiSystem {
  readonly name: string;
  /** Set by this system and no other. */
  readonly mark: CiVariable;
  /** Parts that are joined; a variable that is missing makes the whole `undefined`. */
  readonly repository: readonly Part[];
  readonly revision: CiVariable;
  /** Where the system has a name for what runs its builds. */
  readonly builderId?: readonly Part[];
  readonly invocationId?: readonly Part[];
}

/** A variable, or text between variables. */
type Part = CiVariable | { readonly text: string } | { readonly encoded: CiVariable };

const slash = { text: '/' } as const;

const SYSTEMS: readonly CiSystem[] = [
  {
    name: 'GitHub Actions',
    mark: 'GITHUB_ACTIONS',
    repository: ['GITHUB_SERVER_URL', slash, 'GITHUB_REPOSITORY'],
    revision: 'GITHUB_SHA',
    builderId: ['GITHUB_SERVER_URL', slash, 'GITHUB_WORKFLOW_REF'],
    invocationId: [
      'GITHUB_SERVER_URL',
      slash,
      'GITHUB_REPOSITORY',
      { text: '/actions/runs/' },
      'GITHUB_RUN_ID',
      { text: '/attempts/' },
      'GITHUB_RUN_ATTEMPT',
    ],
  },
  {
    name: 'GitLab CI',
    mark: 'GITLAB_CI',
    repository: ['CI_PROJECT_URL'],
    revision: 'CI_COMMIT_SHA',
    builderId: ['CI_PROJECT_URL', { text: '/-/runners/' }, 'CI_RUNNER_ID'],
    invocationId: ['CI_JOB_URL'],
  },
  {
    name: 'Azure Pipelines',
    mark: 'TF_BUILD',
    repository: ['BUILD_REPOSITORY_URI'],
    revision: 'BUILD_SOURCEVERSION',
    builderId: [
      'SYSTEM_COLLECTIONURI',
      { encoded: 'SYSTEM_TEAMPROJECT' },
      { text: '/_build?definitionId=' },
      'SYSTEM_DEFINITIONID',
    ],
    invocationId: [
      'SYSTEM_COLLECTIONURI',
      { encoded: 'SYSTEM_TEAMPROJECT' },
      { text: '/_build/results?buildId=' },
      'BUILD_BUILDID',
    ],
  },
  {
    name: 'Bitbucket Pipelines',
    mark: 'BITBUCKET_BUILD_NUMBER',
    repository: ['BITBUCKET_GIT_HTTP_ORIGIN'],
    revision: 'BITBUCKET_COMMIT',
    invocationId: ['BITBUCKET_GIT_HTTP_ORIGIN', { text: '/pipelines/results/' }, 'BITBUCKET_BUILD_NUMBER'],
  },
  {
    name: 'CircleCI',
    mark: 'CIRCLECI',
    repository: ['CIRCLE_REPOSITORY_URL'],
    revision: 'CIRCLE_SHA1',
    invocationId: ['CIRCLE_BUILD_URL'],
  },
  {
    name: 'Jenkins',
    mark: 'JENKINS_URL',
    repository: ['GIT_URL'],
    revision: 'GIT_COMMIT',
    builderId: ['JENKINS_URL'],
    invocationId: ['BUILD_URL'],
  },
];

/** The names of the systems, for documents and their test. */
export const CI_SYSTEMS = SYSTEMS.map(({ name }) => name);

/**
 * Source repository and revision as the CI system says them: whoever can set its variables can say anything. Only what is
 * `wanted` is read. Throws `pack.provenance-missing`, `pack.source-credentials`, `pack.source-invalid`.
 */
export function sourceOfCi(
  io: Io,
  wanted: { repository: boolean; revision: boolean },
): { sourceRepository?: string; sourceRevision?: string } {
  if (!wanted.repository && !wanted.revision) return {};
  const read = reader(io);
  const system = systemOf(read);
  const { name } = system;
  return {
    ...(wanted.repository && {
      sourceRepository: repositoryOfCi(
        needed(joined(read, system.repository), `${name} does not say the repository`),
        `the repository of ${name}`,
      ),
    }),
    ...(wanted.revision && {
      sourceRevision: checkedRevision(
        needed(read(system.revision), `${name} does not say the commit (${system.revision})`),
        system.revision,
      ),
    }),
  };
}

/** Who builds and which run this is, as the CI system says it, as far as it does. Throws `pack.provenance-missing`. */
export function runOfCi(io: Io): { builderId?: string } & Pick<RunMetadata, 'invocationId'> {
  const read = reader(io);
  const system = systemOf(read);
  const builderId = joined(read, system.builderId);
  const invocationId = joined(read, system.invocationId);
  return {
    ...(builderId === undefined ? {} : { builderId }),
    ...(invocationId === undefined ? {} : { invocationId }),
  };
}

function reader(io: Io): Read {
  return (name) => io.namedVariable(name) || undefined;
}

function systemOf(read: Read): CiSystem {
  const here = SYSTEMS.filter(({ mark }) => read(mark) !== undefined);
  const [system] = here;
  if (system === undefined) {
    throw new DfuError('pack.provenance-missing', 'this is none of the CI systems whose variables are known');
  }
  if (here.length > 1) {
    const names = here.map(({ name }) => name).join(' and ');
    throw new DfuError('pack.provenance-missing', `the environment is that of ${names} at once`);
  }
  return system;
}

function joined(read: Read, parts: readonly Part[] = []): string | undefined {
  const texts = parts.map((part) => {
    if (typeof part === 'string') return read(part);
    if ('text' in part) return part.text;
    const value = read(part.encoded);
    return value === undefined ? undefined : encodeURIComponent(value);
  });
  return texts.length === 0 || texts.includes(undefined) ? undefined : texts.join('');
}

function needed(value: string | undefined, message: string): string {
  if (value === undefined) throw new DfuError('pack.provenance-missing', message);
  return value;
}
