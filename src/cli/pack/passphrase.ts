import type { Command } from 'commander';
import type { Bytes } from '../../core/bytes.ts';
import { utf8 } from '../../core/bytes.ts';
import { DfuError, type ErrorCode } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import type { PackWarning } from '../../pack/warnings.ts';
import { type Io, pathOf } from '../io.ts';

/** What commander makes of the options that `addPassphraseOptions` adds. */
export interface PassphraseOptions {
  passphraseFile?: string;
  passphraseFd?: string;
  passphraseEnv?: string;
}

/** As much as OpenSSL takes. */
const MAX_PASSPHRASE_BYTES = 1024;
/** Of a passphrase with its line end. */
const MAX_SOURCE_BYTES = MAX_PASSPHRASE_BYTES + 2;

/** Adds the three ways to tell a passphrase. `what` says whose. */
export function addPassphraseOptions(command: Command, what: string): Command {
  return command
    .option('--passphrase-file <file>', `${what}: the content of a file, but for one line end`)
    .option('--passphrase-fd <n>', 'or what can be read from this descriptor')
    .option('--passphrase-env <name>', 'or the value of this environment variable');
}

/**
 * The passphrase, byte by byte as it was given; of a file or descriptor, one line end at the end is not part of it.
 * `undefined` where none of the options is there. The caller wipes the bytes. Nothing is ever asked for on a terminal.
 * Throws `usage.invalid`, `trust.passphrase`, and what `readWholeFile` throws.
 */
export async function readPassphrase(
  io: Io,
  options: PassphraseOptions,
): Promise<{ bytes: Bytes; warnings: PackWarning[] } | undefined> {
  const { passphraseFile: file, passphraseFd: descriptor, passphraseEnv: variable } = options;
  const given = [file, descriptor, variable].filter((value) => value !== undefined);
  if (given.length === 0) return undefined;
  if (given.length > 1) {
    throw new DfuError(
      'usage.invalid',
      'a passphrase comes from one place: a file, a descriptor or a variable',
    );
  }
  if (file !== undefined) return fromFile(io, file);
  const bytes =
    descriptor !== undefined ? await fromDescriptor(io, descriptor) : fromVariable(io, variable ?? '');
  return { bytes, warnings: [] };
}

async function fromFile(io: Io, file: string): Promise<{ bytes: Bytes; warnings: PackWarning[] }> {
  const { readFileAndMode } = await import('../../node/files.ts');
  const { bytes, mode } = await readFileAndMode(pathOf(io, file), MAX_SOURCE_BYTES).catch(
    (error: unknown) => {
      throw error instanceof DfuError ? unnamed(error) : error;
    },
  );
  const message = `others can read the passphrase in ${shown(file)}: chmod 600, and think about another one`;
  const open = io.platform !== 'win32' && (mode & 0o077) !== 0;
  return {
    bytes: checked(withoutLineEnd(bytes), shown(file)),
    warnings: open ? [{ code: 'passphrase-open-to-others', message }] : [],
  };
}

async function fromDescriptor(io: Io, text: string): Promise<Bytes> {
  const descriptor = /^(0|[1-9][0-9]{0,4})$/.test(text) ? Number(text) : undefined;
  // What is no number may be the passphrase itself.
  if (descriptor === undefined) {
    throw new DfuError('usage.invalid', '--passphrase-fd takes the number of an open descriptor');
  }
  if (descriptor === 1 || descriptor === 2) {
    throw new DfuError('usage.invalid', `--passphrase-fd ${descriptor} is for output`);
  }
  const bytes = await io.readDescriptor(descriptor, MAX_SOURCE_BYTES);
  return checked(withoutLineEnd(bytes), `descriptor ${descriptor}`);
}

const WHY: Readonly<Partial<Record<ErrorCode, string>>> = {
  'input.not-found': 'does not exist',
  'input.unreadable': 'can not be read, or is no regular file',
  'input.too-large': 'is too long for a passphrase',
};

/** The same error without the name: what is no name of a file may be the passphrase itself. */
function unnamed({ code }: DfuError): DfuError {
  return new DfuError(
    code,
    `the file that --passphrase-file names ${WHY[code] ?? `can not be used (${code})`}`,
  );
}

function fromVariable(io: Io, name: string): Bytes {
  // Anything else is likely to be the passphrase itself, which must not be repeated.
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new DfuError('usage.invalid', '--passphrase-env takes the name of a variable, not a value');
  }
  const value = io.namedVariable(name);
  if (value === undefined) {
    throw new DfuError('trust.passphrase', 'the variable that --passphrase-env names is not set');
  }
  return checked(utf8(value), 'the variable of --passphrase-env');
}

function withoutLineEnd(bytes: Bytes): Bytes {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}

function checked(bytes: Bytes, where: string): Bytes {
  if (bytes.length === 0) {
    throw new DfuError('trust.passphrase', `there is no passphrase in ${where}: it is empty`);
  }
  if (bytes.length > MAX_PASSPHRASE_BYTES) {
    throw new DfuError('trust.passphrase', `${where} holds more than ${MAX_PASSPHRASE_BYTES} bytes`, {
      facts: { limitBytes: MAX_PASSPHRASE_BYTES },
    });
  }
  return bytes;
}
