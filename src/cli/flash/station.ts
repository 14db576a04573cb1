import { DfuError } from '../../core/errors.ts';
import { counted, printableLine, shown } from '../../core/text.ts';
import type { Protocol } from '../../flash/protocol.ts';
import { findProtocol } from '../../flash/registry.ts';
import { planOptions } from '../../flash/session.ts';
import { MAX_PACKAGE_BYTES } from '../../format/limits.ts';
import type { ByteLink } from '../../link/link.ts';
import { readWholeFile } from '../../node/files.ts';
import { Journal } from '../../node/journal.ts';
import { tellProgram } from '../../node/result-program.ts';
import { RejudgedPackage } from '../../verify/rejudge.ts';
import { renderText } from '../../verify/render/text.ts';
import type { VerifiedPackage } from '../../verify/verified-package.ts';
import { readPaint } from '../colour.ts';
import { renderError } from '../error-output.ts';
import { type Io, pathOf } from '../io.ts';
import { parseChoice } from '../options.ts';
import { assertAnotherFile } from '../same-file.ts';
import { readTrustOptions, type TrustOptions, trustInputs } from '../trust-options.ts';
import { assertNoPort, chooseProtocol } from './device-options.ts';
import { twoInterrupts } from './interrupts.ts';
import { resultLine } from './journal-line.ts';
import { renderDeviceError } from './many-document.ts';
import { portView } from './many-progress.ts';
import { type DeviceJob, type DeviceTarget, flashDevice } from './one-device.ts';
import { assertPortOptions } from './port-options.ts';
import type { ProgressForm } from './progress.ts';
import { parseSimulatedDevice, simulatedPort } from './simulated-port.ts';
import { Station, type StationParts } from './station-loop.ts';
import { byBootEvent, byInput, byPort, existing, seenPorts } from './station-triggers.ts';
import {
  chooseOneOrMore,
  chooseTargets,
  type DevicesOptions,
  listPorts,
  singlePort,
  targetAt,
} from './targets.ts';
import {
  assertProductKnown,
  readFlashOptions,
  readProgressForm,
  type SendOptions,
} from './upload-options.ts';

export interface StationOptions extends TrustOptions, DevicesOptions, SendOptions {
  trigger?: string;
  simulate?: string;
  journal?: string;
  station?: string;
  onResult?: string;
  onResultArg?: string[];
  json?: boolean;
}

const TRIGGERS = ['port', 'boot-event', 'stdin'] as const;
type Trigger = (typeof TRIGGERS)[number];

/** dfu-flash station: one package for one device after the other, until Ctrl-C or, by `stdin`, the end of input. */
export async function station(io: Io, file: string, options: StationOptions): Promise<number> {
  const paint = readPaint(io);
  const trigger = readTrigger(options);
  const protocol = chooseProtocol(io, singlePort(options));
  const given = readFlashOptions(options, protocol);
  const form = readProgressForm(io, options);
  await assertStationOptions(io, options, [file, ...trustInputs(options)]);
  const start = await prepareTrigger(io, trigger, protocol, options);
  const { trust, verifyOptions } = await readTrustOptions(io, options);
  assertProductKnown(trust, options);

  const bytes = await readWholeFile(pathOf(io, file), MAX_PACKAGE_BYTES);
  const pkg = new RejudgedPackage(bytes, trust, verifyOptions);
  const { report, verified } = await pkg.judge(io.now().getTime());
  if (verified === undefined) {
    io.err(paint('stderr', 'red', renderText(report, file)));
    return report.exit;
  }
  for (const warning of report.warnings) io.err(`dfu-flash: warning: ${warning}\n`);
  const { device: operator = {}, allowDowngrade = false } = verifyOptions;
  const flashOptions = { ...given, operator, allowDowngrade };
  protocol.plan(verified, planOptions(protocol, flashOptions));
  return run(io, { pkg, now: io.now, protocol, flashOptions }, { verified, form, start, options });
}

interface Setting {
  verified: VerifiedPackage;
  form: ProgressForm;
  start: Start;
  options: StationOptions;
}

/** Waits for what starts a flash; resolves when nothing will any more. */
type Start = (station: Station, pkg: VerifiedPackage, warn: (error: DfuError) => void) => Promise<void>;

