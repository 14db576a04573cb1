import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ABOUT, AT, bench, keyIdsOf } from '../cli/dfu-pack-fixture.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The shell blocks of the how-to, in order. */
const HOW_TO = [
  .../## Tokens and key services\n[\s\S]*?\n## /
    .exec(readFileSync(join(ROOT, 'docs/signing.md'), 'utf8'))![0]
    .matchAll(/```sh\n([\s\S]*?)```/g),
].map(([, block]) => block!);

/** Where distributions put SoftHSM's module. */
const MODULE = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/lib/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
].find((file) => existsSync(file));

const PIN = '274950613';

/** A package to be signed, an empty place for tokens, and a shell that finds the built programs. */
async function tokenBench() {
  const b = await bench();
  await b.ok('app.bin', ...ABOUT, ...AT, '-o', 'thermo-1.4.0.dfupkg');
  await mkdir(join(b.folder, 'tokens'));
  await mkdir(join(b.folder, 'bin'));
  for (const name of ['dfu-pack', 'dfu-verify']) {
    const script = `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, 'dist/bin', `${name}.js`)}" "$@"\n`;
    await writeFile(join(b.folder, 'bin', name), script);
    await chmod(join(b.folder, 'bin', name), 0o755);
  }
  const configuration = `directories.tokendir = ${join(b.folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`;
  await b.write('softhsm2.conf', configuration);
  const env = {
    ...process.env,
    PATH: [join(b.folder, 'bin'), process.env.PATH].join(delimiter),
    SOFTHSM2_CONF: join(b.folder, 'softhsm2.conf'),
    TOKEN_PIN: PIN,
    TOKEN_SO_PIN: '98765432',
    module: MODULE,
  };
  return {
    ...b,
    /** Runs lines of the how-to, and answers what was said. */
    shell: (lines: string, changes: Record<string, string> = {}) =>
      spawnSync('bash', ['-euo', 'pipefail', '-c', lines.replace(/^module=.*$/m, '')], {
        cwd: b.folder,
        env: { ...env, ...changes },
        encoding: 'utf8',
        timeout: 25_000,
      }),
  };
}

test('a PKCS#11 token signs, as the how-to says', async () => {
  expect(MODULE, "this test needs SoftHSM's PKCS#11 module: scripts/setup.mjs installs it").toBeDefined();
  const [makeEd, signEd, makeP256, script, signP256, inThreeSteps, ...more] = HOW_TO;
  expect(more).toEqual([]);
  const b = await tokenBench();

  for (const lines of [makeEd!, signEd!]) {
    const { status, stderr } = b.shell(lines);
    expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
  }
  const edKeys = keyIdsOf(await b.read('signed.dfupkg'));
  expect(edKeys).toHaveLength(1);
  expect(await b.read('release.pub.pem')).toHaveLength(113);

  const wrongPin = b.shell(signEd!.replace('signed.dfupkg', 'wrong.dfupkg'), { TOKEN_PIN: '555555' });
  expect(wrongPin.status).toBe(2);
  expect(wrongPin.stderr).toMatch(
    /pkcs11-tool ended with exit code 1: .*CKR_PIN_INCORRECT[\s\S]*\[pack\.signer-failed\]/,
  );
  expect(wrongPin.stderr).not.toContain('555555');

  await b.write('sign-p256.sh', script!);
  for (const lines of [makeP256!, signP256!, inThreeSteps!]) {
    const { status, stderr } = b.shell(lines);
    expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
  }
  const signed = await b.read('signed-p256.dfupkg');
  expect(keyIdsOf(signed)).toEqual(keyIdsOf(await b.read('attached.dfupkg')));
  expect(keyIdsOf(signed)).not.toEqual(edKeys);

  const foreign = b.shell(
    signEd!.replace('-o signed', '-o foreign').replace('release.pub', 'release-p256.pub'),
  );
  expect([foreign.status, foreign.stderr]).toEqual([2, expect.stringContaining('[pack.signer-signature]')]);
  expect(existsSync(join(b.folder, 'foreign.dfupkg'))).toBe(false);
});
