import type { Paint } from '../colour.ts';
import type { Io } from '../io.ts';
import { printJson } from '../program.ts';
import type { About } from './document.ts';
import { flashMany } from './many.ts';
import { manyDocument, renderBad, renderGood } from './many-document.ts';
import type { DeviceJob, DeviceTarget } from './one-device.ts';
import type { ProgressForm } from './progress.ts';
import { writeReport } from './report-file.ts';

/** Uploads to several devices, prints what became of them, writes the report; gives the exit code. */
export async function uploadToMany(
  io: Io,
  about: About,
  job: DeviceJob,
  targets: readonly DeviceTarget[],
  options: { form: ProgressForm; paint: Paint; json?: boolean | undefined; report?: string | undefined },
): Promise<number> {
  const { form, paint, json, report: file } = options;
  const eventsOnStdout = form === 'json' && !json;
  const report = await flashMany(io, job, targets, { form, writeJson: eventsOnStdout ? io.out : io.err });
  const document = manyDocument(report, about);
  const good = renderGood(report);
  if (json) printJson(io, document);
  else if (good !== '') {
    if (eventsOnStdout) io.err(paint('stderr', 'green', good));
    else io.out(paint('stdout', 'green', good));
  }
  const bad = renderBad(report);
  if (bad !== '') io.err(paint('stderr', 'red', bad));
  return writeReport(io, file, document);
}
