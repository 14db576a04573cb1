import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bytes, toHex } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { counted, shown } from '../../core/text.ts';
import { sha256 } from '../../crypto/sha256.ts';
import { MAX_PACKAGE_BYTES } from '../../format/limits.ts';
import { codeOf, readWholeFile, writeWholeFile } from '../../node/files.ts';
import { renderText } from '../../verify/render/text.ts';
import { sourceOf } from '../../verify/source.ts';
import type { VerifiedImage, VerifiedPackage } from '../../verify/verified-package.ts';
import { verifyPackage } from '../../verify/verify.ts';
import { type Io, pathOf } from '../io.ts';
import { printJson } from '../program.ts';
import { assertAnotherFile } from '../same-file.ts';
import { readTrustOptions, type TrustOptions, trustInputs } from '../trust-options.ts';
import { type Extracted, type Judged, printAnnotations, reportDocument, writeReports } from './document.ts';
import { assertReportOptions, type ReportOptions, reportFiles } from './report-options.ts';

export interface ExtractOptions extends TrustOptions, ReportOptions {
  output: string;
  source?: boolean;
  force?: boolean;
}

/** dfu-verify extract: writes the images of an accepted package, and nothing of any other. */
export async function extract(io: Io, file: string, options: ExtractOptions): Promise<number> {
  await assertReportOptions(io, options, [file, ...trustInputs(options)]);
  if (options.output === '') throw new DfuError('usage.invalid', '--output is empty');
  const { trust, verifyOptions } = await readTrustOptions(io, options);
  const bytes = await readWholeFile(pathOf(io, file), MAX_PACKAGE_BYTES);
  const { report, verified } = await verifyPackage(bytes, trust, { ...verifyOptions, transfer: true });
  const inputs = [file, ...trustInputs(options)];
  const extracted = verified === undefined ? [] : await writeImages(io, verified, options, inputs);

  const judged: Judged[] = [{ file, report, extracted }];
  if (options.json) printJson(io, reportDocument(judged));
  else {
    await printAnnotations(io, options, judged);
    io.out(renderText(report, file));
    for (const { file: path, size } of extracted) io.out(`Wrote ${shown(path)}, ${counted(size, 'byte')}\n`);
  }
  return writeReports(io, options, judged);
}

interface Output extends Extracted {
  bytes: Bytes;
  path: string;
}

/** All contents are made and all names looked at before the first file is written. */
async function writeImages(
  io: Io,
  verified: VerifiedPackage,
  options: ExtractOptions,
  inputs: readonly string[],
): Promise<Extracted[]> {
  const { output, source = false, force = false } = options;
  const outputs: Output[] = [];
  for (const image of verified.images) outputs.push(await outputOf(io, image, output, source));
  if (!force) for (const { path, file } of outputs) await assertFree(path, shown(file));
  await makeFolder(pathOf(io, output), output);
  const taken = [...inputs, ...reportFiles(options).map((report) => report.file)];
  for (const { path } of outputs) await assertAnotherFile(io, 'an image', path, taken);
  for (const { path, bytes } of outputs) await writeWholeFile(path, [bytes], { replace: force });
  return outputs.map(({ image, file, size, sha256: digest, content }) => ({
    image,
    file,
    size,
    sha256: digest,
    content,
  }));
}

/** Files are called as the image, never as the source was: image names are safe as file names everywhere. */
async function outputOf(io: Io, image: VerifiedImage, folder: string, source: boolean): Promise<Output> {
  const { name } = image.entry;
  const { bytes, format } = source
    ? await sourceOf(image)
    : { bytes: image.bytes, format: image.entry.format };
  const path = join(folder, `${name}.${format === 'gbl' ? 'gbl' : 'bin'}`);
  return {
    image: name,
    file: path,
    size: bytes.length,
    sha256: source ? toHex(await sha256(bytes)) : image.entry.sha256,
    content: source ? 'source' : 'entry',
    bytes,
    path: pathOf(io, path),
  };
}

async function assertFree(path: string, name: string): Promise<void> {
  try {
    await access(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw new DfuError('output.failed', `${name} can not be looked at (${codeOf(error)})`, { cause: error });
  }
  throw new DfuError('output.exists', `${name} exists already`, { facts: { file: name } });
}

async function makeFolder(path: string, folder: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new DfuError('output.failed', `the folder ${shown(folder)} can not be made (${codeOf(cause)})`, {
      facts: { file: shown(folder) },
      cause,
    });
  }
}
