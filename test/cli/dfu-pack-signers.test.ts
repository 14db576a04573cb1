import { sign } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { main } from '../../src/cli/dfu-pack.ts';
import { encodePublicKeyPem, importRawPublicKey } from '../../src/crypto/public-key.ts';
import { testSigner, verdictOf } from '../pack/fixture.ts';
import { hexBytes } from '../support/ed25519.ts';
import { testIo } from '../support/io.ts';
import { ABOUT, AT, type Bench, bench, keyIdsOf } from './dfu-pack-fixture.ts';
import { lockedKeyPem, writeSignerProgram } from './signing-fixture.ts';

/** A bench with an unsigned package, `p`, and an encrypted key, `locked.key.pem`, whose passphrase is in `pass`. */
async function lockedBench(): Promise<Bench> {
  const b = await bench();
  await b.ok('app.bin', ...ABOUT, ...AT, '-o', 'p');
  await writeFile(join(b.folder, 'pass'), 'let me in\n', { mode: 0o600 });
  await writeFile(join(b.folder, 'locked.key.pem'), lockedKeyPem(3, 'let me in'), { mode: 0o600 });
  return b;
}

async function runWith({ folder }: Bench, variables: Record<string, string>, ...argv: string[]) {
  const io = testIo(folder, { variables });
  return { exit: await main(argv, io), stderr: io.stderr() };
}

const SIGN = ['sign', 'p', '--key', 'locked.key.pem'] as const;

describe('a passphrase', () => {
  test('comes from a file, a descriptor or a named variable, exactly one of them', async () => {
    const b = await lockedBench();
    const descriptor = openSync(join(b.folder, 'pass'), 'r');
    await b.ok(...SIGN, '-o', 'by-file', '--passphrase-file', 'pass');
    await b.ok(...SIGN, '-o', 'by-fd', '--passphrase-fd', String(descriptor));
    closeSync(descriptor);
    const variables = { PASS: 'let me in' };
    expect(await runWith(b, variables, ...SIGN, '-o', 'by-env', '--passphrase-env', 'PASS')).toEqual({
      exit: 0,
      stderr: '',
    });
    expect(await b.read('by-fd')).toEqual(await b.read('by-file'));
    expect(await b.read('by-env')).toEqual(await b.read('by-file'));
    const two = ['--passphrase-file', 'pass', '--passphrase-env', 'PASS'];
    await b.refused(2, 'usage.invalid', ...SIGN, '-o', 'out', ...two);
  });

  test('serves build too, and plain keys beside encrypted ones', async () => {
    const b = await lockedBench();
    const keys = ['--key', 'locked.key.pem', '--key', 'a.pem', '--passphrase-file', 'pass'];
    await b.ok('app.bin', ...ABOUT, ...AT, '-o', 'signed', ...keys);
    expect(keyIdsOf(await b.read('signed'))).toHaveLength(2);
  });

  test('loses one line end of a file and nothing else', async () => {
    const b = await lockedBench();
    const tries: [string, string | undefined][] = [
      ['let me in', undefined],
      ['let me in\n', undefined],
      ['let me in\r\n', undefined],
      ['let me in\n\n', 'trust.signing-key-passphrase'],
      ['let me in ', 'trust.signing-key-passphrase'],
      ['', 'trust.passphrase'],
      ['\n', 'trust.passphrase'],
      ['x'.repeat(1025), 'trust.passphrase'],
      ['x'.repeat(2000), 'input.too-large'],
    ];
    for (const [index, [content, code]] of tries.entries()) {
      await b.write('pass', content);
      const argv = [...SIGN, '-o', `out${index}`, '--passphrase-file', 'pass'];
      if (code === undefined) await b.ok(...argv);
      else await b.refused(2, code, ...argv);
    }
  });

  test('in a variable is taken as it is; one that is not set or empty is an error', async () => {
    const b = await lockedBench();
    const refused = async (name: string, variables: Record<string, string>) => {
      const { exit, stderr } = await runWith(b, variables, ...SIGN, '-o', 'out', '--passphrase-env', name);
      expect(exit).toBe(2);
      return stderr;
    };
    expect(await refused('PASS', {})).toContain('[trust.passphrase]');
    expect(await refused('PASS', { PASS: '' })).toContain('[trust.passphrase]');
    expect(await refused('PASS', { PASS: 'let me in\n' })).toContain('[trust.signing-key-passphrase]');
    const mistaken = await refused('let me in', { PASS: 'let me in' });
    expect(mistaken).toContain('[usage.invalid]');
    expect(mistaken).not.toContain('let me in');
  });

  test('is never read from an output, a folder, or what is not open', async () => {
    const b = await lockedBench();
    for (const [descriptor, code] of [
      ['1', 'usage.invalid'],
      ['2', 'usage.invalid'],
      ['-1', 'usage.invalid'],
      ['60000', 'input.unreadable'],
    ] as const) {
      await b.refused(2, code, ...SIGN, '-o', 'out', '--passphrase-fd', descriptor);
    }
  });

  test('is missed where a key is encrypted, and is told to be idle where none is', async () => {
    const b = await lockedBench();
    await b.refused(2, 'trust.signing-key-encrypted', ...SIGN, '-o', 'out');
    const plain = ['sign', 'p', '--key', 'a.pem', '-o', 'out', '--passphrase-file', 'pass'];
    const { warnings } = await b.json(...plain);
    expect(warnings).toMatchObject([{ code: 'passphrase-unused' }]);
  });

  test('that others can read is warned of', async () => {
    if (process.platform === 'win32') return;
    const b = await lockedBench();
    await chmod(join(b.folder, 'pass'), 0o640);
    const { warnings } = await b.json(...SIGN, '-o', 'out', '--passphrase-file', 'pass');
    expect(warnings).toMatchObject([{ code: 'passphrase-open-to-others' }]);
  });

  test('of keygen is said to be needed', async () => {
    const b = await lockedBench();
    expect(await b.json('keygen', 'k', '--passphrase-file', 'pass')).toMatchObject({ encrypted: true });
    expect(await b.json('keygen', 'l')).toMatchObject({ encrypted: false });
    const { stdout } = await b.ok('keygen', 'm', '--passphrase-file', 'pass');
    expect(stdout).toContain('encrypted');
    await b.write('pass', '');
    await b.refused(2, 'trust.passphrase', 'keygen', 'n', '--passphrase-file', 'pass');
  });
});

