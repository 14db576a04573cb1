import { createPrivateKey, createPublicKey } from 'node:crypto';
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex, utf8 } from '../../src/core/bytes.ts';
import { verifyEd25519 } from '../../src/crypto/ed25519.ts';
import { decodePublicKeyPem, publicKeyDer } from '../../src/crypto/public-key.ts';
import {
  decodePrivateKeyPem,
  generateKeyPair,
  readPrivateKeyFile,
  writeKeyPair,
} from '../../src/node/keys.ts';
import { thrownBy } from '../support/codes.ts';
import { judge } from '../support/judge.ts';
import { tempFolder } from '../support/temp.ts';

/** RFC 8032, section 7.1, test 2: seed, public key, message and signature. */
const RFC = {
  seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
  key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  message: '72',
  signature:
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
};

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

const bytes = (hex: string) => fromHex(hex)!;
const rfcPem = pem('PRIVATE KEY', bytes(`302e020100300506032b657004220420${RFC.seed}`));

/** What OpenSSL writes for these arguments; fails the test when it refuses. */
function openssl(...args: string[]): Buffer {
  const { status, stdout, stderr } = judge('openssl', args);
  expect(status, stderr).toBe(0);
  return stdout;
}

describe('private keys', () => {
  test('sign as RFC 8032 says, the same each time', async () => {
    const signer = await decodePrivateKeyPem(rfcPem);
    expect(toHex(signer.key.raw)).toBe(RFC.key);
    expect(toHex(await signer.sign(bytes(RFC.message)))).toBe(RFC.signature);
    expect(toHex(await signer.sign(bytes(RFC.message)))).toBe(RFC.signature);
  });

  test('are read as OpenSSL makes them, and have the public key that OpenSSL computes', async () => {
    const folder = await tempFolder();
    const path = join(folder, 'key.pem');
    openssl('genpkey', '-algorithm', 'ed25519', '-out', path);
    const { signer } = await readPrivateKeyFile(path);
    const der = openssl('pkey', '-in', path, '-pubout', '-outform', 'DER');
    expect(toHex(publicKeyDer(signer.key))).toBe(der.toString('hex'));
  });

  test('with a public half inside (RFC 5958, version 2) are read as OpenSSL reads them', async () => {
    const v2 = `3051020101300506032b657004220420${RFC.seed}812100${RFC.key}`;
    const path = join(await tempFolder(), 'v2.pem');
    await writeFile(path, pem('PRIVATE KEY', bytes(v2)));
    const readable = judge('openssl', ['pkey', '-in', path, '-noout']).status === 0;
    const read = await decodePrivateKeyPem(await readFile(path, 'utf8')).then(
      ({ key }) => toHex(key.raw),
      (error: { code: string }) => error.code,
    );
    expect(read).toBe(readable ? RFC.key : 'trust.signing-key-malformed');
  });

  test('may have CR LF line ends and space around', async () => {
    const { key } = await decodePrivateKeyPem(`\r\n${rfcPem.replaceAll('\n', '\r\n')}\r\n`);
    expect(toHex(key.raw)).toBe(RFC.key);
  });

  test('of other algorithms are refused by name', async () => {
    const folder = await tempFolder();
    const cases = [
      ['RSA', ['genpkey', '-algorithm', 'rsa', '-pkeyopt', 'rsa_keygen_bits:1024'], /\brsa\b/],
      ['EC', ['genpkey', '-algorithm', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], /\bec\b/],
      ['EC, old form', ['ecparam', '-name', 'prime256v1', '-genkey'], /\bEC\b/],
      ['Ed448', ['genpkey', '-algorithm', 'ed448'], /\bed448\b/],
      ['X25519', ['genpkey', '-algorithm', 'x25519'], /\bx25519\b/],
    ] as const;
    for (const [name, args, pattern] of cases) {
      const path = join(folder, `${name}.pem`);
      openssl(...args, '-out', path);
      const error = await thrownBy(() => readPrivateKeyFile(path));
      expect([name, error.code]).toEqual([name, 'trust.signing-key-algorithm']);
      expect(error.message).toMatch(pattern);
    }
    const ssh = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n';
    expect((await thrownBy(() => decodePrivateKeyPem(ssh))).message).toContain('OpenSSH');
  });

  test('are not public keys or certificates', async () => {
    const { publicPem } = await generateKeyPair();
    expect((await thrownBy(() => decodePrivateKeyPem(publicPem))).code).toBe('trust.key-public');
    const certificate = pem('CERTIFICATE', bytes('3000'));
    expect((await thrownBy(() => decodePrivateKeyPem(certificate))).code).toBe('trust.key-public');
  });

  test('given where a public one is wanted are refused by name', async () => {
    expect((await thrownBy(() => decodePublicKeyPem(rfcPem))).code).toBe('trust.key-private');
  });

  test.each([
    ['nothing', ''],
    ['no PEM', 'hello'],
    ['DER', String.fromCharCode(0x30, 0x2e, 2, 1, 0)],
    ['two blocks', rfcPem + rfcPem],
    ['text before', `key:\n${rfcPem}`],
    ['text after', `${rfcPem}thanks\n`],
    ['damaged base64', rfcPem.replace('MC4', 'MC*')],
    ['stray padding', rfcPem.replace('\n-----END', '====\n-----END')],
    ['cut short', rfcPem.slice(0, 60)],
    ['DER cut short', pem('PRIVATE KEY', bytes(`302e020100300506032b657004220420${RFC.seed.slice(2)}`))],
    ['an unknown block', pem('SECRET', bytes(RFC.seed))],
  ])('in a file with %s are refused', async (_, text) => {
    const error = await thrownBy(() => decodePrivateKeyPem(text, 'k.pem'));
    expect(error.code).toBe('trust.signing-key-malformed');
    expect(error.message).not.toContain(RFC.seed.slice(0, 8));
  });
});

