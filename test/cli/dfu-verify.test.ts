import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { main } from '../../src/cli/dfu-verify.ts';
import { ERRORS } from '../../src/core/errors.ts';
import { TRUST_LINT } from '../../src/verify/trust-lint.ts';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { tempFolder } from '../support/temp.ts';
import { AT, SAMPLE_IMAGE, type Sample, samplePackage, testKey } from '../verify/fixture.ts';

const key = await testKey(1);
const other = await testKey(2);

interface Run {
  exit: number;
  stdout: string;
  stderr: string;
}

/** Runs dfu-verify in a folder that holds the keys and these packages. */
async function inFolder(packages: Record<string, Sample>): Promise<{
  folder: string;
  run: (...argv: string[]) => Promise<Run>;
}> {
  const folder = await tempFolder();
  await writeFile(join(folder, 'key.pem'), key.pem);
  await writeFile(join(folder, 'other.pem'), other.pem);
  for (const [name, sample] of Object.entries(packages)) {
    await writeFile(join(folder, name), await samplePackage({ keys: [key], ...sample }));
  }
  const run = async (...argv: string[]): Promise<Run> => {
    const io = testIo(folder, { now: new Date(AT) });
    const exit = await main(argv, io);
    return { exit, stdout: io.stdout(), stderr: io.stderr() };
  };
  return { folder, run };
}

const BAD: Sample = { images: [{ bytes: SAMPLE_IMAGE, held: new Uint8Array(32) }] };

