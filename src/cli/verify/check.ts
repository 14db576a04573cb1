import type { Bytes } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { counted } from '../../core/text.ts';
import { MAX_PACKAGE_BYTES } from '../../format/limits.ts';
import { readWholeFile } from '../../node/files.ts';
import type { VerifyOptions } from '../../verify/options.ts';
import { renderText } from '../../verify/render/text.ts';
import type { Trust } from '../../verify/trust.ts';
import { verifyPackage } from '../../verify/verify.ts';
import { renderError } from '../error-output.ts';
import { type Io, pathOf } from '../io.ts';
import { asDfuError, printJson } from '../program.ts';
import { readTrustOptions, type TrustOptions, trustInputs } from '../trust-options.ts';
import { expandWildcards } from '../wildcards.ts';
import { type Judged, printAnnotations, reportDocument, writeReports } from './document.ts';
import { assertReportOptions, type ReportOptions } from './report-options.ts';

export interface CheckOptions extends TrustOptions, ReportOptions {
  at?: string;
}

/** dfu-verify check: judges packages, all of them, one after the other. */
export async function check(io: Io, args: readonly string[], options: CheckOptions): Promise<number> {
  const files = await expandWildcards(io, args);
  await assertReportOptions(io, options, [...files, ...trustInputs(options)]);
  // Files are read while something else is computed: the first while the keys are checked, the next while one is judged.
  let reading = readPackage(io, files[0]);
  const { trust, verifyOptions } = await readTrustOptions(io, options, options.at);
  const judged: Judged[] = [];
  for (const [index, file] of files.entries()) {
    const content = await reading;
    reading = readPackage(io, files[index + 1]);
    judged.push(await judgeFile(file, content, trust, verifyOptions));
  }

  if (options.json) {
    printJson(io, reportDocument(judged));
    for (const warning of warningsOf(judged)) io.err(warning);
  } else {
    await printAnnotations(io, options, judged);
    print(io, judged);
  }
  return writeReports(io, options, judged);
}

/** The bytes of a file, or why they can not be read: that does not keep the others from being judged. */
async function readPackage(io: Io, file: string | undefined): Promise<Bytes | DfuError | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readWholeFile(pathOf(io, file), MAX_PACKAGE_BYTES);
  } catch (error) {
    return asDfuError(error);
  }
}

async function judgeFile(
  file: string,
  content: Bytes | DfuError | undefined,
  trust: Trust,
  terms: VerifyOptions,
): Promise<Judged> {
  if (content === undefined) throw new Error('a file was judged before it was read');
  if (content instanceof DfuError) return { file, error: content };
  try {
    const { report } = await verifyPackage(content, trust, { ...terms, transfer: true });
    return { file, report };
  } catch (error) {
    return { file, error: asDfuError(error) };
  }
}

function print(io: Io, judged: readonly Judged[]): void {
  for (const one of judged) {
    if ('report' in one) io.out(renderText(one.report, one.file));
    else io.err(renderError(one.error, 'dfu-verify'));
  }
  if (judged.length === 1) return;
  const accepted = judged.filter((one) => 'report' in one && one.report.exit === 0).length;
  io.out(`${counted(judged.length, 'package')}: ${accepted} accepted, ${judged.length - accepted} not\n`);
}

function warningsOf(judged: readonly Judged[]): string[] {
  return judged.flatMap((one) =>
    'report' in one ? one.report.warnings.map((warning) => `dfu-verify: warning: ${warning}\n`) : [],
  );
}