describe('--signer', () => {
  const asSigner = (file: string) => ['--signer', process.execPath, '--signer-arg', file];

  test('signs, alone or beside keys, as the key itself would', async () => {
    const b = await lockedBench();
    await writeSignerProgram(b.folder, 'signer.cjs', 1);
    const signer = [...asSigner('signer.cjs'), '--public-key', 'a.pub', '--signer-timeout', '20'];
    await b.ok('sign', 'p', '-o', 'by-signer', ...signer);
    await b.ok('sign', 'p', '-o', 'by-key', '--key', 'a.pem');
    expect(await b.read('by-signer')).toEqual(await b.read('by-key'));
    await b.ok('app.bin', ...ABOUT, ...AT, '-o', 'built', '--key', 'b.pem', ...signer);
    expect(keyIdsOf(await b.read('built'))).toHaveLength(2);
    expect(await verdictOf([await b.read('built')], [await testSigner(1)])).toBe('trusted');
  });

  test('is refused when it signs with another key, and nothing is written', async () => {
    const b = await lockedBench();
    await writeSignerProgram(b.folder, 'signer.cjs', 1);
    const argv = ['sign', 'p', '-o', 'out', ...asSigner('signer.cjs'), '--public-key', 'b.pub'];
    await b.refused(2, 'pack.signer-signature', ...argv);
    await expect(b.read('out')).rejects.toThrow('ENOENT');
  });

  test('with a path is looked for in the folder of the call', async () => {
    const b = await lockedBench();
    const argv = ['sign', 'p', '-o', 'out', '--public-key', 'a.pub', '--signer'];
    await b.refused(2, 'pack.signer-not-started', ...argv, './signer');
    if (process.platform === 'win32') return;
    await b.write('signer', `#!/bin/sh\nexec "${process.execPath}" signer.cjs\n`);
    await b.refused(2, 'pack.signer-not-started', ...argv, './signer');
    await chmod(join(b.folder, 'signer'), 0o755);
    await writeSignerProgram(b.folder, 'signer.cjs', 1);
    await b.ok(...argv, './signer');
    await b.refused(2, 'usage.invalid', ...argv.with(3, 'signer'), './signer', '--force');
  });

  test('ends in time, and by Ctrl-C', async () => {
    const b = await lockedBench();
    await b.write('stuck.cjs', 'setInterval(() => {}, 1000);');
    const argv = ['sign', 'p', '-o', 'out', ...asSigner('stuck.cjs'), '--public-key', 'a.pub'];
    await b.refused(2, 'pack.signer-timeout', ...argv, '--signer-timeout', '1');
    const io = testIo(b.folder);
    let listening = 0;
    const onInterrupt = (fn: () => void) => {
      listening++;
      setImmediate(fn);
      return () => void listening--;
    };
    expect(await main(argv, { ...io, onInterrupt })).toBe(130);
    expect([listening, io.stderr()]).toEqual([0, expect.stringContaining('[run.interrupted]')]);
  });

  test.each([
    ['without a public key', ['--signer', 'x']],
    ['of no name', ['--signer', '', '--public-key', 'a.pub']],
    ['with no time', ['--signer', 'x', '--public-key', 'a.pub', '--signer-timeout', '0']],
    ['left out, with an argument', ['--key', 'a.pem', '--signer-arg', 'x']],
    ['left out, with a public key', ['--key', 'a.pem', '--public-key', 'a.pub']],
    ['left out, with a time', ['--key', 'a.pem', '--signer-timeout', '1']],
  ])('%s is a usage error', async (_, options) => {
    const b = await bench();
    await b.ok('app.bin', ...ABOUT, ...AT, '-o', 'p');
    await b.refused(2, 'usage.invalid', 'sign', 'p', '-o', 'out', ...options);
  });
});