describe('check', () => {
  test('is the default command; a good package ends in 0', async () => {
    const { run } = await inFolder({ p: {} });
    for (const argv of [
      ['p', '--key', 'key.pem'],
      ['check', 'p', '--key', 'key.pem'],
      ['--key', 'key.pem', 'p'],
    ]) {
      const { exit, stdout, stderr } = await run(...argv);
      expect([exit, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^TRUSTED: p\n/);
    }
  });

  test('any one of several keys suffices', async () => {
    const { run } = await inFolder({ p: {} });
    expect((await run('p', '--key', 'other.pem', '--key', 'key.pem')).exit).toBe(0);
    expect((await run('p', '--key', 'other.pem')).exit).toBe(4);
  });

  test.each([
    [['p']],
    [['p', '--key', 'key.pem', '--allow-unsigned']],
    [['p', '--key', 'key.pem', '--require', 'everything']],
    [['p', '--key', 'key.pem', '--require', '']],
    [['p', '--key', 'key.pem', '--require', 'target,']],
    [['p', '--key', 'key.pem', '--product', '']],
    [['p', '--key', 'key.pem', '--product', 'a', '--product', 'b']],
    [['p', '--key', 'key.pem', '--at', '2026-01-01T00:00:00Z', '--at', '2026-01-01T00:00:00Z']],
    [['p', '--key', 'key.pem', '--installed-version', '1.2']],
    [['p', '--key', 'key.pem', '--installed-counter', '1e3']],
    [['p', '--key', 'key.pem', '--installed-counter', '4294967296']],
    [['p', '--key', 'key.pem', '--package-id', 'abc']],
    [['p', '--key', 'key.pem', '--at', '2026-06-01']],
    [['p', '--key', 'key.pem', '--at', '2026-02-30T00:00:00Z']],
    [['p', '--key', 'key.pem', '--at', '']],
    [['p', '--key', 'key.pem', '--report', 'p']],
    [['p', '--key', 'key.pem', '--report', '']],
    [['p', '--key', 'key.pem', '--trusted']],
    [['p', '--key', 'missing.pem']],
    [['p', '--key', 'p']],
    [['--key', 'key.pem']],
    [['check']],
  ])('%j is a usage error: nothing is judged', async (argv) => {
    const { run } = await inFolder({ p: {} });
    const { exit, stdout, stderr } = await run(...argv);
    expect(exit).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/\[(usage|input|trust)\.[a-z-]+\]\n$/);
    const json = await run(...argv, '--json');
    expect(json.exit).toBe(2);
    expectValid('error-v1', JSON.parse(json.stdout));
  });

  test('of a version that is none says the nearest that is', async () => {
    const { run } = await inFolder({ p: {} });
    expect((await run('p', '--key', 'key.pem', '--installed-version', 'v1.2')).stderr).toContain('1.2.0');
  });

  test.each([
    [['--product', 'acme-pump'], 'policy.product'],
    [['--hardware', 'C'], 'policy.hardware'],
    [['--installed-version', '1.2.1'], 'policy.downgrade'],
    [['--installed-counter', '0x4'], 'policy.security-counter'],
    [['--require', 'target,version'], 'policy.check-required'],
    [['--require', 'version', '--require', 'counter'], 'policy.check-required'],
    [['--package-id', 'a'.repeat(64)], 'policy.package-id'],
    [['--at', '2027-01-01T00:00:00Z'], 'policy.expired'],
  ])('%j refuses with 5', async (options, code) => {
    const target = { product: 'acme-thermo', hardware: ['A', 'B'] };
    const { run } = await inFolder({ p: { manifest: { target, notAfter: '2027-01-01T00:00:00Z' } } });
    const { exit, stdout } = await run('p', '--key', 'key.pem', ...options);
    expect(exit).toBe(5);
    expect(stdout).toContain(`[${code}]`);
    expect(stdout).toMatch(/^REFUSED: p\n/);
  });

  test('what the operator tells and fits is accepted', async () => {
    const target = { product: 'acme-thermo', hardware: ['A', 'B'] };
    const { run } = await inFolder({ p: { manifest: { target } } });
    const told = ['--product', 'acme-thermo', '--hardware', 'B', '--installed-version', '1.2.0'];
    const all = [...told, '--installed-counter', '3', '--require', 'target,hardware,version,counter'];
    const first = await run('p', '--key', 'key.pem', ...all, '--json');
    expect(first.exit).toBe(0);
    const { packageId } = JSON.parse(first.stdout).packages[0].report;
    expect((await run('p', '--key', 'key.pem', ...all, '--package-id', packageId)).exit).toBe(0);
  });

  test('--allow-downgrade excuses the version', async () => {
    const { run } = await inFolder({ p: {} });
    const options = ['--installed-version', '2.0.0', '--allow-downgrade'];
    const { exit, stdout } = await run('p', '--key', 'key.pem', ...options);
    expect(exit).toBe(0);
    expect(stdout).toContain('Warning: 1.2.0 is older than 2.0.0');
  });

  test('--allow-unsigned accepts with a warning, and refuses a signed package', async () => {
    const { run } = await inFolder({ unsigned: { keys: [] }, signed: {} });
    const accepted = await run('unsigned', '--allow-unsigned');
    expect(accepted.exit).toBe(0);
    expect(accepted.stdout).toContain('Warning: ');
    const json = await run('unsigned', '--allow-unsigned', '--json');
    expect(json.stderr).toContain('warning: ');
    const refused = await run('signed', '--allow-unsigned');
    expect(refused.exit).toBe(4);
    expect(refused.stdout).toContain('[trust.signatures-not-judged]');
    expect((await run('unsigned', '--key', 'key.pem')).exit).toBe(4);
  });

  test.each([
    [['good', 'refused'], 5],
    [['refused', 'unsigned', 'good'], 4],
    [['unsigned', 'corrupt', 'refused'], 3],
    [['corrupt', 'absent', 'good'], 2],
    [['good', 'good'], 0],
  ])('judges all of %j; the exit code is %i', async (files, exit) => {
    const { run } = await inFolder({
      good: {},
      refused: { manifest: { notAfter: '2000-01-01T00:00:00Z' } },
      unsigned: { keys: [] },
      corrupt: BAD,
    });
    const result = await run(...files, '--key', 'key.pem', '--json');
    expect(result.exit).toBe(exit);
    const document = JSON.parse(result.stdout);
    expectValid('verify-report-v1', document);
    expect(document.exit).toBe(exit);
    expect(document.packages.map((one: { file: string }) => one.file)).toEqual(files);
    expect((await run(...files, '--key', 'key.pem')).exit).toBe(exit);
  });

  test('--json is one document, and its verdict is the one that the exit code stands for', async () => {
    const { run } = await inFolder({ good: {}, corrupt: BAD });
    const document = JSON.parse((await run('good', 'corrupt', '--key', 'key.pem', '--json')).stdout);
    expect(document.verdict).toBe('corrupt');
    expect(document.packages[0].report.verdict).toBe('trusted');
    const unread = JSON.parse((await run('good', 'absent', '--key', 'key.pem', '--json')).stdout);
    expect(unread.verdict).toBeUndefined();
    expect(unread.packages[1].error.code).toBe('input.not-found');
  });

  test('--report writes the same document, also of a package that is refused', async () => {
    const { folder, run } = await inFolder({ p: BAD });
    const { exit, stdout } = await run('p', '--key', 'key.pem', '--report', 'r.json');
    expect(exit).toBe(3);
    expect(stdout).toMatch(/^CORRUPT: p\n/);
    const written = readFileSync(join(folder, 'r.json'), 'utf8');
    expectValid('verify-report-v1', JSON.parse(written));
    const again = await run('p', '--key', 'key.pem', '--report', 'r.json', '--json');
    expect(again.stdout).toBe(readFileSync(join(folder, 'r.json'), 'utf8'));
  });

  test.each([
    ['good', 2, 'trusted'],
    ['bad', 3, 'corrupt'],
  ])('a report that can not be written hides no verdict: %s', async (file, exit, verdict) => {
    const { run } = await inFolder({ good: {}, bad: BAD });
    const argv = [file, '--key', 'key.pem', '--report', 'no/r.json'];
    const plain = await run(...argv);
    expect(plain.exit).toBe(exit);
    expect(plain.stdout).toMatch(new RegExp(`^${verdict.toUpperCase()}: ${file}\n`));
    expect(plain.stderr).toMatch(/\[output\.failed\]\n$/);
    const json = await run(...argv, '--json');
    expect(json.exit).toBe(exit);
    expect(JSON.parse(json.stdout).verdict).toBe(verdict);
    expect(json.stderr).toContain('[output.failed]');
  });

  test('names in a package or of a file never reach the terminal raw', async () => {
    const { folder, run } = await inFolder({});
    const name = 'a\u001b[31mb';
    await writeFile(join(folder, name), await samplePackage({ keys: [key] }));
    const { stdout, stderr } = await run(name, '--key', 'key.pem');
    expect(stdout + stderr).not.toContain('\u001b');
    expect(stdout).toContain('\\x1b[31m');
  });

  test('expands * where the shell does not', async () => {
    const { folder } = await inFolder({ 'a.dfupkg': {}, 'b.dfupkg': {}, other: BAD });
    const io = { ...testIo(folder, { now: new Date(AT) }), platform: 'win32' as const };
    expect(await main(['*.dfupkg', '--key', 'key.pem', '--json'], io)).toBe(0);
    expect(JSON.parse(io.stdout()).packages.map((one: { file: string }) => one.file)).toEqual([
      'a.dfupkg',
      'b.dfupkg',
    ]);
    expect(await main(['*.none', '--key', 'key.pem'], io)).toBe(2);
  });
});

