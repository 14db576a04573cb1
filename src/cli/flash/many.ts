import type { ExitCode } from '../../core/errors.ts';
import type { Io } from '../io.ts';
import { twoInterrupts } from './interrupts.ts';
import { type ManyView, manyView } from './many-progress.ts';
import { type DeviceJob, type DeviceReport, type DeviceTarget, flashDevice, inShort } from './one-device.ts';
import type { ProgressForm } from './progress.ts';

/** What became of several devices, in the operator's order. */
export interface ManyReport {
  result: 'flashed' | 'not-all' | 'interrupted';
  exit: ExitCode;
  devices: { target: DeviceTarget; report: DeviceReport }[];
}

/**
 * Sends one package to several devices at a time, each on its own: what one does or leaves undone delays and changes
 * nothing for the others. The first Ctrl-C stops all of them at safe points, the second at once.
 */
export async function flashMany(
  io: Io,
  job: DeviceJob,
  targets: readonly DeviceTarget[],
  progress: { form: ProgressForm; writeJson: (text: string) => void },
): Promise<ManyReport> {
  const labels = targets.map(({ label }) => label);
  const view = manyView(io, progress.form, targets[0]?.clock ?? io.clock, labels, progress.writeJson);
  const interrupts = twoInterrupts({ ...io, err: (text) => view.note(text) });
  try {
    const devices = await Promise.all(
      targets.map(async (target, index) => {
        const report = await flashDevice(job, target, {
          stop: interrupts.stop,
          signal: interrupts.signal,
          emit: (event) => view.show(index, event),
        });
        tellResult(view, index, report);
        return { target, report };
      }),
    );
    return { ...resultOf(devices.map(({ report }) => report)), devices };
  } finally {
    interrupts.end();
    view.end();
  }
}

function tellResult(view: ManyView, index: number, report: DeviceReport): void {
  view.result(index, inShort(report), report.result === 'flashed');
}

/** 0 when all succeeded, 130 when the operator stopped one of them, else 10. */
export function resultOf(reports: readonly DeviceReport[]): Pick<ManyReport, 'result' | 'exit'> {
  if (reports.some(({ result }) => result === 'interrupted')) return { result: 'interrupted', exit: 130 };
  const all = reports.length > 0 && reports.every(({ result }) => result === 'flashed');
  return all ? { result: 'flashed', exit: 0 } : { result: 'not-all', exit: 10 };
}
