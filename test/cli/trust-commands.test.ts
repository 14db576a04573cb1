import { execFileSync } from 'node:child_process';
import { chmod, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { main as pack } from '../../src/cli/dfu-pack.ts';
import { main as verify } from '../../src/cli/dfu-verify.ts';
import { toBase64 } from '../../src/core/bytes.ts';
import { encodePublicKeyPem, publicKeyDer } from '../../src/crypto/public-key.ts';
import { TRUST_LINT_CURES } from '../../src/verify/trust-lint.ts';
import { testKeyPem, testSigner } from '../pack/fixture.ts';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { tempFolder } from '../support/temp.ts';

const NOW = new Date('2027-01-01T00:00:00Z');
const NAMES = ['release', 'old', 'new', 'stranger'];
const SIGNERS = await Promise.all(NAMES.map((_, i) => testSigner(210 + i)));

/** A trust file with one root key. */
function documentOf(version: number, root: 'old' | 'new', change: object = {}): object {
  const publicKey = (name: string) =>
    toBase64(publicKeyDer(SIGNERS[NAMES.indexOf(name)]?.key as NonNullable<(typeof SIGNERS)[0]>['key']));
  return {
    formatVersion: 1,
    version,
    notAfter: '2028-01-01T00:00:00Z',
    keys: { release: { publicKey: publicKey('release') }, [root]: { publicKey: publicKey(root) } },
    rules: [{ product: 'thermo', signers: ['release'], threshold: 1, minimumVersion: '1.0.0' }],
    trustRole: { signers: [root], threshold: 1 },
    ...change,
  };
}

async function scene() {
  const folder = await tempFolder();
  for (const [i, name] of NAMES.entries()) {
    await writeFile(join(folder, `${name}.pem`), testKeyPem(210 + i), { mode: 0o600 });
    const pem = encodePublicKeyPem(SIGNERS[i]?.key as NonNullable<(typeof SIGNERS)[0]>['key']);
    await writeFile(join(folder, `${name}.pub.pem`), pem);
  }
  await writeFile(join(folder, 'trust.yaml'), stringify(documentOf(1, 'old')));
  await writeFile(join(folder, 'next.yaml'), stringify(documentOf(2, 'new')));
  const run = async (main: typeof pack, line: string) => {
    const io = testIo(folder, { now: NOW });
    const exit = await main(line.split(' '), io);
    return { exit, out: io.stdout(), err: io.stderr() };
  };
  const json = async (main: typeof pack, line: string) => JSON.parse((await run(main, `${line} --json`)).out);
  const read = (name: string) => readFile(join(folder, name));
  return { folder, run, json, read };
}

describe('the next version of a trust file', () => {
  test('is formatted, signed by old and new, and brought in', async () => {
    const { folder, run, json, read } = await scene();
    const formatted = await json(pack, 'trust format next.yaml -o trust-2.json');
    expectValid('pack-report-v1', formatted);
    const signed = await json(pack, 'trust sign trust-2.json --key old.pem --previous trust.yaml');
    expectValid('pack-report-v1', signed);
    expect(signed).toMatchObject({
      output: 'trust-2.json.sig.json',
      warnings: [],
      trustFile: formatted.trustFile,
    });
    expect((await run(verify, 'trust update trust.yaml trust-2.json')).err).toContain(
      '[trust.update-threshold]',
    );
    const second = await run(pack, 'trust sign trust-2.json --key new.pem');
    expect(second).toMatchObject({ exit: 0, out: expect.stringContaining('--previous tells how many') });

    await chmod(join(folder, 'trust.yaml'), 0o640);
    await symlink('trust.yaml', join(folder, 'link'));
    const updated = await json(verify, 'trust update link trust-2.json');
    expectValid('trust-update-v1', updated);
    expect(updated).toMatchObject({ changed: true, from: { version: 1 }, to: { version: 2 } });
    expect(updated.steps).toMatchObject([{ signedByCurrent: ['old'], signedByNext: ['new'] }]);
    expect(await read('trust.yaml')).toEqual(await read('trust-2.json'));
    expect((await stat(join(folder, 'trust.yaml'))).mode & 0o777).toBe(0o640);

    const again = await run(verify, 'trust update trust.yaml trust-2.json');
    expect([again.exit, again.out]).toEqual([0, expect.stringContaining('nothing to do')]);
    await writeFile(
      join(folder, 'other.yaml'),
      stringify(documentOf(2, 'new', { deniedPackages: ['ab'.repeat(32)] })),
    );
    await run(pack, 'trust format other.yaml -o other.json');
    const refused = await run(verify, 'trust update trust.yaml other.json');
    expect([refused.exit, refused.err]).toEqual([
      4,
      expect.stringContaining('other.json: two different trust files'),
    ]);
  });

  test('that is refused leaves the one in hand as it was', async () => {
    const { run, read } = await scene();
    await run(pack, 'trust format next.yaml -o trust-2.json');
    const before = await read('trust.yaml');
    for (const line of [
      'trust-2.json',
      'next.yaml',
      'missing.json',
      'trust-2.json --at 2027-02-30T00:00:00Z',
    ]) {
      expect((await run(verify, `trust update trust.yaml ${line}`)).exit, line).not.toBe(0);
      expect(await read('trust.yaml')).toEqual(before);
    }
    await run(pack, 'trust sign trust-2.json --key old.pem --key new.pem');
    const late = await run(verify, 'trust update trust.yaml trust-2.json --at 2028-01-01T00:00:00Z');
    expect([late.exit, late.err]).toEqual([5, expect.stringContaining('[trust.file-expired]')]);
    expect(await read('trust.yaml')).toEqual(before);
  });

  test('is never undone by another run that goes less far at the same time', async () => {
    const { folder, run, read } = await scene();
    await writeFile(join(folder, 'last.yaml'), stringify(documentOf(3, 'new')));
    await run(pack, 'trust format next.yaml -o trust-2.json');
    await run(pack, 'trust sign trust-2.json --key old.pem --key new.pem');
    await run(pack, 'trust format last.yaml -o trust-3.json');
    await run(pack, 'trust sign trust-3.json --key new.pem');
    const before = await read('trust.yaml');
    for (let round = 0; round < 15; round++) {
      await writeFile(join(folder, 'trust.yaml'), before);
      const [near, far] = await Promise.all([
        run(verify, 'trust update trust.yaml trust-2.json'),
        run(verify, 'trust update trust.yaml trust-2.json trust-3.json'),
      ]);
      expect([0, 2]).toContain(far.exit);
      expect(Math.min(near.exit, far.exit)).toBe(0);
      expect(await read('trust.yaml')).toEqual(await read(far.exit === 0 ? 'trust-3.json' : 'trust-2.json'));
    }
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('waits for nobody: where another run is at it, or was cut off, it is said', async () => {
    const { folder, run, read } = await scene();
    await run(pack, 'trust format next.yaml -o trust-2.json');
    await run(pack, 'trust sign trust-2.json --key old.pem --key new.pem');
    await symlink('trust.yaml', join(folder, 'link'));
    const before = await read('trust.yaml');
    const lock = join(folder, '.trust.yaml.lock');
    await writeFile(lock, '');
    const refused = await run(verify, 'trust update link trust-2.json');
    expect(refused).toMatchObject({ exit: 2, err: expect.stringContaining(`remove ${lock}`) });
    expect(await read('trust.yaml')).toEqual(before);
    await rm(lock);
    expect((await run(verify, 'trust update link trust-2.json')).exit).toBe(0);
  });

  test('is signed by OpenSSL over the tbs bytes, and OpenSSL takes what we signed', async () => {
    const { folder, run, json, read } = await scene();
    await run(pack, 'trust format next.yaml -o trust-2.json');
    expect((await run(pack, 'trust tbs trust-2.json -o tbs')).exit).toBe(0);
    const tbs = await json(pack, 'trust tbs trust-2.json --digest sha256');
    expectValid('pack-report-v1', tbs);
    const { out } = await run(pack, 'trust tbs trust-2.json --hex');
    expect(out).toBe(`${(await read('tbs')).toString('hex')}\n`);
    expect(tbs.message).toBe(out.trim());
    const digest = execFileSync('openssl', ['dgst', '-sha256', '-binary', 'trust-2.json'], { cwd: folder });
    expect((await read('tbs')).toString('latin1')).toBe(
      `DSSEv1 38 application/vnd.dfukit.trust-digest.v1 32 ${digest.toString('latin1')}`,
    );
    const openssl = (...args: string[]) =>
      execFileSync('openssl', ['pkeyutl', '-rawin', '-in', 'tbs', ...args], { cwd: folder, stdio: 'pipe' });
    openssl('-sign', '-inkey', 'old.pem', '-out', 'old.sig');
    const attach = 'trust attach trust-2.json --public-key old.pub.pem --signature old.sig';
    const attached = await json(pack, `${attach} --previous trust.yaml`);
    expectValid('pack-report-v1', attached);
    expect(attached).toMatchObject({ command: 'trust attach', warnings: [] });
    expect((await run(pack, attach)).err).toContain('[pack.already-signed]');

    expect((await run(pack, 'trust sign trust-2.json --key new.pem -o new.sig.json')).exit).toBe(0);
    const [{ signature }] = JSON.parse((await read('new.sig.json')).toString()).signatures;
    await writeFile(join(folder, 'new.sig'), Buffer.from(signature, 'base64'));
    openssl('-verify', '-pubin', '-inkey', 'new.pub.pem', '-sigfile', 'new.sig');
    await run(pack, 'trust attach trust-2.json --public-key new.pub.pem --signature new.sig');
    expect((await run(verify, 'trust update trust.yaml trust-2.json')).exit).toBe(0);
  });

  test('is signed with a warning where the signature counts for nothing', async () => {
    const { run, json } = await scene();
    await run(pack, 'trust format next.yaml -o trust-2.json');
    const alone = await json(pack, 'trust sign trust-2.json --key old.pem -o alone.json');
    expect(alone.warnings).toMatchObject([{ code: 'not-in-trust-role' }]);
    const stranger = await json(
      pack,
      'trust sign trust-2.json --key stranger.pem -o b.json --previous trust.yaml',
    );
    expect(stranger.warnings).toMatchObject([{ code: 'not-in-trust-role' }]);
    expectValid('pack-report-v1', stranger);
  });

  test('is signed with a count of what is there and what it takes, and by whom', async () => {
    const { run } = await scene();
    await run(pack, 'trust format next.yaml -o trust-2.json');
    const first = await run(pack, 'trust sign trust-2.json --key old.pem --previous trust.yaml');
    expect(first.out).toMatch(/^ {2}signed by {3}old, key [0-9a-f]{64}$/m);
    expect(first.out).toContain('  this version: 0 of the 1 signature that its trustRole asks for\n');
    expect(first.out).toContain('  version 1 before it: 1 of the 1 signature that its trustRole asks for\n');
    const stranger = await run(pack, 'trust sign trust-2.json --key stranger.pem --previous trust.yaml');
    expect(stranger.out).toMatch(/^ {2}signed by {3}key [0-9a-f]{64}$/m);
    expect(stranger.out).toContain('  this version: 0 of the 1 signature');
    const second = await run(pack, 'trust sign trust-2.json --key new.pem --previous trust.yaml');
    expect(second.out).toContain('  this version: 1 of the 1 signature');
  });

  test('is not signed beside signatures of an earlier draft, nor over anything else', async () => {
    const { folder, run, read } = await scene();
    await run(pack, 'trust format next.yaml -o trust-2.json');
    await run(pack, 'trust sign trust-2.json --key new.pem');
    await writeFile(
      join(folder, 'next.yaml'),
      stringify(documentOf(2, 'new', { notAfter: '2029-01-01T00:00:00Z' })),
    );
    expect((await run(pack, 'trust format next.yaml -o trust-2.json')).err).toContain('[output.exists]');
    await run(pack, 'trust format next.yaml -o trust-2.json --force');
    const before = await read('trust-2.json.sig.json');
    const refused: [string, string][] = [
      ['trust sign trust-2.json --key old.pem', 'pack.signature-invalid'],
      ['trust attach trust-2.json --public-key old.pub.pem --signature new.pem -o x', 'pack.signature-form'],
      ['trust sign next.yaml --key new.pem', 'trust.file-form'],
      ['trust tbs next.yaml --hex', 'trust.file-form'],
      ['trust tbs trust-2.json', 'usage.invalid'],
      ['trust sign trust-2.json --key new.pem -o trust-2.json', 'usage.invalid'],
      ['trust sign trust-2.json --key new.pem -o new.pem', 'usage.invalid'],
      ['trust sign trust-2.json --key new.pem -o next.yaml', 'trust.signatures-form'],
      ['trust sign trust-2.json', 'usage.invalid'],
    ];
    for (const [line, code] of refused) expect((await run(pack, line)).err, line).toContain(`[${code}]`);
    await writeFile(join(folder, 'wrong.sig'), new Uint8Array(64));
    const wrong = 'trust attach trust-2.json --public-key new.pub.pem --signature wrong.sig -o x';
    expect((await run(pack, wrong)).err).toContain('dfu-pack trust tbs');
    expect(await read('trust-2.json.sig.json')).toEqual(before);
  });
});

describe('dfu-verify trust check', () => {
  test('says what is about to go wrong, and ends with 5 for errors, or with --strict for all', async () => {
    const { folder, run, json } = await scene();
    const good = await run(verify, 'trust check trust.yaml');
    expect([good.exit, good.out]).toEqual([0, expect.stringContaining('nothing to say against it')]);
    const soon = 'trust check trust.yaml --within 365';
    expect(await run(verify, soon)).toMatchObject({
      exit: 0,
      out: expect.stringContaining(`[file-expires-soon]\n    ${TRUST_LINT_CURES['file-expires-soon']}\n`),
    });
    expect((await run(verify, `${soon} --strict`)).exit).toBe(5);
    const late = await json(verify, 'trust check trust.yaml --at 2028-01-01T00:00:00Z');
    expectValid('trust-check-v1', late);
    expect(late).toMatchObject({
      exit: 5,
      findings: [{ code: 'file-expired', severity: 'error', path: 'notAfter' }],
    });
    await writeFile(join(folder, 'bad.yaml'), stringify(documentOf(1, 'old', { rules: [] })));
    expect(await run(verify, 'trust check bad.yaml')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('bad.yaml: rules can not be a list of 0'),
    });
    for (const option of ['--within -1', '--within x', '--at tomorrow']) {
      expect((await run(verify, `trust check trust.yaml ${option}`)).exit).toBe(2);
    }
  });
});
