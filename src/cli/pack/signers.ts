import type { Command, Option } from 'commander';
import type { Bytes } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import type { PublicKey, Signer } from '../../crypto/public-key.ts';
import type { PackWarning } from '../../pack/warnings.ts';
import { type Io, pathOf } from '../io.ts';
import { parseNumber } from '../options.ts';
import { repeatable } from '../program.ts';
import { addPassphraseOptions, type PassphraseOptions, readPassphrase } from './passphrase.ts';
import type { ProgramOptions } from './program-signer.ts';

/** What commander makes of the options that `addSigningOptions` adds. */
export interface SigningOptions extends PassphraseOptions {
  key?: string[];
  signer?: string;
  signerArg?: string[];
  publicKey?: string;
  signerTimeout?: string;
  allowTestKey?: string[];
}

/** Long enough to look for a token and to touch it. */
const DEFAULT_TIMEOUT_SECONDS = 60;
const MAX_TIMEOUT_SECONDS = 3600;

/**
 * Adds the options that say who signs: key files, their passphrase, an external program. With `mandatory`, a call
 * without any signer ends with `usage.invalid` before anything is read.
 */
export function addSigningOptions(command: Command, { mandatory = false } = {}): Command {
  const otherwise = mandatory ? '' : '; without it and --signer, it is unsigned';
  command
    .optionsGroup('Who signs:')
    .addOption(repeatable('--key <file>', `sign with this private key, PEM (repeatable)${otherwise}`));
  addPassphraseOptions(command, 'the passphrase of encrypted keys');
  command
    .option('--signer <program>', 'sign with this program: the bytes to sign on stdin, 64 bytes on stdout')
    .addOption(repeatable('--signer-arg <arg>', 'an argument for it, as it is (repeatable)'))
    .option('--public-key <file>', 'the public key that it signs for, PEM')
    .option('--signer-timeout <seconds>', `end it after so long (default: ${DEFAULT_TIMEOUT_SECONDS})`)
    .addOption(allowTestKeyOption())
    .optionsGroup('Options:');
  if (mandatory) command.hook('preAction', (_, acting) => assertSomeSigner(acting.opts()));
  return command;
}

/** For whatever adds a signature. */
export function allowTestKeyOption(): Option {
  return repeatable('--allow-test-key <id>', 'sign with this key although its secret is public (repeatable)');
}

/** Throws `trust.test-key` on a key whose secret is public, unless the options allow it by its id. */
export async function refuseTestKey(
  key: PublicKey,
  { allowTestKey }: Pick<SigningOptions, 'allowTestKey'>,
): Promise<void> {
  // Loaded here and below: the program defines these options, few runs of it sign.
  const { assertNoTestKey } = await import('../../crypto/test-keys.ts');
  assertNoTestKey(key, new Set(allowTestKey?.map((id) => id.toLowerCase())));
}

function assertSomeSigner({ key, signer }: SigningOptions): void {
  if (key !== undefined || signer !== undefined) return;
  throw new DfuError('usage.invalid', 'it is not said who signs', {
    cure: 'Give a private key with --key, or a program with --signer and --public-key.',
  });
}

/** The paths that these options read, which no output may overwrite. Reads nothing. */
export function signingInputs(io: Io, options: SigningOptions): string[] {
  const { key = [], publicKey, passphraseFile, signer } = options;
  const files = [...key, publicKey, passphraseFile, isPath(signer) ? signer : undefined];
  return files.filter((file) => file !== undefined).map((file) => pathOf(io, file));
}

/**
 * Who signs: the keys of `--key` in the order given, then the program of `--signer`. `inputs` are the paths of
 * `signingInputs`. Throws `usage.invalid`, `trust.test-key`, the codes of `readPassphrase`, of `readPrivateKeyFile` and of
 * public keys.
 */
export async function readSigners(
  io: Io,
  options: SigningOptions,
): Promise<{ signers: Signer[]; warnings: PackWarning[]; inputs: string[] }> {
  const { key: files = [] } = options;
  const program = programOptions(io, options);
  const passphrase = await readPassphrase(io, options);
  try {
    const { signers, warnings, encrypted } = await readKeyFiles(io, files, passphrase?.bytes);
    warnings.push(...(passphrase?.warnings ?? []));
    if (passphrase !== undefined && !encrypted) {
      warnings.push({
        code: 'passphrase-unused',
        message: 'a passphrase was given, and no key is encrypted',
      });
    }
    if (program !== undefined) {
      const { programSigner } = await import('./program-signer.ts');
      signers.push(await programSigner(io, program));
    }
    for (const { key } of signers) await refuseTestKey(key, options);
    return { signers, warnings, inputs: signingInputs(io, options) };
  } finally {
    passphrase?.bytes.fill(0);
  }
}

async function readKeyFiles(
  io: Io,
  files: readonly string[],
  passphrase: Bytes | undefined,
): Promise<{ signers: Signer[]; warnings: PackWarning[]; encrypted: boolean }> {
  const signers: Signer[] = [];
  const warnings: PackWarning[] = [];
  let anyEncrypted = false;
  if (files.length === 0) return { signers, warnings, encrypted: false };
  const { readPrivateKeyFile } = await import('../../node/keys.ts');
  for (const file of files) {
    const { signer, openToOthers, encrypted } = await readPrivateKeyFile(pathOf(io, file), passphrase);
    signers.push(signer);
    anyEncrypted ||= encrypted;
    if (openToOthers) {
      const message = `others can read the private key ${shown(file)}: chmod 600, and think about replacing it`;
      warnings.push({ code: 'key-open-to-others', message });
    }
  }
  return { signers, warnings, encrypted: anyEncrypted };
}

function programOptions(io: Io, options: SigningOptions): ProgramOptions | undefined {
  const { signer, signerArg, publicKey, signerTimeout } = options;
  if (signer === undefined) {
    const alone = Object.entries({
      '--signer-arg': signerArg,
      '--public-key': publicKey,
      '--signer-timeout': signerTimeout,
    }).find(([, value]) => value !== undefined);
    if (alone === undefined) return undefined;
    throw new DfuError('usage.invalid', `${alone[0]} says something about --signer, which is not there`);
  }
  if (signer === '') throw new DfuError('usage.invalid', '--signer is empty');
  if (publicKey === undefined) {
    throw new DfuError('usage.invalid', '--signer needs --public-key: what it answers is verified', {
      cure: 'Export the public key from the token or service as PEM (SPKI), and give it with --public-key.',
    });
  }
  const seconds =
    signerTimeout === undefined
      ? DEFAULT_TIMEOUT_SECONDS
      : parseNumber('--signer-timeout', signerTimeout, 1, MAX_TIMEOUT_SECONDS);
  const program = isPath(signer) ? pathOf(io, signer) : signer;
  return { program, args: signerArg ?? [], publicKey, timeoutMs: seconds * 1000 };
}

/** A path, as opposed to a name that is looked for on the PATH. */
function isPath(program: string | undefined): program is string {
  return program !== undefined && /[/\\]/.test(program);
}
