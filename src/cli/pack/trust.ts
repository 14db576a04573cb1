import { stat } from 'node:fs/promises';
import { type Bytes, equalBytes } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { counted, printableLine, shown } from '../../core/text.ts';
import type { PublicKey } from '../../crypto/public-key.ts';
import { MAX_KEY_FILE_BYTES, MAX_SIGNATURES_BYTES, MAX_TRUST_FILE_BYTES } from '../../format/limits.ts';
import type { TrustFile } from '../../format/trust-file.ts';
import { encodeTrustFile } from '../../format/trust-file-load.ts';
import { decodeTrustSignatures, trustSignaturesName } from '../../format/trust-signatures.ts';
import { readWholeFile } from '../../node/files.ts';
import {
  attachTrustSignature,
  mayCount,
  openSignable,
  type SignableTrustFile,
  signTrustFile,
  type TrustSignatures,
} from '../../pack/trust-seal.ts';
import type { PackWarning } from '../../pack/warnings.ts';
import { standing } from '../../verify/key-standing.ts';
import { type Io, pathOf } from '../io.ts';
import { printJson } from '../program.ts';
import { assertAnotherFile } from '../same-file.ts';
import { namingFile, readTrustFile } from '../trust-file.ts';
import { readPublicKeyFile } from '../trust-options.ts';
import { destination, writeOutput } from './output.ts';
import { printWarnings } from './report.ts';
import { decodeSignature } from './signature-file.ts';
import { readSigners, type SigningOptions, signingInputs } from './signers.ts';
import { giveToBeSigned, type TbsOptions } from './tbs.ts';

/** What a person compares: in every report about a trust file. */
function trustFileFacts({ document, digest }: TrustFile): object {
  return { version: document.version, notAfter: document.notAfter, digest };
}

/** The same as lines. */
function renderTrustFileFacts({ document, digest }: TrustFile): string[] {
  return [`  version     ${document.version}, until ${document.notAfter}`, `  digest      ${digest}`];
}

/** A trust file that is to be signed. Errors name the file. */
async function readSignable(io: Io, file: string): Promise<SignableTrustFile> {
  const bytes = await readWholeFile(pathOf(io, file), MAX_TRUST_FILE_BYTES);
  return namingFile(file, () => openSignable(bytes));
}

export interface TrustFormatOptions {
  output: string;
  force?: true;
  json?: true;
}

/** `dfu-pack trust format`: YAML or JSON to canonical JSON. */
export async function trustFormat(io: Io, path: string, options: TrustFormatOptions): Promise<number> {
  const to = await destination(io, options.output, options.force === true, [pathOf(io, path)]);
  const file = await readTrustFile(io, path);
  const bytes = encodeTrustFile(file.document);
  await writeOutput(io, to, [bytes], async (readBack) => {
    await openSignable(readBack);
  });
  if (options.json) {
    const output = to.shownPath;
    printJson(io, { formatVersion: 1, command: 'trust format', output, trustFile: trustFileFacts(file) });
  } else {
    const lines = [
      `${shown(to.shownPath)}: ${counted(bytes.length, 'byte')}, ready to be signed`,
      ...renderTrustFileFacts(file),
    ];
    io.out(`${lines.map(printableLine).join('\n')}\n`);
  }
  return 0;
}

/** `dfu-pack trust tbs`: the bytes that a signature of a trust file is made over. */
export function trustTbs(io: Io, path: string, options: TbsOptions): Promise<number> {
  return giveToBeSigned(io, 'trust tbs', path, options, async () => {
    const { file, message } = await readSignable(io, path);
    return { message, facts: { trustFile: trustFileFacts(file) }, lines: renderTrustFileFacts(file) };
  });
}

interface TrustSealOptions {
  output?: string;
  previous?: string;
  json?: true;
}

export interface TrustSignOptions extends TrustSealOptions, SigningOptions {}

/** `dfu-pack trust sign`: adds signatures by key files, and by a program. */
export async function trustSign(io: Io, path: string, options: TrustSignOptions): Promise<number> {
  const to = await signaturesFile(io, path, options, signingInputs(io, options));
  const signable = await readSignable(io, path);
  const { signers, warnings } = await readSigners(io, options);
  const sealed = await namingFile(to.shownPath, () => signTrustFile(signable, to.existing, signers));
  const keys = signers.map((signer) => signer.key);
  return writeSealed(io, { command: 'trust sign', to, signable, sealed, keys, warnings }, options);
}

export interface TrustAttachOptions extends TrustSealOptions {
  publicKey: string;
  signature: string;
}

/** `dfu-pack trust attach`: adds a signature that was made elsewhere. */
export async function trustAttach(io: Io, path: string, options: TrustAttachOptions): Promise<number> {
  const to = await signaturesFile(io, path, options, [options.publicKey, options.signature]);
  const signable = await readSignable(io, path);
  const key = await readPublicKeyFile(io, options.publicKey);
  const written = await readWholeFile(pathOf(io, options.signature), MAX_KEY_FILE_BYTES);
  const signature = decodeSignature(written, options.signature, key.algorithm);
  const sealed = await namingFile(to.shownPath, () =>
    attachTrustSignature(signable, to.existing, key, signature),
  );
  return writeSealed(
    io,
    { command: 'trust attach', to, signable, sealed, keys: [key], warnings: [] },
    options,
  );
}

