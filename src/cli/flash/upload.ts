import type { Clock } from '../../core/clock.ts';
import { DfuError } from '../../core/errors.ts';
import { CONFIRMATIONS, type Protocol } from '../../flash/protocol.ts';
import { DEFAULT_RETRIES, type FlashOptions, flashPackage, planOptions } from '../../flash/session.ts';
import { MAX_PACKAGE_BYTES } from '../../format/limits.ts';
import type { ByteLink, Port } from '../../link/link.ts';
import { readWholeFile } from '../../node/files.ts';
import { renderText } from '../../verify/render/text.ts';
import type { Trust } from '../../verify/trust.ts';
import type { VerifiedPackage } from '../../verify/verified-package.ts';
import { verifyPackage } from '../../verify/verify.ts';
import { type Paint, readPaint } from '../colour.ts';
import { environmentValue, type Io, pathOf } from '../io.ts';
import { parseChoice, parseNumber } from '../options.ts';
import { printJson } from '../program.ts';
import { readTrustOptions, type TrustOptions, trustInputs } from '../trust-options.ts';
import { assertReportOptions } from '../verify/report-options.ts';
import {
  assertNoPort,
  choosePort,
  choosePortIfNamed,
  chooseProtocol,
  type DeviceOptions,
} from './device-options.ts';
import { type About, type FlashDocument, flashDocument, planDocument, refusalDocument } from './document.ts';
import { twoInterrupts } from './interrupts.ts';
import { PROGRESS_FORMS, type ProgressForm, progressView } from './progress.ts';
import { assertReportPossible, writeReport } from './report-file.ts';
import { parseSimulatedDevice, simulatedPort } from './simulated-port.ts';
import { renderFlashed, renderNotFlashed, renderPlan } from './text.ts';

export interface UploadOptions extends TrustOptions, DeviceOptions {
  simulate?: string;
  entry?: string;
  chunkSize?: string;
  confirm?: string;
  retries?: string;
  dryRun?: boolean;
  progress?: string;
  report?: string;
  json?: boolean;
}

/** Where a package goes, once it is known to be good. */
type Target = (pkg: VerifiedPackage) => { port: Port<ByteLink>; clock: Clock };

/** dfu-flash upload: verifies, plans, uploads, confirms. A package that is refused opens no port. */
export async function upload(io: Io, file: string, options: UploadOptions): Promise<number> {
  await assertReportOptions(io, options, [file, ...trustInputs(options)]);
  await assertReportPossible(io, options.report);
  const paint = readPaint(io);
  const protocol = chooseProtocol(io, options);
  const given = readFlashOptions(options, protocol);
  const form = readProgressForm(io, options);
  const target = await chooseTarget(io, options);
  const { trust, verifyOptions } = await readTrustOptions(io, options);
  assertProductKnown(trust, options);

  const bytes = await readWholeFile(pathOf(io, file), MAX_PACKAGE_BYTES);
  const { report, verified } = await verifyPackage(bytes, trust, { ...verifyOptions, transfer: true });
  const about: About = { file, verification: report };
  if (verified === undefined) {
    return conclude(io, options, refusalDocument(about), () =>
      io.err(paint('stderr', 'red', renderText(report, file))),
    );
  }
  for (const warning of report.warnings) io.err(`dfu-flash: warning: ${warning}\n`);
  const { device: operator = {}, allowDowngrade = false } = verifyOptions;
  const flashOptions = { ...given, operator, allowDowngrade };
  const plan = protocol.plan(verified, planOptions(protocol, flashOptions));
  if (target === undefined) {
    return conclude(io, options, planDocument(plan, about), () => io.out(renderPlan(plan)));
  }
  return send(io, options, about, { pkg: verified, target, protocol, flashOptions, form, paint });
}

/**
 * By a trust file of several products a package for any of them would pass; no device of ours tells its product.
 * Throws `usage.invalid`.
 */
function assertProductKnown(trust: Trust, { product }: TrustOptions): void {
  if (trust.kind !== 'file' || trust.file.rules.size <= 1 || product !== undefined) return;
  throw new DfuError('usage.invalid', `the trust file has rules for ${trust.file.rules.size} products`, {
    cure: 'Say with --product which of them the device is: otherwise a package for any of them would be flashed.',
  });
}

interface Job {
  pkg: VerifiedPackage;
  target: Target;
  protocol: Protocol<ByteLink>;
  flashOptions: FlashOptions;
  form: ProgressForm;
  paint: Paint;
}

async function send(io: Io, options: UploadOptions, about: About, job: Job): Promise<number> {
  const { pkg, target, protocol, flashOptions, form, paint } = job;
  const { port, clock } = target(pkg);
  // Whoever reads events of progress from standard output gets nothing else there.
  const eventsOnStdout = form === 'json' && !options.json;
  const view = progressView(io, form, clock, eventsOnStdout ? io.out : io.err);
  const interrupts = twoInterrupts(io);
  const { stop, signal } = interrupts;
  const report = await flashPackage(pkg, port, protocol, flashOptions, {
    clock,
    stop,
    signal,
    emit: (progress) => view.show(progress),
  }).finally(() => {
    interrupts.end();
    view.end();
  });
  return conclude(io, options, flashDocument(report, about), () => {
    if (report.error !== undefined) io.err(paint('stderr', 'red', renderNotFlashed(report)));
    else if (eventsOnStdout) io.err(paint('stderr', 'green', renderFlashed(report)));
    else io.out(paint('stdout', 'green', renderFlashed(report)));
  });
}

/** Prints the result, then writes the report; gives the exit code. */
function conclude(
  io: Io,
  { json, report }: UploadOptions,
  document: FlashDocument,
  print: () => void,
): Promise<number> {
  if (json) printJson(io, document);
  // Results are the document's then; what failed is said to a person as well.
  if (!json || document.exit !== 0) print();
  return writeReport(io, report, document);
}

/**
 * Where to; `undefined` for a dry run, which needs no port. What is said of a port is checked all the same.
 * Throws `usage.invalid`.
 */
async function chooseTarget(io: Io, options: UploadOptions): Promise<Target | undefined> {
  if (options.simulate !== undefined) {
    parseSimulatedDevice('--simulate', options.simulate);
    assertNoPort(options, '--simulate');
    return options.dryRun ? undefined : simulatedPort;
  }
  const port = options.dryRun ? choosePortIfNamed(io, options) : await choosePort(io, options);
  return port === undefined || options.dryRun ? undefined : () => ({ port, clock: io.clock });
}

function readFlashOptions(
  options: UploadOptions,
  { entries }: Pick<Protocol<ByteLink>, 'entries'>,
): Omit<FlashOptions, 'operator'> {
  const { entry, chunkSize, confirm, retries } = options;
  return {
    entry: entry === undefined ? 'auto' : parseChoice('--entry', entry, entries),
    ...(chunkSize === undefined ? {} : { chunkBytes: parseNumber('--chunk-size', chunkSize, 1, 0xffff) }),
    confirm: confirm === undefined ? 'auto' : parseChoice('--confirm', confirm, ['auto', ...CONFIRMATIONS]),
    retries: retries === undefined ? DEFAULT_RETRIES : parseNumber('--retries', retries, 0, 100),
  };
}

function readProgressForm(io: Io, options: UploadOptions): ProgressForm {
  if (options.progress !== undefined) return parseChoice('--progress', options.progress, PROGRESS_FORMS);
  const fromEnvironment = environmentValue(io, 'DFUKIT_PROGRESS');
  return fromEnvironment === undefined
    ? 'auto'
    : parseChoice('DFUKIT_PROGRESS', fromEnvironment, PROGRESS_FORMS);
}