describe('a private key file of any content', () => {
  const der = fc.oneof(
    fc.uint8Array({ maxLength: 120 }),
    // One byte of a good one changed, or the length of what follows.
    fc
      .tuple(fc.nat(47), fc.nat(255), fc.uint8Array({ maxLength: 4 }))
      .map(([at, value, tail]) =>
        Uint8Array.from([...bytes(`302e020100300506032b657004220420${RFC.seed}`).with(at, value), ...tail]),
      ),
  );
  const label = fc.constantFrom('PRIVATE KEY', 'PUBLIC KEY', 'ENCRYPTED PRIVATE KEY', 'EC PRIVATE KEY', 'X');
  const spliced = fc
    .tuple(fc.nat(rfcPem.length), fc.nat(8), fc.string({ unit: 'binary', maxLength: 8 }))
    .map(([at, cut, text]) => rfcPem.slice(0, at) + text + rfcPem.slice(at + cut));
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.tuple(label, der).map(([name, content]) => pem(name, content)),
    der.map((content) => pem('PRIVATE KEY', content)),
    spliced,
  );

  test('is a key that signs or a refusal, which tells nothing of it', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (content) => {
        const read = await decodePrivateKeyPem(content, 'k.pem').catch(async (error: unknown) => {
          const { code, message } = await thrownBy(() => Promise.reject(error));
          expect(code).toMatch(/^trust\.(signing-key-|key-public)/);
          return message;
        });
        if (typeof read === 'string') {
          expect(read).not.toContain(RFC.seed.slice(0, 8));
          return;
        }
        const message = utf8('a message');
        expect(await verifyEd25519(read.key, message, await read.sign(message))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('that is one is read back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (seed) => {
        const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
        const { key } = await decodePrivateKeyPem(pem('PRIVATE KEY', der));
        const judged = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
        expect(Buffer.from(publicKeyDer(key))).toEqual(judged.export({ format: 'der', type: 'spki' }));
      }),
    );
  });
});

describe('a new key pair', () => {
  test('is read by OpenSSL, and what each signs the other verifies', async () => {
    const folder = await tempFolder();
    const paths = { key: join(folder, 'k.key.pem'), pub: join(folder, 'k.pub.pem') };
    await writeKeyPair(await generateKeyPair(), paths.key, paths.pub);
    const message = utf8('a message');
    await writeFile(join(folder, 'message'), message);
    expect(openssl('pkey', '-in', paths.key, '-pubout').toString()).toBe(await readFile(paths.pub, 'utf8'));

    const { signer } = await readPrivateKeyFile(paths.key);
    await writeFile(join(folder, 'ours'), await signer.sign(message));
    const said = judge(
      'openssl',
      ['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', paths.pub, '-sigfile', 'ours', '-in', 'message'],
      { cwd: folder },
    );
    expect([said.status, said.stderr]).toEqual([0, '']);

    const theirs = judge('openssl', ['pkeyutl', '-sign', '-rawin', '-inkey', paths.key, '-in', 'message'], {
      cwd: folder,
    }).stdout;
    const key = await decodePublicKeyPem(await readFile(paths.pub, 'utf8'));
    expect(await verifyEd25519(key, message, new Uint8Array(theirs))).toBe(true);
  });

  test('is another each time', async () => {
    const [a, b] = [await generateKeyPair(), await generateKeyPair()];
    expect(a.key.keyId).not.toBe(b.key.keyId);
    expect(a.privatePem).not.toBe(b.privatePem);
  });

  test('has a private file for its owner alone, whatever the umask', async () => {
    const folder = await tempFolder();
    const path = join(folder, 'k');
    const umask = process.umask(0);
    try {
      await writeKeyPair(await generateKeyPair(), path, join(folder, 'p'));
    } finally {
      process.umask(umask);
    }
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readPrivateKeyFile(path)).openToOthers).toBe(false);
    await chmod(path, 0o640);
    expect((await readPrivateKeyFile(path)).openToOthers).toBe(true);
  });

  test.each(['k', 'p'])('never replaces what is there (%s), and then leaves nothing', async (taken) => {
    const folder = await tempFolder();
    await writeFile(join(folder, taken), 'precious');
    const pair = await generateKeyPair();
    const error = await thrownBy(() => writeKeyPair(pair, join(folder, 'k'), join(folder, 'p')));
    expect(error.code).toBe('output.exists');
    expect(await readdir(folder)).toEqual([taken]);
    expect(await readFile(join(folder, taken), 'utf8')).toBe('precious');
  });

  test.each(['k', 'p'])('does not follow a link that leads nowhere (%s)', async (taken) => {
    const folder = await tempFolder();
    await symlink(join(folder, 'elsewhere'), join(folder, taken));
    const pair = await generateKeyPair();
    const error = await thrownBy(() => writeKeyPair(pair, join(folder, 'k'), join(folder, 'p')));
    expect(error.code).toBe('output.exists');
    expect(await readdir(folder)).toEqual([taken]);
  });
});
