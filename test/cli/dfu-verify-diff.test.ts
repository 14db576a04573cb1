import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/dfu-verify.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { tempFolder } from '../support/temp.ts';
import { CORPUS_FOLDER, corpus } from '../verify/corpus.ts';
import { SAMPLE_IMAGE, samplePackage } from '../verify/fixture.ts';

const OTHER: Bytes = SAMPLE_IMAGE.map((byte, i) => (i % 20 === 3 ? byte ^ 1 : byte));
let folder: string;

beforeEach(async () => {
  folder = await tempFolder();
  const both = [{ bytes: SAMPLE_IMAGE }, { bytes: OTHER }];
  for (const [name, bytes] of Object.entries({
    old: await samplePackage(),
    new: await samplePackage({ images: [{ bytes: OTHER }] }),
    two: await samplePackage({ images: both }),
    'app.bin': SAMPLE_IMAGE,
  })) {
    await writeFile(join(folder, name), bytes);
  }
});

async function run(...argv: string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  const io = testIo(folder);
  const exit = await main(['diff', ...argv], io);
  return { exit, stdout: io.stdout(), stderr: io.stderr() };
}

describe('the exit code', () => {
  test.each([
    [0, ['old', 'old']],
    [0, ['old', 'new']],
    [0, ['old', 'old', '--exit-code']],
    [5, ['old', 'new', '--exit-code']],
    [5, ['new', 'app.bin', '--exit-code', '--json']],
    [0, ['old', 'app.bin', '--exit-code']],
    [0, ['app.bin', 'two', '--exit-code', '--image', 'application']],
    [5, ['app.bin', 'two', '--exit-code', '--image', 'image1']],
  ])('is %i for %j, and a difference is no error', async (exit, argv) => {
    const result = await run(...argv);
    expect([result.exit, result.stderr]).toEqual([exit, '']);
  });

  test.each([
    ['input.not-found', 2, ['old', 'absent']],
    ['usage.invalid', 2, ['two', 'app.bin']],
    ['usage.invalid', 2, ['old', 'new', '--image', 'application']],
    ['usage.invalid', 2, ['old', 'new', '--page-size', '100']],
    ['usage.invalid', 2, ['old', 'new', '--page-size', '8k']],
    ['usage.invalid', 2, ['old']],
  ])('tells %s', async (code, exit, argv) => {
    const result = await run(...argv, '--exit-code');
    expect([result.exit, result.stdout]).toEqual([exit, '']);
    expect(result.stderr).toContain(`[${code}]`);
  });
});

test('--json is one document, --page-size counts in pages, --all leaves out nothing', async () => {
  const { stdout } = await run('old', 'new', '--page-size', '0x1000', '--json');
  const document = JSON.parse(stdout);
  expectValid('diff-v1', document);
  expect(document).toMatchObject({
    different: true,
    old: { file: 'old', kind: 'package' },
    images: [{ content: { pages: { pageBytes: 4096, count: 1 } } }],
  });
  expect((await run('old', 'new')).stdout).not.toContain('sourceSha256');
  expect((await run('old', 'new', '--all')).stdout).toContain('  sourceSha256: ');
});

test('escape sequences from packages and file names never come out raw', async () => {
  const name = 'a\u001b[2J\u202e.bin';
  await writeFile(join(folder, name), OTHER);
  for (const argv of [
    ['old', name],
    ['old', name, '--json'],
    ['two', name, '--image', '\u001b[31m'],
  ]) {
    const { stdout, stderr } = await run(...argv);
    expect(stdout + stderr).toMatch(/^[\x20-\x7e\n]*$/);
  }
});

test('of hostile packages comes what is wrong with them, or a description, and nothing is ever trusted', async () => {
  for (const hostile of corpus.packages) {
    const io = testIo(CORPUS_FOLDER);
    const exit = await main(['diff', corpus.good, hostile.file, '--json'], io);
    const output = io.stdout() + io.stderr();
    expect(output).toMatch(/^[\x20-\x7e\n]*$/);
    const document = JSON.parse(io.stdout());
    expectValid(exit === 0 ? 'diff-v1' : 'error-v1', document);
    if (exit === 0) expect([hostile.file, document.verified]).toEqual([hostile.file, false]);
    // The same code as when it is judged; what is no package is looked at as the other file that it is.
    else if (hostile.exit === 3 && hostile.code !== 'package.not-a-package') {
      expect([hostile.file, document.error.code]).toEqual([hostile.file, hostile.code]);
    } else expect([2, 3]).toContain(exit);
  }
});
