import type { Clock } from '../../core/clock.ts';
import { DfuError } from '../../core/errors.ts';
import type { Protocol, Run } from '../../flash/protocol.ts';
import type { FlashReport } from '../../flash/report.ts';
import { type FlashOptions, flashPackage, planOptions } from '../../flash/session.ts';
import { MAX_PACKAGE_BYTES } from '../../format/limits.ts';
import type { ByteLink, Port } from '../../link/link.ts';
import { readWholeFile } from '../../node/files.ts';
import { RejudgedPackage } from '../../verify/rejudge.ts';
import { renderText } from '../../verify/render/text.ts';
import type { VerifiedPackage } from '../../verify/verified-package.ts';
import { verifyPackage } from '../../verify/verify.ts';
import { type Paint, readPaint } from '../colour.ts';
import { type Io, pathOf } from '../io.ts';
import { printJson } from '../program.ts';
import { readTrustOptions, type TrustOptions, trustInputs } from '../trust-options.ts';
import { assertReportOptions } from '../verify/report-options.ts';
import { assertNoPort, choosePort, choosePortIfNamed, chooseProtocol } from './device-options.ts';
import { type About, type FlashDocument, flashDocument, planDocument, refusalDocument } from './document.ts';
import { twoInterrupts } from './interrupts.ts';
import type { DeviceTarget } from './one-device.ts';
import { type ProgressForm, progressView } from './progress.ts';
import type { ReplayTarget } from './replay-option.ts';
import { assertReportPossible, writeReport } from './report-file.ts';
import { parseSimulatedDevice, simulatedPort } from './simulated-port.ts';
import { asksForSeveral, chooseTargets, type DevicesOptions, singlePort } from './targets.ts';
import { renderFlashed, renderNotFlashed, renderPlan } from './text.ts';
import {
  assertProductKnown,
  readFlashOptions,
  readProgressForm,
  type SendOptions,
} from './upload-options.ts';

export interface UploadOptions extends TrustOptions, DevicesOptions, SendOptions {
  simulate?: string;
  trace?: string;
  replay?: string;
  dryRun?: boolean;
  report?: string;
  json?: boolean;
}

/** Where a package goes, once it is known to be good. */
type Target = (pkg: VerifiedPackage) => { port: Port<ByteLink>; clock: Clock } | ReplayTarget;

/** dfu-flash upload: verifies, plans, uploads, confirms. A package that is refused opens no port. */
export async function upload(io: Io, file: string, asked: UploadOptions): Promise<number> {
  const record = asked.replay === undefined ? undefined : await readRecord(io, asked.replay, asked);
  const options: UploadOptions = { ...record?.options, ...asked };
  const inputs = [file, ...trustInputs(options), ...(options.replay === undefined ? [] : [options.replay])];
  await assertReportOptions(io, options, inputs);
  await assertTrace(io, options, inputs);
  await assertReportPossible(io, options.report);
  const paint = readPaint(io);
  const protocol = chooseProtocol(io, singlePort(options));
  const given = readFlashOptions(options, protocol);
  const form = readProgressForm(io, options);
  const several = asksForSeveral(options);
  const targets = several ? await chooseSeveral(io, options) : [];
  const target = record?.target ?? (several ? undefined : await chooseTarget(io, options));
  const { trust, verifyOptions } = await readTrustOptions(io, options);
  assertProductKnown(trust, options);

  const bytes = await readWholeFile(pathOf(io, file), MAX_PACKAGE_BYTES);
  const pkg = several ? new RejudgedPackage(bytes, trust, verifyOptions) : undefined;
  const { report, verified } =
    pkg === undefined
      ? await verifyPackage(bytes, trust, { ...verifyOptions, transfer: true })
      : await pkg.judge(io.now().getTime());
  const about: About = { file, verification: report };
  if (verified === undefined) {
    return conclude(io, options, refusalDocument(about), () =>
      io.err(paint('stderr', 'red', renderText(report, file))),
    );
  }
  for (const warning of report.warnings) io.err(`dfu-flash: warning: ${warning}\n`);
  const operator = { ...record?.operator, ...verifyOptions.device };
  const allowDowngrade = verifyOptions.allowDowngrade === true || record?.allowDowngrade === true;
  const flashOptions = { ...given, operator, allowDowngrade };
  const plan = protocol.plan(verified, planOptions(protocol, flashOptions));
  if (pkg !== undefined && !options.dryRun) {
    const { uploadToMany } = await import('./upload-many.ts');
    const job = { pkg, now: io.now, protocol, flashOptions };
    const { json, report: file } = options;
    return uploadToMany(io, about, job, targets, { form, paint, json, report: file });
  }
  if (target === undefined) {
    return conclude(io, options, planDocument(plan, about), () => io.out(renderPlan(plan, protocol.name)));
  }
  return send(io, options, about, { pkg: verified, target, protocol, flashOptions, form, paint });
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
  const at = target(pkg);
  const { port, clock } = at;
  // Whoever reads events of progress from standard output gets nothing else there.
  const eventsOnStdout = form === 'json' && !options.json;
  const view = progressView(io, form, clock, eventsOnStdout ? io.out : io.err);
  const interrupts = twoInterrupts(io);
  const { stop, signal } = 'bothOperators' in at ? at.bothOperators(interrupts) : interrupts;
  const run: Run = { clock, stop, signal, emit: (progress) => view.show(progress) };
  const flash = (to: Port<ByteLink>, its: Run) => flashPackage(pkg, to, protocol, flashOptions, its);
  const { value: report, exitAfter } = await (options.trace === undefined
    ? flash(port, run).then((value) => ({ value, exitAfter: (exit: number) => exit }))
    : traced(io, options.trace, { port, run }, options, job, flash)
  ).finally(() => {
    interrupts.end();
    view.end();
  });
  const replayOf = 'replayOf' in at ? at.replayOf : undefined;
  if ('assertSame' in at) at.assertSame(report);
  const exit = await conclude(io, options, flashDocument(report, about, replayOf), () => {
    if (report.error !== undefined) io.err(paint('stderr', 'red', renderNotFlashed(report)));
    else if (eventsOnStdout) io.err(paint('stderr', 'green', renderFlashed(report, replayOf)));
    else io.out(paint('stdout', 'green', renderFlashed(report, replayOf)));
  });
  return exitAfter(exit);
}

