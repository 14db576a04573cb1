import { type Bytes, concat, toHex } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { printableLine, shown } from '../../core/text.ts';
import type { PublicKey } from '../../crypto/public-key.ts';
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
import { printJson } from '../program.ts';
import { readPublicKeyFile } from '../trust-options.ts';
import { release } from './memory.ts';
import { type Destination, destination, sealDestination, writeOutput, writePackage } from './output.ts';
import { packageFacts, printWritten, renderFacts, reportedImages } from './report.ts';
import { selfCheck } from './self-check.ts';
import { decodeSignature } from './signature-file.ts';
import { readSigners } from './signers.ts';

interface SealOptions {
  output?: string;
  inPlace?: true;
  force?: true;
  json?: true;
}

export interface SignOptions extends SealOptions {
  key: string[];
}

/** `dfu-pack sign`: adds signatures by key files. */
export async function sign(io: Io, file: string, options: SignOptions): Promise<number> {
  const inputs = options.key.map((key) => pathOf(io, key));
  const to = await sealDestination(io, file, options, inputs);
  const { signers, warnings } = await readSigners(io, options.key);
  const sealed = await signPackage(await readPackage(io, file), signers);
  const keys = signers.map((signer) => signer.key);
  return writeSealed(io, 'sign', to, sealed, keys, warnings, options.json === true);
}

export interface AttachOptions extends SealOptions {
  publicKey: string;
  signature: string;
}

/** `dfu-pack attach`: adds a signature that was made elsewhere. */
export async function attach(io: Io, file: string, options: AttachOptions): Promise<number> {
  const inputs = [options.publicKey, options.signature].map((input) => pathOf(io, input));
  const to = await sealDestination(io, file, options, inputs);
  const key = await readPublicKeyFile(io, options.publicKey);
  const signature = decodeSignature(
    await readWholeFile(pathOf(io, options.signature), MAX_KEY_FILE_BYTES),
    options.signature,
  );
  const sealed = await attachSignature(await readPackage(io, file), key, signature);
  return writeSealed(io, 'attach', to, sealed, [key], [], options.json === true);
}

export interface TbsOptions {
  output?: string;
  hex?: true;
  force?: true;
  json?: true;
}

/** `dfu-pack tbs`: the bytes that a signature is made over. */
export async function tbs(io: Io, file: string, options: TbsOptions): Promise<number> {
  const { output, json = false } = options;
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
  if (to !== undefined) await writeOutput(io, to, [message]);
  const facts = packageFacts(manifest, packageId);
  const hex = toHex(message);
  if (json) {
    const written = output === undefined ? {} : { output };
    printJson(io, { formatVersion: 1, command: 'tbs', ...written, package: facts, message: hex });
    return 0;
  }
  // With --hex, stdout is for the next program.
  const tell = options.hex ? io.err : io.out;
  if (output !== undefined) tell(`${shown(output)}: ${message.length} bytes to sign\n`);
  tell(`${renderFacts(facts).map(printableLine).join('\n')}\n`);
  if (options.hex) io.out(`${hex}\n`);
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