describe('inspect', () => {
  test('shows a package without judging it', async () => {
    const { run } = await inFolder({ p: { keys: [other] } });
    const { exit, stdout } = await run('inspect', 'p');
    expect(exit).toBe(0);
    expect(stdout).toContain('NOT VERIFIED');
    expect(stdout).toContain('version: 1.2.0  [not verified]');
    const json = await run('inspect', 'p', '--json');
    expectValid('inspect-report-v1', JSON.parse(json.stdout));
  });

  test('takes no trust option: it never says trusted', async () => {
    const { run } = await inFolder({ p: {} });
    expect((await run('inspect', 'p', '--key', 'key.pem')).exit).toBe(2);
    expect((await run('inspect', 'p')).stdout.toLowerCase()).not.toContain('trusted');
  });

  test('ends with the code of what is not sound', async () => {
    const { folder, run } = await inFolder({ p: {} });
    await writeFile(join(folder, 'cut'), readFileSync(join(folder, 'p')).subarray(0, -1));
    const { exit, stdout } = await run('inspect', 'cut');
    expect(exit).toBe(3);
    expect(stdout).toContain('[package.truncated]');
    expect((await run('inspect', 'absent')).exit).toBe(2);
  });
});

describe('explain', () => {
  test.each(Object.keys(ERRORS))('%s has cause, cure and exit', async (code) => {
    const { run } = await inFolder({});
    const { exit, stdout } = await run('explain', code);
    expect(exit).toBe(0);
    const { title, cure, exit: codeExit } = ERRORS[code as keyof typeof ERRORS];
    for (const part of [title, cure, `Exit:  ${codeExit};`]) expect(stdout).toContain(part);
  });

  test('alone lists every code', async () => {
    const { run } = await inFolder({});
    const { exit, stdout } = await run('explain');
    expect(exit).toBe(0);
    const listed = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0]);
    expect(listed).toEqual(Object.keys(ERRORS).sort());
    const json = JSON.parse((await run('explain', '--json')).stdout);
    expectValid('explain-v1', json);
    expect(json.codes.length).toBe(listed.length);
    expectValid('explain-v1', JSON.parse((await run('explain', 'trust.unsigned', '--json')).stdout));
  });

  test('takes a code as it is printed, and tells what else is printed in its place', async () => {
    const { run } = await inFolder({});
    expect((await run('explain', '[trust.unsigned]')).stdout).toMatch(/^trust\.unsigned\n/);
    for (const finding of Object.keys(TRUST_LINT)) {
      expect((await run('explain', finding)).stderr).toContain('a finding of dfu-verify trust check');
    }
    expect((await run('explain', 'policy.target')).stderr).toContain('the name of a check');
  });

  test('an unknown code is a usage error that names the near ones', async () => {
    const { run } = await inFolder({});
    const { exit, stderr } = await run('explain', 'trust.unsined');
    expect(exit).toBe(2);
    expect(stderr).toContain('trust.unsigned');
    expect(stderr).not.toContain('trust.key-weak');
    expect((await run('explain', 'trust.nothing-of-the-kind')).stderr).toContain('trust.unsigned, ');
    expect((await run('explain', 'constructor')).exit).toBe(2);
  });
});
