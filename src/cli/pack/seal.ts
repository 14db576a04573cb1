import { type Bytes, concat } from '../../core/bytes.ts';
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
import { readPublicKeyFile } from '../trust-options.ts';
import { release } from './memory.ts';
import { type Destination, sealDestination, writePackage } from './output.ts';
import { packageFacts, printWritten, renderFacts, reportedImages } from './report.ts';
import { selfCheck } from './self-check.ts';
import { decodeSignature } from './signature-file.ts';
import { readSigners, refuseTestKey, type SigningOptions, signingInputs } from './signers.ts';
import { giveToBeSigned, type TbsOptions } from './tbs.ts';

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

/** `dfu-pack tbs`: the bytes that a signature of a package is made over. */
export function tbs(io: Io, file: string, options: TbsOptions): Promise<number> {
  return giveToBeSigned(io, 'tbs', file, options, async () => {
    const bytes = await readPackage(io, file);
    const { sound, message } = await toBeSigned(bytes);
    const { manifest, packageId } = sound;
    // Whoever signs these bytes signs all of it: the rest of the checks are dfu-verify's own, on what nobody signed yet.
    const unsigned = concat(withoutSignatures(sound));
    release([bytes]);
    await selfCheck(unsigned, [], packageId);
    const facts = packageFacts(manifest, packageId);
    return { message, facts: { package: facts }, lines: renderFacts(facts) };
  });
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