/** Loaded where it is asked for: a run against a record. */
async function readRecord(io: Io, file: string, options: UploadOptions) {
  const { port: _, ...rest } = options;
  const { readUploadRecord } = await import('./replay-option.ts');
  return readUploadRecord(io, file, { ...rest, ...singlePort(options) });
}

async function assertTrace(io: Io, options: UploadOptions, inputs: readonly string[]): Promise<void> {
  if (options.trace === undefined) return;
  if (asksForSeveral(options)) {
    throw new DfuError('usage.invalid', '--trace records one device; several are asked for');
  }
  const { assertTraceOption } = await import('./trace-option.ts');
  await assertTraceOption(io, options, [...inputs, options.report]);
}

/** The same with a record of it. */
async function traced(
  io: Io,
  file: string,
  given: { port: Port<ByteLink>; run: Run },
  { reset }: UploadOptions,
  { pkg, protocol, flashOptions }: Job,
  flash: (port: Port<ByteLink>, run: Run) => Promise<FlashReport>,
) {
  const { recordRun, tracedOptions } = await import('./trace-option.ts');
  const options = { ...tracedOptions(flashOptions), ...(reset === undefined ? {} : { reset }) };
  const work = { command: 'upload', protocol: protocol.name, packageId: pkg.packageId, options } as const;
  return recordRun(io, file, work, given, flash, ({ exit, error, deviceState }) => ({
    exit,
    ...(error && { code: error.code }),
    deviceState,
  }));
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
  const one = singlePort(options);
  if (options.simulate !== undefined) {
    const kind = parseSimulatedDevice('--simulate', options.simulate);
    assertNoPort(one, '--simulate');
    return options.dryRun ? undefined : (pkg) => simulatedPort(pkg, kind);
  }
  const port = options.dryRun ? choosePortIfNamed(io, one) : await choosePort(io, one);
  return port === undefined || options.dryRun ? undefined : () => ({ port, clock: io.clock });
}

/** Where to, for several. Throws `usage.invalid`, and `link.not-found` where `--all` are none. */
async function chooseSeveral(io: Io, options: UploadOptions): Promise<DeviceTarget[]> {
  if (options.simulate !== undefined) {
    const option = options.all ? '--all' : '--port';
    throw new DfuError('usage.invalid', `${option} and --simulate exclude each other`);
  }
  return chooseTargets(io, options);
}
