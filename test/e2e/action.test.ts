import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { tempFolder } from '../support/temp.ts';
import { AT, samplePackage, testKey } from '../verify/fixture.ts';
import { expanded, runnerPrograms, runStep, yamlOf } from './ci-support.ts';

const action = await yamlOf('action.yml');
const [install, judge] = action.runs.steps;
const key = await testKey(1);
let folder: string;
let bin: string;

beforeEach(async () => {
  folder = await tempFolder();
  bin = await runnerPrograms(folder);
  await mkdir(join(folder, 'w', 'a b'), { recursive: true });
  await writeFile(join(folder, 'w', 'key.pem'), key.pem);
  const target = { product: 'acme-thermo', hardware: ['A'] };
  const signed = await samplePackage({ keys: [key], manifest: { target } });
  await writeFile(join(folder, 'w', 'a b', 'one.dfupkg'), signed);
  await writeFile(join(folder, 'w', 'a b', '-two.dfupkg'), signed);
  await writeFile(join(folder, 'w', 'unsigned.dfupkg'), await samplePackage());
});

/** Runs the action's judging step with these inputs, in a folder of the packages. */
async function run(inputs: Record<string, string>) {
  const context: Record<string, string> = {};
  for (const [name, { default: value = '' }] of Object.entries<{ default?: string }>(action.inputs)) {
    context[`inputs.${name}`] = value;
  }
  const given = { program: join(bin, 'dfu-verify'), keys: 'key.pem', arguments: `--at\n${AT}`, ...inputs };
  for (const [name, value] of Object.entries(given)) {
    expect(Object.keys(context)).toContain(`inputs.${name}`);
    context[`inputs.${name}`] = value;
  }
  const env = Object.entries<string>(judge.env).map(([name, value]) => [name, expanded(value, context)]);
  const output = join(folder, 'output');
  await writeFile(output, '');
  const ran = runStep(judge.run, join(folder, 'w'), bin, {
    ...Object.fromEntries(env),
    GITHUB_OUTPUT: output,
  });
  return { ...ran, output: await readFile(output, 'utf8') };
}

test('judges what its lines match, and ends as dfu-verify does', async () => {
  const accepted = await run({ packages: 'a b/*.dfupkg\n' });
  expect(accepted).toMatchObject({ status: 0, output: 'exit-code=0\n' });
  expect(accepted.stdout).toContain('2 packages: 2 accepted, 0 not');
  for (const report of ['sarif', 'xml', 'json']) {
    expect(existsSync(join(folder, 'w', `dfu-verify.${report}`))).toBe(true);
  }
  const refused = await run({ packages: 'a b/one.dfupkg\r\nunsigned.dfupkg' });
  expect(refused).toMatchObject({ status: 4, output: 'exit-code=4\n' });
  expect(refused.stdout).toMatch(/^::error file=unsigned.dfupkg,/);
});

test('accepts nothing for want of packages or of trust', async () => {
  expect(await run({ packages: '' })).toMatchObject({ status: 2, output: 'exit-code=2\n' });
  expect(await run({ packages: 'none/*.dfupkg' })).toMatchObject({ status: 2 });
  expect(await run({ packages: 'a b/one.dfupkg', keys: '' })).toMatchObject({ status: 2 });
});

test('every input reaches dfu-verify', async () => {
  const packages = 'a b/one.dfupkg';
  const refusing: [string, string, string][] = [
    ['product', 'acme-pump', 'policy.product'],
    ['installed-version', '9.0.0', 'policy.downgrade'],
    ['installed-counter', '9', 'policy.security-counter'],
    ['require', 'target', 'policy.check-required'],
    ['package-id', 'a'.repeat(64), 'policy.package-id'],
    ['arguments', '--require\ntarget', 'policy.check-required'],
    ['hardware', 'C', 'policy.hardware'],
    ['trust', 'key.pem', 'usage.invalid'],
  ];
  for (const [input, value, code] of refusing) {
    const { stdout, stderr } = await run({ packages, [input]: value });
    expect([input, stdout + stderr]).toEqual([input, expect.stringContaining(`[${code}]`)]);
  }
});

const INJECTIONS = [
  '$(touch pwned)',
  '`touch pwned`',
  '"; touch pwned; "',
  "'; touch pwned; '",
  '\ntouch pwned\n',
  '$(touch$\x7bIFS}pwned)',
  '| touch pwned #',
  '*$(touch pwned)*',
  'x[$(touch pwned)]',
  '$\x7b\x7b runs }} && touch pwned',
  'EOF\ntouch pwned\nEOF',
  '--',
];

describe('runs nothing that an input says:', () => {
  const inputs = Object.keys(action.inputs).filter((name) => name !== 'program');
  test.each(inputs)('%s', async (input) => {
    // All at once in their lines, and so each in one run with the others.
    const { status, stdout, stderr } = await run({
      packages: 'a b/one.dfupkg',
      [input]: INJECTIONS.join('\n'),
    });
    expect(status).not.toBeNull();
    expect(`${stdout}${stderr}`.split('\n').filter((line) => /^\s*::(?!error file=)/.test(line))).toEqual([]);
    expect(
      readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => name === 'w/pwned'),
    ).toEqual([]);
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });
});

test('installs the version that it is of', async () => {
  expect(install.if).toBe("inputs.program == ''");
  await mkdir(join(folder, 'action'), { recursive: true });
  await writeFile(join(folder, 'action', 'package.json'), '{"version":"1.2.3"}');
  const env = { GITHUB_ACTION_PATH: join(folder, 'action'), RUNNER_TEMP: folder };
  const node = join(process.execPath, '..');
  expect(
    runStep(install.run, folder, `${bin}:${node}`, { ...env, NPM_CALLS: join(folder, 'calls') }),
  ).toMatchObject({
    status: 0,
  });
  expect(await readFile(join(folder, 'calls'), 'utf8')).toMatch(
    /^install .*--ignore-scripts.* dfukit@1\.2\.3\n$/,
  );
});
