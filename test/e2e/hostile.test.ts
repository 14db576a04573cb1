import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { VerifyReport } from '../../src/verify/report.ts';
import { CORPUS_FOLDER, corpus, programOptions } from '../verify/corpus.ts';

const built = (name: string) => fileURLToPath(new URL(`../../dist/bin/${name}.js`, import.meta.url));

/** Runs a program as it is published, in the folder of the corpus, at the corpus's time. */
function run(
  name: string,
  args: readonly string[],
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [built(name), ...args], {
    cwd: CORPUS_FOLDER,
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    timeout: 60_000,
  });
}

const byKey = ['--key', corpus.trusted];
const byP256Key = ['--key', corpus.trustedP256];
const judgedBy = (key: readonly string[]) =>
  corpus.packages.filter((hostile) => programOptions(hostile).join() === key.join());
const plain = judgedBy(byKey);
const others = corpus.packages.filter((hostile) => ![...plain, ...judgedBy(byP256Key)].includes(hostile));

describe('the built dfu-verify', () => {
  test.each([
    { key: byKey, good: corpus.good, exit: 3 },
    { key: byP256Key, good: corpus.goodBoth, exit: 4 },
  ])('refuses the corpus, and accepts the good package, in one call: $key', ({ key, good, exit }) => {
    const hostile = judgedBy(key);
    const files = [...hostile.map(({ file }) => file), good];
    const { status, stdout } = run('dfu-verify', [...files, ...key, '--at', corpus.at, '--json']);
    expect(status).toBe(exit);
    const reports: VerifyReport[] = JSON.parse(stdout).packages.map(
      ({ report }: { report: VerifyReport }) => report,
    );
    expect(reports.map(({ verdict, code }) => [verdict, code])).toEqual([
      ...hostile.map(({ verdict, code }) => [verdict, code]),
      ['trusted', undefined],
    ]);
  });

  test.each(others)('refuses $file with $code', (hostile) => {
    const { status, stdout } = run('dfu-verify', [
      hostile.file,
      ...programOptions(hostile),
      '--at',
      corpus.at,
    ]);
    expect(status).toBe(hostile.exit);
    expect(stdout).toContain(`[${hostile.code}]`);
  });

  test('refuses to trust a weak key', () => {
    const weak = corpus.keys.find(({ code }) => code === 'trust.key-weak')?.file ?? '';
    expect(run('dfu-verify', [corpus.good, '--key', weak]).status).toBe(2);
  });
});

test('the built dfu-flash refuses before it looks for a port', () => {
  for (const verdict of ['malformed', 'corrupt', 'untrusted']) {
    const hostile = plain.find((one) => one.verdict === verdict);
    expect(hostile).toBeDefined();
    const args = [hostile?.file ?? '', ...byKey, '--port', 'tcp://127.0.0.1:1'];
    expect([verdict, run('dfu-flash', args).status]).toEqual([verdict, hostile?.exit]);
  }
});
