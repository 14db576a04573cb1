import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/dfu-pack.ts';
import { CI_SYSTEMS, CI_VARIABLES } from '../../src/cli/pack/ci-provenance.ts';
import { testIo } from '../support/io.ts';
import { ABOUT, AT, type Bench, bench, manifestOf } from './dfu-pack-fixture.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const GITHUB = {
  GITHUB_ACTIONS: 'true',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'acme/thermo',
  GITHUB_SHA: COMMIT,
};

let b: Bench;
beforeEach(async () => {
  b = await bench();
});
let packages = 0;

/** Builds with these variables around it. */
async function build(variables: Record<string, string>, ...argv: string[]) {
  const read: string[] = [];
  const output = `p${packages++}`;
  const io = testIo(b.folder);
  const exit = await main(['app.bin', ...ABOUT, ...AT, '-o', output, ...argv], {
    ...io,
    namedVariable: (name) => {
      read.push(name);
      return variables[name];
    },
  });
  const stderr = io.stderr();
  return {
    exit,
    stderr,
    read,
    bytes: () => b.read(output),
    provenance: async () => manifestOf(await b.read(output)).provenance,
  };
}

describe('--provenance', () => {
  const systems: [string, Record<string, string>, string][] = [
    ['GitHub Actions', GITHUB, 'https://github.com/acme/thermo'],
    [
      'GitLab CI',
      { GITLAB_CI: 'true', CI_PROJECT_URL: 'https://gitlab.example.com/acme/thermo', CI_COMMIT_SHA: COMMIT },
      'https://gitlab.example.com/acme/thermo',
    ],
    [
      'Azure Pipelines',
      {
        TF_BUILD: 'True',
        BUILD_REPOSITORY_URI: 'https://acme@dev.azure.com/acme/thermo/_git/thermo',
        BUILD_SOURCEVERSION: COMMIT,
      },
      'https://dev.azure.com/acme/thermo/_git/thermo',
    ],
    [
      'Bitbucket Pipelines',
      {
        BITBUCKET_BUILD_NUMBER: '7',
        BITBUCKET_GIT_HTTP_ORIGIN: 'http://bitbucket.org/acme/thermo',
        BITBUCKET_COMMIT: COMMIT,
      },
      'http://bitbucket.org/acme/thermo',
    ],
    [
      'CircleCI',
      { CIRCLECI: 'true', CIRCLE_REPOSITORY_URL: 'git@github.com:acme/thermo.git', CIRCLE_SHA1: COMMIT },
      'ssh://github.com/acme/thermo.git',
    ],
    [
      'Jenkins',
      {
        JENKINS_URL: 'https://ci.example.com/',
        GIT_URL: 'https://robot:s3cr3t-t0ken@git.example.com:8443/thermo.git',
        GIT_COMMIT: COMMIT,
      },
      'https://git.example.com:8443/thermo.git',
    ],
  ];
  test.each(systems)('takes repository and commit from %s', async (_, variables, sourceRepository) => {
    const built = await build(variables, '--provenance');
    expect([built.exit, await built.provenance()]).toEqual([0, { sourceRepository, sourceRevision: COMMIT }]);
    expect(Buffer.from(await built.bytes()).includes('s3cr3t')).toBe(false);
  });

  test('knows these systems and no other', () => {
    expect(systems.map(([name]) => name)).toEqual(CI_SYSTEMS);
  });

  test('reads variables of the list alone, and none where it was not asked for', async () => {
    const asked = await build(GITHUB, '--provenance');
    expect(asked.read.filter((name) => !(CI_VARIABLES as readonly string[]).includes(name))).toEqual([]);
    const plain = await build(GITHUB);
    expect([plain.read, await plain.provenance()]).toEqual([[], undefined]);
  });

  test('gives the same bytes for the same values, wherever they come from', async () => {
    const said = ['--source-repository', 'https://github.com/acme/thermo', '--source-revision', COMMIT];
    const [fromCi, fromOptions] = [await build(GITHUB, '--provenance'), await build({}, ...said)];
    expect(await fromCi.bytes()).toEqual(await fromOptions.bytes());
  });

  test('yields to options, and needs no variable then', async () => {
    const own = ['--source-repository', 'https://example.com/own'];
    const built = await build(GITHUB, '--provenance', ...own);
    expect(await built.provenance()).toEqual({
      sourceRepository: 'https://example.com/own',
      sourceRevision: COMMIT,
    });
    expect((await build({}, '--provenance', ...own, '--source-revision', COMMIT)).exit).toBe(0);
  });

  test('wins over the recipe, and --print-recipe says so', async () => {
    const recipe =
      'formatVersion: 1\nprovenance:\n  sourceRevision: "old"\n  sourceRepository: https://example.com/r\n';
    await b.write('dfu.yaml', recipe);
    const io = { ...testIo(b.folder, { variables: GITHUB }) };
    await main(['app.bin', '--recipe', 'dfu.yaml', '--provenance', '--print-recipe'], io);
    expect(io.stdout()).toMatch(/sourceRevision: "0123456789abcdef[0-9a-f]*" +# environment/);
  });

  const missing: [string, Record<string, string>][] = [
    ['no CI system', {}],
    ['a system that does not say the commit', { ...GITHUB, GITHUB_SHA: '' }],
    ['a system that does not say the repository', { GITLAB_CI: 'true', CI_COMMIT_SHA: COMMIT }],
    ['two systems at once', { ...GITHUB, GITLAB_CI: 'true' }],
  ];
  test.each(missing)('is an error with %s', async (_, variables) => {
    const built = await build(variables, '--provenance');
    expect([built.exit, built.stderr]).toEqual([2, expect.stringContaining('[pack.provenance-missing]')]);
  });

  const hostile: [string, string, string][] = [
    ['a token in the query', 'https://git.example.com/x?private_token=s3cr3t', 'pack.source-credentials'],
    ['a token in the fragment', 'https://git.example.com/x#s3cr3t', 'pack.source-credentials'],
    ['a password with a slash', 'https://robot:12/s3cr3t@git.example.com/x', 'pack.source-credentials'],
    [
      'a password with a slash, no port',
      'https://robot:s3/s3cr3t@git.example.com/x',
      'pack.source-credentials',
    ],
    ['no URL at all', 's3cr3t s3cr3t', 'pack.source-invalid'],
    ['escape sequences', 'https://git.example.com/\u001b[31m', 'pack.source-invalid'],
    ['a line of its own', 'https://git.example.com/x\n::set-output', 'pack.source-invalid'],
  ];
  test.each(hostile)('never takes over %s, nor shows it', async (_, GIT_URL, code) => {
    const variables = { JENKINS_URL: 'https://ci.example.com/', GIT_URL, GIT_COMMIT: COMMIT };
    const built = await build(variables, '--provenance');
    expect([built.exit, built.stderr]).toEqual([2, expect.stringContaining(`[${code}]`)]);
    expect(built.stderr).not.toMatch(/s3cr3t|\u001b|^::/m);
  });
});

describe('what options say of the source', () => {
  const refused: [string, string[], string][] = [
    ['a user in the URL', ['--source-repository', 'https://s3cr3t@h/x'], 'pack.source-credentials'],
    ['a path for a URL', ['--source-repository', '../thermo'], 'pack.source-invalid'],
    ['a branch for a commit', ['--source-revision', 'main'], 'pack.source-invalid'],
    ['half a commit', ['--source-revision', COMMIT.slice(0, 8)], 'pack.source-invalid'],
    ['a commit in capitals', ['--source-revision', COMMIT.toUpperCase()], 'pack.source-invalid'],
    ['an SBOM that is not there', ['--sbom', 'none.json'], 'input.not-found'],
  ];
  test.each(refused)('is refused: %s', async (_, argv, code) => {
    const built = await build({}, ...argv);
    expect([built.exit, built.stderr]).toEqual([2, expect.stringContaining(`[${code}]`)]);
    expect(built.stderr).not.toContain('s3cr3t');
  });

  test('a recipe brings no password into a manifest either', async () => {
    await b.write('bad.yaml', 'formatVersion: 1\nprovenance:\n  sourceRepository: https://a:s3cr3t@h/x\n');
    const built = await build({}, '--recipe', 'bad.yaml');
    expect([built.exit, built.stderr]).toEqual([2, expect.stringContaining('[pack.source-credentials]')]);
    expect(built.stderr).not.toContain('s3cr3t');
  });

  test('--sbom binds a file by its SHA-256, and never overwrites it', async () => {
    const sbom = '{"bomFormat":"CycloneDX"}';
    await writeFile(join(b.folder, 'sbom.json'), sbom);
    const built = await build({}, '--sbom', 'sbom.json');
    expect(await built.provenance()).toEqual({ sbom: createHash('sha256').update(sbom).digest('hex') });
    await b.refused(
      2,
      'usage.invalid',
      'app.bin',
      ...ABOUT,
      ...AT,
      '--sbom',
      'sbom.json',
      '-o',
      'sbom.json',
      '--force',
    );
  });
});
