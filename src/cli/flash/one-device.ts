import type { Clock } from '../../core/clock.ts';
import { type DeviceState, DfuError, type ExitCode } from '../../core/errors.ts';
import type { Protocol, Run } from '../../flash/protocol.ts';
import { describeError, type ErrorReport, type FlashReport } from '../../flash/report.ts';
import { type FlashOptions, flashPackage } from '../../flash/session.ts';
import type { ByteLink, Port } from '../../link/link.ts';
import type { RejudgedPackage } from '../../verify/rejudge.ts';
import type { VerifyReport } from '../../verify/report.ts';
import { asDfuError } from '../program.ts';

/** Where one of several devices is. */
export interface DeviceTarget {
  /** As the operator named it. */
  label: string;
  port: Port<ByteLink>;
  clock: Clock;
}

/** A device that was not flashed for a reason that is not the device's: `refused`, or a fault of our own. */
export interface NotFlashed {
  formatVersion: 1;
  result: 'refused' | 'failed';
  exit: ExitCode;
  port: string;
  deviceState: DeviceState;
  durationMs: 0;
  error: ErrorReport;
}

/** What became of one of several devices. */
export type DeviceReport = FlashReport | NotFlashed;

/** What is the same for all devices of a call. */
export interface DeviceJob {
  pkg: RejudgedPackage;
  /** Time of day: expiry is judged anew for each device. */
  now: () => Date;
  protocol: Protocol<ByteLink>;
  flashOptions: FlashOptions;
}

/** Judges the package for this moment, and sends it to one device. Never throws: what goes wrong here is no other's fault. */
export async function flashDevice(
  { pkg, now, protocol, flashOptions }: DeviceJob,
  target: DeviceTarget,
  run: Omit<Run, 'clock'>,
): Promise<DeviceReport> {
  try {
    const { report, verified } = await pkg.judge(now().getTime());
    if (verified === undefined) return notFlashed(target, 'refused', refusal(report));
    return await flashPackage(verified, target.port, protocol, flashOptions, { ...run, clock: target.clock });
  } catch (cause) {
    const error = asDfuError(cause);
    return notFlashed(target, error.code === 'internal.fault' ? 'failed' : 'refused', error);
  }
}

/** Why a package that was good before is not any more. */
function refusal({ checks, verdict }: VerifyReport): DfuError {
  const failed = checks.find(({ status }) => status === 'fail');
  if (failed?.code === undefined) throw new Error(`a verdict ${verdict} without a check that failed`);
  const { code, message, cure, facts = {} } = failed;
  return new DfuError(code, `the package is not accepted any more: ${message}`, {
    facts,
    ...(cure && { cure }),
  });
}

function notFlashed({ port }: DeviceTarget, result: NotFlashed['result'], error: DfuError): NotFlashed {
  return {
    formatVersion: 1,
    result,
    exit: error.exit,
    port: port.name,
    deviceState: result === 'refused' ? 'untouched' : 'unknown',
    durationMs: 0,
    error: describeError(error),
  };
}

/** The result in a few words: `flashed [version]`, `failed [link.closed]`. */
export function inShort(report: DeviceReport): string {
  const { error } = report;
  if (error !== undefined) return `${report.result} [${error.code}]`;
  return `${report.result} [${'confirmation' in report ? report.confirmation : 'none'}]`;
}
