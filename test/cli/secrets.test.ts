import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fromBase64, toBase64, toHex } from '../../src/core/bytes.ts';
import { publicKeyDer } from '../../src/crypto/public-key.ts';
import type { TrustFileDocument } from '../../src/format/trust-file.ts';
import { testKeyPem, testSigner } from '../pack/fixture.ts';
import { testIo } from '../support/io.ts';
import { tempFolder } from '../support/temp.ts';
import { ABOUT, AT, bench } from './dfu-pack-fixture.ts';
import { PROGRAMS, type ProgramName } from './help.ts';
import { lockedKeyPem, writeSignerProgram } from './signing-fixture.ts';

/** A command that could tell a secret. To cover another command, add its good and its failing ways here. */
interface Row {
  program?: ProgramName;
  argv: readonly string[];
  exit: number;
  /** New files that hold a private key, and nothing but that. */
  keys?: readonly string[];
}

const PASSPHRASE = 'Tr0ub4dor-and-3';
const WRONG = 'wr0ng-passphrase-of-mine';
const PIN = 'pin-58310042';
const PLAIN = testKeyPem(1);
const LOCKED = lockedKeyPem(3, PASSPHRASE);
const VARIABLES = { PASS: PASSPHRASE, WRONG };

/*
 * In the folder of each row: app.bin; p (unsigned), s (signed by a); a.pem, b.pem (private), a.pub, b.pub;
 * locked.pem (encrypted), pass and wrong (files of passphrases); cut.pem (a damaged private key); signer.cjs (signs by a),
 * failing.cjs (one that fails); t.json (a trust file that the encrypted key may sign).
 */
const KEY_A = ['--key', 'a.pem'] as const;
const LOCK = ['--key', 'locked.pem'] as const;
const BUILD = ['app.bin', ...ABOUT, ...AT, '-o', 'out'] as const;
const SIGN = ['sign', 'p', '-o', 'out'] as const;
const PROGRAM = ['--public-key', 'a.pub', '--signer', process.execPath, '--signer-arg'] as const;

const BUILDER = ['--builder-id', 'https://ci.example.com/release'] as const;

