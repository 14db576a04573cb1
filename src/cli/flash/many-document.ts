import { DfuError } from '../../core/errors.ts';
import { counted, printableLine, shown } from '../../core/text.ts';
import { version } from '../../core/version.ts';
import { renderError } from '../error-output.ts';
import type { About } from './document.ts';
import type { ManyReport } from './many.ts';
import { type DeviceReport, inShort } from './one-device.ts';

/** A document of `--json` and `--report` where several ports were named: schemas/flash-reports-v1.schema.json. */
export interface ManyDocument {
  result: ManyReport['result'];
  exit: number;
}

export function manyDocument({ devices, result, exit }: ManyReport, about: About): ManyDocument {
  const reports = devices.map(({ report }) => report);
  const count = (wanted: DeviceReport['result']) =>
    reports.filter((report) => report.result === wanted).length;
  return {
    ...{ formatVersion: 1, tool: { name: 'dfukit', version }, file: about.file },
    result,
    exit,
    ...{
      summary: {
        devices: reports.length,
        flashed: count('flashed'),
        failed: count('failed'),
        interrupted: count('interrupted'),
        refused: count('refused'),
      },
      devices: reports.map(printableReport),
      verification: about.verification,
    },
  };
}

/** The report with the messages of its errors as they may be printed. */
function printableReport(report: DeviceReport): object {
  const { error, ...rest } = report;
  const attempts = 'attempts' in report ? report.attempts : undefined;
  return {
    ...rest,
    ...(attempts && {
      attempts: attempts.map((attempt) => ({
        ...attempt,
        ...(attempt.error && {
          error: { ...attempt.error, message: printableLine(attempt.error.message) },
        }),
      })),
    }),
    ...(error && { error: { ...error, message: printableLine(error.message) } }),
  };
}

/** A line for each device that has the new firmware, for a person. */
export function renderGood({ devices }: ManyReport): string {
  return devices
    .filter(({ report }) => report.result === 'flashed')
    .map(({ target, report }) => `${describe(target.label, report)}\n`)
    .join('');
}

/** What failed, device by device, and how many of all; empty where nothing did. */
export function renderBad({ devices, result }: ManyReport): string {
  const bad = devices.filter(({ report }) => report.result !== 'flashed');
  if (bad.length === 0) return '';
  const each = bad.map(({ target, report }) => renderDeviceError(target.label, report)).join('');
  if (result === 'interrupted') return each;
  const names = bad.map(({ target }) => shown(target.label)).join(', ');
  const text = `${bad.length} of ${counted(devices.length, 'device')} failed: ${names}`;
  return each + renderError(new DfuError('flash.not-all', text), 'dfu-flash');
}

/** What kept one device from being flashed, for a person. */
export function renderDeviceError(label: string, report: DeviceReport): string {
  const { error, deviceState } = report;
  if (error === undefined) throw new TypeError('not a failure');
  const again = error.retryable ? 'Another run may help.' : 'Another run, unchanged, will not help.';
  const text = `${shown(label)}: ${error.message}\n  ${again}`;
  return renderError(new DfuError(error.code, text, { deviceState, cure: error.cure }), 'dfu-flash');
}

/** One line on a device that has the new firmware. */
export function describe(label: string, report: DeviceReport): string {
  const pkg = 'package' in report ? `${report.package.name} ${report.package.version} ` : '';
  return printableLine(
    `${shown(label)}: ${pkg}${inShort(report)}, ${(report.durationMs / 1000).toFixed(1)} s`,
  );
}