interface SignaturesFile {
  path: string;
  shownPath: string;
  replace: boolean;
  /** What is in it now. */
  existing?: Bytes;
  mode?: number;
}

/** The file that signatures are added to: those in it stay, so that several people can sign one after the other. */
async function signaturesFile(
  io: Io,
  path: string,
  { output, previous }: TrustSealOptions,
  inputs: readonly string[],
): Promise<SignaturesFile> {
  const shownPath = output ?? trustSignaturesName(path);
  if (shownPath === '' || shownPath === '-') {
    throw new DfuError('usage.invalid', 'the signatures go to a file', {
      cure: 'Give -o the name of a file.',
    });
  }
  const others = [path, ...inputs, ...(previous === undefined ? [] : [previous])];
  await assertAnotherFile(io, 'the file of signatures', shownPath, others);
  const file = pathOf(io, shownPath);
  try {
    const existing = await readWholeFile(file, MAX_SIGNATURES_BYTES);
    const { mode } = await stat(file);
    return { path: file, shownPath, replace: true, existing, mode: mode & 0o777 };
  } catch (error) {
    if (error instanceof DfuError && error.code === 'input.not-found') {
      return { path: file, shownPath, replace: false };
    }
    throw error;
  }
}

interface Sealing {
  command: 'trust sign' | 'trust attach';
  to: SignaturesFile;
  signable: SignableTrustFile;
  sealed: TrustSignatures;
  /** Whose signatures are new. */
  keys: readonly PublicKey[];
  warnings: readonly PackWarning[];
}

async function writeSealed(
  io: Io,
  { command, to, signable: { file }, sealed, keys, warnings: before }: Sealing,
  { previous: previousFile, json }: TrustSealOptions,
): Promise<number> {
  const previous = previousFile === undefined ? undefined : await readTrustFile(io, previousFile);
  const warnings = [...before, ...keys.flatMap((key) => roleWarning(key, file, previous))];
  await writeOutput(io, to, [sealed.bytes], async (readBack) => {
    decodeTrustSignatures(readBack);
    if (!equalBytes(readBack, sealed.bytes)) {
      throw new DfuError('output.failed', `${shown(to.shownPath)} did not read back as it was written`);
    }
  });
  printWarnings(io, warnings);
  const signedBy = sealed.keyIds;
  if (json) {
    const output = to.shownPath;
    const trustFile = trustFileFacts(file);
    printJson(io, { formatVersion: 1, command, output, trustFile, signedBy, warnings });
    return 0;
  }
  const lines = [
    `${shown(to.shownPath)}: ${counted(signedBy.length, 'signature')}`,
    ...renderTrustFileFacts(file),
    ...signedBy.map((keyId) => `  signed by   ${named(keyId, file, previous)}`),
    ...progress(signedBy, file, previous, io.now().getTime()),
  ];
  io.out(`${lines.map(printableLine).join('\n')}\n`);
  return 0;
}

function named(keyId: string, ...files: readonly (TrustFile | undefined)[]): string {
  for (const file of files) {
    const trusted = [...(file?.keys.values() ?? [])].find(({ key }) => key.keyId === keyId);
    if (trusted !== undefined) return `${trusted.name}, key ${keyId}`;
  }
  return `key ${keyId}`;
}

/** How far it is with the thresholds that dfu-verify trust update asks for, as of now. */
function progress(
  signedBy: readonly string[],
  file: TrustFile,
  previous: TrustFile | undefined,
  atMs: number,
): string[] {
  const line = (whose: string, { document, keys }: TrustFile): string => {
    const { trustRole } = document;
    if (trustRole === undefined) return `  ${whose} has no trustRole: it can only be brought in by hand`;
    const counting = trustRole.signers.filter((name) => {
      const trusted = keys.get(name);
      if (trusted === undefined || standing(trusted, atMs) !== 'counts') return false;
      return signedBy.includes(trusted.key.keyId);
    });
    return `  ${whose}: ${counting.length} of the ${counted(trustRole.threshold, 'signature')} that its trustRole asks for`;
  };
  return [
    line('this version', file),
    previous === undefined
      ? '  the version before it asks for its own; --previous tells how many are there'
      : line(`version ${previous.document.version} before it`, previous),
  ];
}

function roleWarning(key: PublicKey, file: TrustFile, previous: TrustFile | undefined): PackWarning[] {
  if (mayCount(key, file, previous)) return [];
  const where =
    previous === undefined
      ? 'the trustRole of this trust file; it counts only if it stands in the one before (--previous)'
      : 'the trustRole of this trust file nor of the one before: its signature counts for nothing';
  const message = `the key ${key.keyId} stands ${previous === undefined ? 'not in' : 'neither in'} ${where}`;
  return [{ code: 'not-in-trust-role', message }];
}