const ROWS: Record<string, Row> = {
  'build, signed': { argv: [...BUILD, ...KEY_A, ...LOCK, '--passphrase-env', 'PASS'], exit: 0 },
  'build --json': { argv: [...BUILD, ...KEY_A, '--json'], exit: 0 },
  'build --print-recipe': { argv: [...BUILD, ...KEY_A, '--print-recipe', '--json'], exit: 0 },
  'build that fails': { argv: ['app.bin', ...KEY_A, ...LOCK, '--passphrase-file', 'pass'], exit: 2 },
  'build of a key as the recipe': { argv: [...BUILD, '--recipe', 'a.pem'], exit: 2 },
  sign: { argv: [...SIGN, ...KEY_A], exit: 0 },
  'sign, encrypted': { argv: [...SIGN, ...LOCK, '--passphrase-file', 'pass', '--json'], exit: 0 },
  'sign by a program': { argv: [...SIGN, ...PROGRAM, 'signer.cjs', '--signer-arg', PIN], exit: 0 },
  'sign by a program that fails': {
    argv: [...SIGN, ...PROGRAM, 'failing.cjs', '--signer-arg', PIN],
    exit: 2,
  },
  'sign by a program that is not there': {
    argv: [...SIGN, '--public-key', 'a.pub', '--signer', 'no-such-signer', '--signer-arg', PIN, '--json'],
    exit: 2,
  },
  'sign with a wrong passphrase': {
    argv: [...SIGN, ...LOCK, '--passphrase-env', 'WRONG', '--json'],
    exit: 2,
  },
  'sign with a wrong passphrase from a file': {
    argv: [...SIGN, ...LOCK, '--passphrase-file', 'wrong'],
    exit: 2,
  },
  'sign without the passphrase': { argv: [...SIGN, ...LOCK, '--json'], exit: 2 },
  'sign, the passphrase as the name of a variable': {
    argv: [...SIGN, ...LOCK, '--passphrase-env', PASSPHRASE],
    exit: 2,
  },
  'sign, the passphrase as the name of a file': {
    argv: [...SIGN, ...LOCK, '--passphrase-file', PASSPHRASE, '--json'],
    exit: 2,
  },
  'sign, the passphrase as a descriptor': {
    argv: [...SIGN, ...LOCK, '--passphrase-fd', PASSPHRASE],
    exit: 2,
  },
  'sign, a key as the passphrase': { argv: [...SIGN, ...LOCK, '--passphrase-file', 'a.pem'], exit: 2 },
  'sign, a key as the public key': {
    argv: [...SIGN, '--public-key', 'a.pem', '--signer', 'x', '--json'],
    exit: 2,
  },
  'sign, a key as the package': { argv: ['sign', 'a.pem', '-o', 'out', ...KEY_A, '--json'], exit: 3 },
  'sign, the key itself as its name': { argv: [...SIGN, '--key', PLAIN, '--json'], exit: 2 },
  'sign, the body of the key as its name': { argv: [...SIGN, '--key', PLAIN.split('\n')[1]!], exit: 2 },
  'sign, the encrypted key as its name': { argv: [...SIGN, '--key', LOCKED.split('\n')[1]!], exit: 2 },
  'sign with a damaged key': { argv: [...SIGN, '--key', 'cut.pem', '--json'], exit: 2 },
  'sign over a key': { argv: ['sign', 'p', ...KEY_A, '-o', 'a.pem', '--force'], exit: 2 },
  tbs: { argv: ['tbs', 'p', '-o', 'out'], exit: 0 },
  'tbs of a key': { argv: ['tbs', 'a.pem', '--hex'], exit: 3 },
  'attach, a key as the signature': {
    argv: ['attach', 'p', '-o', 'out', '--public-key', 'a.pub', '--signature', 'a.pem'],
    exit: 2,
  },
  'attach, a key as the public key': {
    argv: ['attach', 'p', '-o', 'out', '--public-key', 'a.pem', '--signature', 'a.pub', '--json'],
    exit: 2,
  },
  keygen: { argv: ['keygen', 'new', '--json'], exit: 0, keys: ['new.key.pem'] },
  'keygen, encrypted': {
    argv: ['keygen', 'new', '--passphrase-env', 'PASS'],
    exit: 0,
    keys: ['new.key.pem'],
  },
  'keygen where a file is': { argv: ['keygen', 'taken', '--json'], exit: 2 },
  attest: { argv: ['attest', 's', '-o', 'out', ...BUILDER, ...LOCK, '--passphrase-env', 'PASS'], exit: 0 },
  'attest by a program that fails': {
    argv: ['attest', 's', '-o', 'out', ...BUILDER, ...PROGRAM, 'failing.cjs', '--signer-arg', PIN, '--json'],
    exit: 2,
  },
  'attest with a wrong passphrase': {
    argv: ['attest', 's', '-o', 'out', ...BUILDER, ...LOCK, '--passphrase-file', 'wrong'],
    exit: 2,
  },
  'trust sign': { argv: ['trust', 'sign', 't.json', ...LOCK, '--passphrase-env', 'PASS'], exit: 0 },
  'trust sign with a wrong passphrase': {
    argv: ['trust', 'sign', 't.json', ...LOCK, '--passphrase-env', 'WRONG', '--json'],
    exit: 2,
  },
  'trust sign by a program that fails': {
    argv: ['trust', 'sign', 't.json', ...PROGRAM, 'failing.cjs', '--signer-arg', PIN, '--json'],
    exit: 2,
  },
  'trust format of a key': { argv: ['trust', 'format', 'a.pem', '-o', 'out', '--json'], exit: 2 },
  'verify by a private key as trust': {
    program: 'dfu-verify',
    argv: ['s', '--trust', 'a.pem', '--json'],
    exit: 2,
  },
  'verify by a private key': { program: 'dfu-verify', argv: ['s', ...KEY_A, '--json'], exit: 2 },
  'verify by the key itself': { program: 'dfu-verify', argv: ['s', '--key', PLAIN], exit: 2 },
  'verify a key': { program: 'dfu-verify', argv: ['a.pem', '--key', 'a.pub', '--json'], exit: 3 },
  'inspect a key': { program: 'dfu-verify', argv: ['inspect', 'a.pem', '--json'], exit: 0 },
  'flash by a private key': { program: 'dfu-flash', argv: ['s', ...KEY_A, '--port', 'x'], exit: 2 },
};

/** What is in the folder of each row; made once. */
let contents: Map<string, Uint8Array> | undefined;

async function secretFolder(): Promise<string> {
  contents ??= await makeContents();
  const folder = await tempFolder();
  for (const [name, content] of contents) await writeFile(join(folder, name), content, { mode: 0o600 });
  return folder;
}

