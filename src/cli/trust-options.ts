import type { Command, Option } from 'commander';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import { assertNoTestKey } from '../crypto/test-keys.ts';
import { MAX_ATTESTATION_BYTES, MAX_KEY_FILE_BYTES } from '../format/limits.ts';
import { readWholeFile } from '../node/files.ts';
import {
  type DeviceDescription,
  REQUIRABLE,
  type Requirable,
  readTerms,
  type VerifyOptions,
} from '../verify/options.ts';
import type { Trust } from '../verify/trust.ts';
import { type Io, pathOf } from './io.ts';
import { parseChoice, parseNumber } from './options.ts';
import { repeatable } from './program.ts';

/** What commander makes of the options that `addTrustOptions` adds. */
export interface TrustOptions {
  key?: string[];
  trust?: string;
  attestation?: string;
  allowTestKey?: string[];
  allowUnsigned?: boolean;
  product?: string;
  hardware?: string;
  installedVersion?: string;
  installedCounter?: string;
  require?: string[];
  packageId?: string;
  allowDowngrade?: boolean;
}

/** For programs that only judge: dfu-flash has no such option. */
export function testKeyOption(): Option {
  return repeatable(
    '--allow-test-key <id>',
    'a key whose private half is public, by its id: for trying things out',
  );
}

/** Adds the options by which a package is judged: whom to trust, the device at hand, and what must be checked. */
export function addTrustOptions(command: Command): Command {
  return command
    .optionsGroup('Whom to trust (exactly one kind):')
    .addOption(
      repeatable('--key <file>', 'public key, PEM; one good signature by any of them suffices (repeatable)'),
    )
    .option(
      '--trust <file>',
      'trust file, YAML or JSON: signers and thresholds of each product, minimum versions, denied packages',
    )
    .option('--allow-unsigned', 'accept a package that nobody signed; a signed one is refused')
    .optionsGroup('The device at hand (what is not told is not checked):')
    .option('--product <name>', 'its product: a package for another is refused')
    .option('--hardware <revision>', 'its hardware revision: a package for others is refused')
    .option('--installed-version <version>', 'what runs on it now: an older package is refused')
    .option('--installed-counter <n>', 'the security counter of what runs on it: a lower one is refused')
    .optionsGroup('What must hold:')
    .addOption(repeatable('--require <checks>', `refuse when a check was skipped: ${REQUIRABLE.join(',')}`))
    .option('--attestation <file>', 'a DSSE envelope of who built it; --trust says whose attestations count')
    .option('--package-id <id>', 'accept this one release alone')
    .option('--allow-downgrade', 'excuse the comparison with --installed-version, nothing else')
    .optionsGroup('Options:');
}

/**
 * The trust source and the terms of a call. Reads the key files. `at` is the time of judgement where it is not now.
 * Throws `usage.invalid`, the codes of `readWholeFile` and those of `decodePublicKeyPem`.
 */
export async function readTrustOptions(
  io: Io,
  options: TrustOptions,
  at?: string,
): Promise<{ trust: Trust; verifyOptions: VerifyOptions }> {
  const attestation = await readAttestation(io, options);
  const verifyOptions = { ...readVerifyOptions(io, options, at), ...attestation };
  // What can not be judged by is found before any file is read.
  readTerms(verifyOptions);
  return { trust: await readTrust(io, options), verifyOptions };
}

async function readTrust(io: Io, options: TrustOptions): Promise<Trust> {
  const { key: files, trust, allowUnsigned } = options;
  const kinds = [
    ...(files === undefined ? [] : ['--key']),
    ...(trust === undefined ? [] : ['--trust']),
    ...(allowUnsigned ? ['--allow-unsigned'] : []),
  ];
  if (kinds.length > 1) {
    throw new DfuError('usage.invalid', `${kinds.join(' and ')} exclude each other`);
  }
  if (allowUnsigned) return { kind: 'allow-unsigned' };
  if (trust !== undefined) {
    const { readTrustFile } = await import('./trust-file.ts');
    return { kind: 'file', file: await readTrustFile(io, trust) };
  }
  if (files === undefined) {
    throw new DfuError('usage.invalid', 'it is not said whom to trust', {
      cure: 'Give the public key of who made the package with --key, a trust file with --trust, or --allow-unsigned for a package without signature.',
    });
  }
  const allowed = new Set(options.allowTestKey?.map((id) => id.toLowerCase()));
  const keys: PublicKey[] = [];
  for (const file of files) {
    const key = await readPublicKeyFile(io, file);
    assertNoTestKey(key, allowed);
    keys.push(key);
  }
  return { kind: 'keys', keys };
}

/** The files that a call is judged by: no output may be one of them. */
export function trustInputs({ key = [], trust, attestation }: TrustOptions): string[] {
  return [...key, ...[trust, attestation].filter((file) => file !== undefined)];
}

/** A public key file, PEM. Errors name the file. */
export async function readPublicKeyFile(io: Io, file: string): Promise<PublicKey> {
  const bytes = await readWholeFile(pathOf(io, file), MAX_KEY_FILE_BYTES);
  // Loaded here: all programs define these options, few runs of them read a key.
  const { decodePublicKeyPem } = await import('../crypto/public-key.ts');
  try {
    return await decodePublicKeyPem(new TextDecoder('latin1').decode(bytes));
  } catch (error) {
    if (!(error instanceof DfuError)) throw error;
    const { code, cure } = error;
    const facts = { ...error.facts, file: shown(file) };
    throw new DfuError(code, `${shown(file)}: ${error.message}`, { facts, cure, cause: error });
  }
}

async function readAttestation(io: Io, options: TrustOptions): Promise<Pick<VerifyOptions, 'attestation'>> {
  const { attestation: file, trust } = options;
  if (file === undefined) return {};
  if (trust === undefined) {
    throw new DfuError('usage.invalid', '--attestation needs --trust: a trust file says whose count');
  }
  return { attestation: await readWholeFile(pathOf(io, file), MAX_ATTESTATION_BYTES) };
}

function readVerifyOptions(io: Io, options: TrustOptions, at: string | undefined): VerifyOptions {
  const { packageId } = options;
  const counter = options.installedCounter;
  const given = {
    product: notEmpty('--product', options.product),
    hardware: notEmpty('--hardware', options.hardware),
    installedVersion: notEmpty('--installed-version', options.installedVersion),
    installedCounter:
      counter === undefined ? undefined : parseNumber('--installed-counter', counter, 0, 0xffffffff),
  };
  const device: DeviceDescription = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  );
  return {
    at: at ?? io.now().getTime(),
    device,
    require: readRequire(options.require ?? []),
    ...(packageId === undefined ? {} : { packageId: packageId.toLowerCase() }),
    allowDowngrade: options.allowDowngrade === true,
  };
}

function readRequire(lists: readonly string[]): Requirable[] {
  return lists.flatMap((list) => list.split(',')).map((name) => parseChoice('--require', name, REQUIRABLE));
}

function notEmpty(option: string, text: string | undefined): string | undefined {
  if (text === '') throw new DfuError('usage.invalid', `${option} is empty`);
  return text;
}
