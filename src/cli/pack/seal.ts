import { type Bytes, concat, toHex } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { printableLine, shown } from '../../core/text.ts';
import type { PublicKey } from '../../crypto/public-key.ts';
import { sha256 } from '../../crypto/sha256.ts';
import { MAX_KEY_FILE_BYTES, MAX_PACKAGE_BYTES } from '../../format/limits.ts';
import { readWholeFile } from '../../node/files.ts';
import {
  attachSignature,
  type SealedPackage,
  signPackage,
  toBeSigned,
  withoutSignatures,
} from '../../pack/seal.ts';
import type { PackWarning } from '../../pack/warnings.ts';
import { type Io, pathOf } from '../io.ts';
import { parseChoice } from '../options.ts';
import { printJson } from '../program.ts';
import { readPublicKeyFile } from '../trust-options.ts';
import { release } from './memory.ts';
import { type Destination, destination, sealDestination, writeOutput, writePackage } from './output.ts';
import { packageFacts, printWritten, renderFacts, reportedImages } from './report.ts';
import { selfCheck } from './self-check.ts';
import { decodeSignature } from './signature-file.ts';
import { readSigners, refuseTestKey, type SigningOptions, signingInputs } from './signers.ts';

interface SealOptions {
  output?: string;
  inPlace?: true;
  force?: true;
  json?: true;
}

export interface SignOptions extends SealOptions, SigningOptions {}

/** `dfu-pack sign`: adds signatures by key files, and by a program. */
export async function sign(io: Io, file: string, options: SignOptions): Promise<number> {
  const to = await sealDestination(io, file, options, signingInputs(io, options));
  const { signers, warnings } = await readSigners(io, options);
  const sealed = await signPackage(await readPackage(io, file), signers);
  const keys = signers.map((signer) => signer.key);
  return writeSealed(io, 'sign', to, sealed, keys, warnings, options.json === true);
}

export interface AttachOptions extends SealOptions {
  publicKey: string;
  signature: string;
  allowTestKey?: string[];
}

/** `dfu-pack attach`: adds a signature that was made elsewhere. */
export async function attach(io: Io, file: string, options: AttachOptions): Promise<number> {
  const inputs = [options.publicKey, options.signature].map((input) => pathOf(io, input));
  const to = await sealDestination(io, file, options, inputs);
  const key = await readPublicKeyFile(io, options.publicKey);
  await refuseTestKey(key, options);
  const signature = decodeSignature(
    await readWholeFile(pathOf(io, options.signature), MAX_KEY_FILE_BYTES),
    options.signature,
    key.algorithm,
  );
  const sealed = await attachSignature(await readPackage(io, file), key, signature);
  return writeSealed(io, 'attach', to, sealed, [key], [], options.json === true);
}

export interface TbsOptions {
  output?: string;
  hex?: true;
  digest?: string;
  force?: true;
  json?: true;
}

/** `dfu-pack tbs`: the bytes that a signature is made over; for tokens that hash nothing themselves, their SHA-256. */
export async function tbs(io: Io, file: string, options: TbsOptions): Promise<number> {
  const { output, json = false } = options;
  const digestName =
    options.digest === undefined ? undefined : parseChoice('--digest', options.digest, ['sha256']);
  if (output === undefined && !options.hex && !json) {
    throw new DfuError('usage.invalid', 'say where the bytes go: -o FILE, or --hex to print them');
  }
  const to =
    output === undefined
      ? undefined
      : await destination(io, output, options.force === true, [pathOf(io, file)]);
  const bytes = await readPackage(io, file);
  const { sound, message } = await toBeSigned(bytes);
  const { manifest, packageId } = sound;
  // Whoever signs these bytes signs all of it: the rest of the checks are dfu-verify's own, on what nobody signed yet.
  const unsigned = concat(withoutSignatures(sound));
  release([bytes]);
  await selfCheck(unsigned, [], packageId);
  const digest = digestName === undefined ? undefined : await sha256(message);
  const toSign = digest ?? message;
  if (to !== undefined) await writeOutput(io, to, [toSign]);
  const facts = packageFacts(manifest, packageId);
  if (json) {
    const written = output === undefined ? {} : { output };
    const digests = digest === undefined ? {} : { messageSha256: toHex(digest) };
    printJson(io, {
      formatVersion: 1,
      command: 'tbs',
      ...written,
      package: facts,
      message: toHex(message),
      ...digests,
    });
    return 0;
  }
  // With --hex, stdout is for the next program.
  const tell = options.hex ? io.err : io.out;
  const what = digest === undefined ? 'bytes to sign' : 'bytes, the SHA-256 that ECDSA P-256 signs';
  if (output !== undefined) tell(`${shown(output)}: ${toSign.length} ${what}\n`);
  tell(`${renderFacts(facts).map(printableLine).join('\n')}\n`);
  if (options.hex) io.out(`${toHex(toSign)}\n`);
  return 0;
}

function readPackage(io: Io, file: string): Promise<Bytes> {
  return readWholeFile(pathOf(io, file), MAX_PACKAGE_BYTES);
}

async function writeSealed(
  io: Io,
  command: 'sign' | 'attach',
  to: Destination,
  sealed: SealedPackage,
  keys: readonly PublicKey[],
  warnings: readonly PackWarning[],
  json: boolean,
): Promise<number> {
  const { manifest, packageId, keyIds, segments } = sealed;
  const size = await writePackage(io, to, segments, (readBack) => selfCheck(readBack, keys, packageId));
  printWritten(
    io,
    {
      formatVersion: 1,
      command,
      output: to.shownPath,
      size,
      package: packageFacts(manifest, packageId),
      signedBy: keyIds,
      images: reportedImages(manifest),
      warnings,
    },
    json,
  );
  return 0;
}