async function makeContents(): Promise<Map<string, Uint8Array>> {
  const b = await bench();
  await b.ok('app.bin', ...ABOUT, ...AT, '-o', 'p');
  await b.ok('sign', 'p', ...KEY_A, '-o', 's');
  await b.write('locked.pem', LOCKED);
  await b.write('pass', `${PASSPHRASE}\n`);
  await b.write('wrong', WRONG);
  await b.write('cut.pem', PLAIN.replace('MC4', 'MC*'));
  await b.write('taken.pub.pem', '');
  await writeSignerProgram(b.folder, 'signer.cjs', 1);
  await b.write('failing.cjs', 'process.exit(1)');
  await b.write('t.yaml', JSON.stringify(await trustFile()));
  await b.ok('trust', 'format', 't.yaml', '-o', 't.json');
  const names = await readdir(b.folder);
  return new Map(await Promise.all(names.map(async (name) => [name, await b.read(name)] as const)));
}

/** A: packages; the encrypted one: trust files. */
async function trustFile(): Promise<TrustFileDocument> {
  const publicKey = async (seed: number) => toBase64(publicKeyDer((await testSigner(seed)).key));
  return {
    formatVersion: 1,
    version: 1,
    notAfter: '2099-01-01T00:00:00Z',
    keys: { release: { publicKey: await publicKey(1) }, root: { publicKey: await publicKey(3) } },
    rules: [{ product: 'acme-thermo', signers: ['release'], threshold: 1 }],
    trustRole: { signers: ['root'], threshold: 1 },
  };
}

/** The ways in which the bytes of a secret could be written: raw, hex, and base64 wherever it may begin in a longer text. */
function formsOf(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // The first and the last digits depend on what stands beside it.
    return text.replace(/=+$/, '').slice(before === 0 ? 0 : before + 1, -1);
  });
  const hex = toHex(secret);
  const url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [bytes.toString('latin1'), hex, hex.toUpperCase(), ...base64, ...url];
}

/** All that must not be found, from the PEM of a private key. */
function secretsOf(pem: string): string[] {
  const body = pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  const der = fromBase64(body.join(''))!;
  return pem.includes('ENCRYPTED') ? body : [...body, ...formsOf(der.slice(-32))];
}

const KNOWN = [
  ...[testKeyPem(1), testKeyPem(2), testKeyPem(3), LOCKED].flatMap(secretsOf),
  ...[PASSPHRASE, WRONG, PIN].flatMap((text) => [text, ...formsOf(Buffer.from(text))]),
];

function found(text: string, secrets: readonly string[]): string[] {
  return secrets.filter((secret) => text.includes(secret));
}

describe('no secret reaches an output', () => {
  test.each(Object.entries(ROWS))('%s', async (_, { program = 'dfu-pack', argv, exit, keys = [] }) => {
    const folder = await secretFolder();
    const before = new Set(await readdir(folder));
    const io = testIo(folder, { variables: VARIABLES });
    expect([await PROGRAMS[program](argv, io), io.stderr()]).toEqual([exit, expect.any(String)]);

    const fresh = (await readdir(folder)).filter((name) => !before.has(name));
    const made = await Promise.all(keys.map((name) => readFile(join(folder, name), 'utf8')));
    const secrets = [...KNOWN, ...made.flatMap(secretsOf)];
    const outputs = ['s', 'p', ...fresh.filter((name) => !keys.includes(name))];
    expect(found(io.stdout(), secrets)).toEqual([]);
    expect(found(io.stderr(), secrets)).toEqual([]);
    for (const name of outputs) {
      expect([name, found(await readFile(join(folder, name), 'latin1'), secrets)]).toEqual([name, []]);
    }
  });

  test('and would be found if it did', () => {
    const seed = fromBase64(PLAIN.split('\n')[1]!)!.slice(-32);
    for (const text of [
      PLAIN,
      `x${Buffer.from(seed).toString('latin1')}`,
      Buffer.concat([Buffer.from('ab'), seed, Buffer.from('c')]).toString('base64'),
      Buffer.concat([Buffer.from('a'), seed]).toString('base64url'),
      Buffer.from(seed).toString('base64url'),
      toHex(seed).toUpperCase(),
      `"${PASSPHRASE}"`,
      Buffer.from(`--pin ${PIN} -- `).toString('base64'),
      LOCKED,
    ]) {
      expect([text, found(text, KNOWN).length > 0]).toEqual([text, true]);
    }
  });
});
