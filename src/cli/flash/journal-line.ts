import { shown } from '../../core/text.ts';
import { version } from '../../core/version.ts';
import type { VerifiedPackage } from '../../verify/verified-package.ts';
import { jsonLine } from '../program.ts';
import { type DeviceReport, inShort } from './one-device.ts';

/** A line of a station's journal: schemas/journal-line-v1.schema.json. */
export interface JournalRecord {
  formatVersion: 1;
  /** Its own, in all journals. */
  record: string;
  /** When the flash was over, UTC. */
  time: string;
  station?: string;
  /** The operator's id for the device: what was scanned. */
  device?: string;
  port: string;
  result: DeviceReport['result'];
  exit: number;
  code?: string;
  message?: string;
  deviceState: DeviceReport['deviceState'];
  confirmation?: string;
  durationMs: number;
  attempts: number;
  /** What the device told of itself; names as in the facts of flash-report-v1. */
  told: Record<string, string>;
  package: { packageId: string; verdict: string; name: string; version: string; product: string };
  images: { name: string; role: string; sha256: string }[];
  tool: { name: 'dfukit'; version: string };
}

/** What is the same for all lines of a station. */
export interface JournalHead {
  station: string | undefined;
  pkg: VerifiedPackage;
}

/** The record of one flash. `device` is the operator's id, as it was read. */
export function journalRecord(
  { station, pkg }: JournalHead,
  report: DeviceReport,
  { label, device, time }: { label: string; device: string | undefined; time: Date },
): JournalRecord {
  const { error } = report;
  const ran = 'facts' in report ? report : undefined;
  const { manifest, packageId, verdict, images } = pkg;
  return {
    formatVersion: 1,
    record: crypto.randomUUID(),
    time: time.toISOString(),
    ...(station === undefined ? {} : { station: shown(station) }),
    ...(device === undefined ? {} : { device: shown(device) }),
    port: shown(label),
    result: report.result,
    exit: report.exit,
    ...(error && { code: error.code, message: shown(error.message) }),
    deviceState: report.deviceState,
    ...(ran?.confirmation && { confirmation: ran.confirmation }),
    durationMs: report.durationMs,
    attempts: ran?.attempts.length ?? 0,
    told: Object.fromEntries(
      (ran?.facts ?? []).flatMap(({ name, value, source }) => (source === 'device' ? [[name, value]] : [])),
    ),
    package: {
      packageId,
      verdict,
      name: manifest.name,
      version: manifest.version,
      product: manifest.target.product,
    },
    images: images.map(({ entry: { name, role, sha256 } }) => ({ name, role, sha256 })),
    tool: { name: 'dfukit', version },
  };
}

/** The record as the line that goes into the journal, to stdout and to the program of `--on-result`; without newline. */
export function journalLine(record: JournalRecord): string {
  return jsonLine(record);
}

const VERDICTS: Readonly<Record<DeviceReport['result'], string>> = {
  flashed: 'OK',
  failed: 'FAILED',
  refused: 'FAILED',
  interrupted: 'STOPPED',
};

/** The same in short, for a person. */
export function resultLine(record: JournalRecord, report: DeviceReport): string {
  const { time, device, port, package: pkg, durationMs } = record;
  const verdict = VERDICTS[report.result];
  const who = device === undefined ? port : `${device} at ${port}`;
  const seconds = (durationMs / 1000).toFixed(1);
  return `${time} ${verdict} ${who}: ${pkg.name} ${pkg.version} ${inShort(report)}, ${seconds} s`;
}
