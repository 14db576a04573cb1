import { existsSync } from 'node:fs';
import { link, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/dfu-verify.ts';
import { testIo } from '../support/io.ts';
import { tempFolder } from '../support/temp.ts';
import { AT, samplePackage, testKey } from '../verify/fixture.ts';

const key = await testKey(1);
let folder: string;

beforeEach(async () => {
  folder = await tempFolder();
  await writeFile(join(folder, 'key.pem'), key.pem);
  await writeFile(join(folder, 'good'), await samplePackage({ keys: [key] }));
  await writeFile(join(folder, 'unsigned'), await samplePackage());
});

async function run(...argv: string[]) {
  const io = testIo(folder, { now: new Date(AT) });
  const exit = await main([...argv, '--key', 'key.pem'], io);
  return { exit, stdout: io.stdout(), stderr: io.stderr() };
}
const read = (name: string) => readFile(join(folder, name), 'utf8');

describe.each([
  ['check', ['check', 'unsigned']],
  ['extract', ['extract', 'unsigned', '-o', 'out']],
])('%s', (_, argv) => {
  test('writes all reports in one run, whatever the verdict', async () => {
    const { exit } = await run(...argv, '--report', 'r.json', '--sarif', 'r.sarif', '--junit', 'r.xml');
    expect(exit).toBe(4);
    expect(JSON.parse(await read('r.json')).verdict).toBe('unsigned');
    const [{ results, invocations }] = JSON.parse(await read('r.sarif')).runs;
    expect(results[0]).toMatchObject({ ruleId: 'trust.unsigned', level: 'error' });
    expect(invocations[0]).toMatchObject({ exitCode: 4, exitCodeDescription: 'unsigned' });
    expect(await read('r.xml')).toContain('<failure type="trust.unsigned"');
  });

  test('--github prints annotations in front of the usual text', async () => {
    const { stdout } = await run(...argv, '--github');
    expect(stdout).toMatch(
      /^::error file=unsigned,title=[^\n]*\[trust.unsigned\]::[^\n]*\nUNSIGNED: unsigned\n/,
    );
  });

  test('--github goes with --report, not with --json', async () => {
    const refused = await run(...argv, '--github', '--json', '--sarif', 'r.sarif');
    expect(refused.exit).toBe(2);
    expect(refused.stderr).toContain('[usage.invalid]');
    expect(existsSync(join(folder, 'r.sarif'))).toBe(false);
  });
});

test('an accepted package has no annotation, and a SARIF log without results', async () => {
  const { exit, stdout } = await run('good', '--github', '--sarif', 'r.sarif');
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^TRUSTED: good\n/);
  expect(JSON.parse(await read('r.sarif')).runs[0].results).toEqual([]);
});

test('files are named from the folder of the run, however they were called', async () => {
  const { stdout } = await run(join(folder, 'unsigned'), './gone', '--github', '--sarif', 'r.sarif');
  expect(stdout).toContain('::error file=unsigned,');
  expect(stdout).toContain('::error file=gone,');
  const [{ artifacts }] = JSON.parse(await read('r.sarif')).runs;
  const uris = artifacts.map(({ location }: { location: { uri: string } }) => location.uri);
  expect(uris).toEqual(['unsigned', 'gone']);
});

describe('a report takes the place of nothing:', () => {
  test.each([
    ['the package', ['--sarif', 'good']],
    ['the key', ['--junit', 'key.pem']],
    ['the package by a hard link', ['--junit', 'hard']],
    ['another report', ['--sarif', 'r', '--junit', 'r']],
    ['another report by another name', ['--report', 'r', '--junit', './r']],
    ['nothing, by an empty name', ['--sarif', '']],
  ])('%s', async (_, options) => {
    await link(join(folder, 'good'), join(folder, 'hard'));
    const before = await readFile(join(folder, 'good'));
    const { exit, stdout, stderr } = await run('good', ...options);
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toContain('[usage.invalid]');
    expect(await readFile(join(folder, 'good'))).toEqual(before);
    expect(await read('key.pem')).toBe(key.pem);
    expect(existsSync(join(folder, 'r'))).toBe(false);
  });

  test('an extracted image', async () => {
    const { exit } = await run('extract', 'good', '-o', '.', '--junit', 'application.bin');
    expect(exit).toBe(2);
    expect(existsSync(join(folder, 'application.bin'))).toBe(false);
  });
});

test('a report that can not be written hides neither the verdict nor another report', async () => {
  const refused = await run('unsigned', '--sarif', 'no/r.sarif', '--junit', 'r.xml');
  expect(refused.exit).toBe(4);
  expect(refused.stderr).toContain('[output.failed]');
  expect(await read('r.xml')).toContain('<testsuites');
  expect((await run('good', '--sarif', 'no/r.sarif')).exit).toBe(2);
});

test('a file name starts no command of a CI runner, in any output', async () => {
  const name = ' ::set-output name=a::b ##[add-mask]c';
  await writeFile(join(folder, name), await samplePackage());
  for (const form of [['--github'], ['--json'], []]) {
    const { stdout, stderr } = await run(name, `${name}2`, ...form);
    const lines = `${stdout}${stderr}`.split('\n');
    expect(lines.filter((line) => /^\s*::(?!error file=)/.test(line) || /##[a-z]*\[/.test(line))).toEqual([]);
    expect(lines.join('')).toContain('set-output');
  }
});

test.each(['--report', '--sarif', '--junit'])('%s replaces a report, and nothing else', async (option) => {
  const first = await run('good', option, 'r');
  expect(first.exit).toBe(0);
  expect((await run('good', option, 'r')).exit).toBe(0);
  for (const [name, content] of [
    ['other.pem', key.pem],
    ['app.bin', 'firmware'],
  ] as const) {
    await writeFile(join(folder, name), content);
    const { exit, stderr } = await run('good', option, name);
    expect(exit).toBe(2);
    expect(stderr).toContain('there is a file that is no report');
    expect(await read(name)).toBe(content);
  }
});