async function run(io: Io, job: DeviceJob, { verified, form, start, options }: Setting): Promise<number> {
  const { json, onResult, onResultArg = [] } = options;
  const paint = readPaint(io);
  const warn = (error: DfuError) => io.err(renderError(error, 'dfu-flash'));
  const journal = options.journal === undefined ? undefined : await openJournal(io, options.journal);
  const interrupts = twoInterrupts(io);
  const { stop, signal } = interrupts;
  // Whoever reads events of progress from standard output gets nothing else there.
  const eventsOnStdout = form === 'json' && !json;
  const writeJson = eventsOnStdout ? io.out : io.err;
  const parts: StationParts = {
    head: { station: options.station, pkg: verified },
    ...{ clock: io.clock, now: io.now, stop, signal, warn },
    flash: (target, own) => flashDevice(job, target, own),
    ...(journal && { append: (line) => journal.append(line) }),
    announce: (record, line, report, target) => {
      if (report.error !== undefined) io.err(renderDeviceError(target.label, report));
      const text = json ? line : printableLine(resultLine(record, report));
      const colour = report.error === undefined ? 'green' : 'red';
      const stream = eventsOnStdout ? 'stderr' : 'stdout';
      const painted = json ? `${text}\n` : paint(stream, colour, `${text}\n`);
      if (eventsOnStdout) io.err(painted);
      else io.out(painted);
    },
    ...(onResult !== undefined && {
      tellProgram: (line, wait) =>
        tellProgram({ program: onResult, args: onResultArg, cwd: io.cwd }, line, wait),
    }),
    progress: (target, device) => {
      const label = device === undefined ? target.label : `${shown(device)} at ${target.label}`;
      const view = portView(io, form, target.clock, label, writeJson);
      return (progress) => view.show(progress);
    },
  };
  const all = new Station(parts);
  try {
    io.err('The station is ready. Ctrl-C ends it.\n');
    await start(all, verified, warn).finally(() => all.finish());
  } finally {
    interrupts.end();
    await journal?.close();
  }
  const { flashed, failed, interrupted } = all.counted;
  io.err(`The station ends: ${flashed} flashed, ${failed} failed, ${interrupted} interrupted.\n`);
  if (interrupted > 0) return 130;
  // Whoever ended the input waits for all of it; whoever pressed Ctrl-C has seen the results.
  return failed > 0 && !stop.aborted ? 10 : 0;
}

async function openJournal(io: Io, file: string): Promise<Journal> {
  const journal = await Journal.open(pathOf(io, file));
  if (journal.foundTorn) {
    io.err(
      `dfu-flash: warning: the journal ${shown(file)} ended in a line that a crash cut off; it stands there by itself now\n`,
    );
  }
  return journal;
}

function readTrigger({ trigger }: StationOptions): Trigger {
  if (trigger !== undefined) return parseChoice('--trigger', trigger, TRIGGERS);
  throw new DfuError('usage.invalid', 'it is not said what starts a flash', {
    cure: `Say with --trigger one of ${TRIGGERS.join(', ')}.`,
  });
}

async function assertStationOptions(
  io: Io,
  options: StationOptions,
  inputs: readonly string[],
): Promise<void> {
  const { journal, station: name, onResult, onResultArg } = options;
  const given = { '--journal': journal, '--station': name, '--on-result': onResult };
  for (const [option, value] of Object.entries(given)) {
    if (value === '') throw new DfuError('usage.invalid', `${option} is empty`);
  }
  if (onResultArg !== undefined && onResult === undefined) {
    throw new DfuError('usage.invalid', '--on-result-arg needs --on-result');
  }
  if (journal !== undefined) await assertAnotherFile(io, '--journal', journal, inputs);
}

/** All that can be wrong with where to is found here. Throws `usage.invalid`. */
async function prepareTrigger(
  io: Io,
  trigger: Trigger,
  protocol: Protocol<ByteLink>,
  options: StationOptions,
): Promise<Start> {
  if (options.all) {
    throw new DfuError('usage.invalid', '--all is for upload; --trigger port takes all ports that appear');
  }
  if (options.simulate !== undefined) return bySimulation(io, trigger, options.simulate, options);
  if (trigger === 'port') return preparePort(io, options);
  const targets = await chooseOneOrMore(io, options);
  if (trigger === 'boot-event') {
    // What finds out the protocol of a device needs a device that answers.
    const spoken = protocol.name === 'auto' ? findProtocol('bgapi') : protocol;
    if (spoken?.awaitStart === undefined) {
      throw new DfuError('usage.invalid', `the bootloaders of ${protocol.name} tell no boot event`, {
        cure: 'Take --trigger port or stdin.',
      });
    }
    return (all, _, warn) => byBootEvent(io.clock, all, spoken, targets, warn);
  }
  const [target] = targets;
  if (target === undefined || targets.length > 1) {
    throw new DfuError('usage.invalid', `--trigger stdin takes one port, not ${targets.length}`, {
      cure: 'Start a station for each port: a serial number belongs to one device. They may share a journal.',
    });
  }
  return (all, _, warn) => byInput(io, all, () => target, warn);
}

function bySimulation(io: Io, trigger: Trigger, name: string, options: StationOptions): Start {
  const kind = parseSimulatedDevice('--simulate', name);
  assertNoPort(singlePort(options), '--simulate');
  if (trigger !== 'stdin') throw new DfuError('usage.invalid', '--simulate needs --trigger stdin');
  return (all, pkg, warn) =>
    byInput(io, all, () => ({ label: 'simulated', ...simulatedPort(pkg, kind) }), warn);
}

/** Ports that are named are looked for by their names, else every serial port that fits. */
async function preparePort(io: Io, options: StationOptions): Promise<Start> {
  const { port: paths } = options;
  const targets = new Map<string, DeviceTarget>();
  if (paths !== undefined) {
    for (const target of await chooseTargets(io, options)) targets.set(target.label, target);
  }
  // What is said of ports is found wrong here, not when the first of them comes.
  assertPortOptions(io, options);
  const make = (path: string) => targets.get(path) ?? targetAt(io, path, options);
  const look = paths === undefined ? async () => seenPorts(await listPorts(options)) : () => existing(paths);
  const leftAlone = (there: readonly string[]) =>
    io.err(
      `${counted(there.length, 'port')} there already, left alone until unplugged: ${there.map(shown).join(', ')}\n`,
    );
  return (all) => byPort(io.clock, all, look, make, leftAlone);
}