test('nobody signs with a key whose secret is public, unless told to', async () => {
  const b = await lockedBench();
  // RFC 8032, section 7.1, test 1.
  const secret = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
  const der = Buffer.from(`302e020100300506032b657004220420${secret}`, 'hex');
  const pem = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
  await writeFile(join(b.folder, 'rfc.pem'), pem, { mode: 0o600 });
  const key = await importRawPublicKey(
    hexBytes('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'),
  );
  await b.write('rfc.pub', encodePublicKeyPem(key));
  const allowed = ['--allow-test-key', key.keyId];
  await b.refused(4, 'trust.test-key', 'sign', 'p', '--key', 'rfc.pem', '-o', 'out');
  await b.refused(4, 'trust.test-key', 'app.bin', ...ABOUT, ...AT, '--key', 'rfc.pem', '-o', 'out');
  const signer = ['--signer', 'never-started', '--public-key', 'rfc.pub'];
  await b.refused(4, 'trust.test-key', 'sign', 'p', '-o', 'out', ...signer);
  await b.ok('sign', 'p', '--key', 'rfc.pem', '-o', 'out', ...allowed);
  await b.ok('tbs', 'p', '-o', 'message');
  await b.write('signature', sign(null, await b.read('message'), pem));
  const attach = ['attach', 'p', '--public-key', 'rfc.pub', '--signature', 'signature', '-o', 'attached'];
  await b.refused(4, 'trust.test-key', ...attach);
  await b.ok(...attach, ...allowed);
  await b.refused(4, 'trust.test-key', 'sign', 'p', '--key', 'rfc.pem', '-o', 'x', '--allow-test-key', 'x');
});
