import { printableLine } from '../../core/text.ts';
import { version } from '../../core/version.ts';
import type { FlashPlan } from '../../flash/protocol.ts';
import type { FlashReport } from '../../flash/report.ts';
import type { VerifyReport } from '../../verify/report.ts';

/** What was judged. */
export interface About {
  file: string;
  verification: VerifyReport;
}

/** A document of `--json` and `--report`: schemas/flash-report-v1.schema.json. */
export interface FlashDocument {
  result: FlashReport['result'] | 'refused' | 'planned';
  exit: number;
}

/** The package was not accepted; no port was opened. */
export function refusalDocument({ file, verification }: About): FlashDocument {
  return document('refused', verification.exit, { file, verification }, {});
}

/** A dry run. */
export function planDocument(plan: FlashPlan, about: About): FlashDocument {
  const { protocol, options, sessions, totalBytes } = plan;
  return document('planned', 0, about, {
    protocol,
    options,
    sessions: sessions.map(({ image, requests }) => ({
      image: image.entry.name,
      size: image.bytes.length,
      sha256: image.entry.sha256,
      requests,
    })),
    imageBytes: totalBytes,
  });
}

/** A run that reached the port, or, with `replayOf`, that of a record: then no device was there. */
export function flashDocument(report: FlashReport, about: About, replayOf?: string): FlashDocument {
  const { error, attempts, ...rest } = report;
  return document(report.result, report.exit, about, {
    ...(replayOf === undefined ? {} : { replayOf }),
    ...rest,
    attempts: attempts.map((attempt) => ({
      ...attempt,
      ...(attempt.error && {
        error: { ...attempt.error, message: printableLine(attempt.error.message) },
      }),
    })),
    ...(error && { error: { ...error, message: printableLine(error.message) } }),
  });
}

function document(
  result: FlashDocument['result'],
  exit: number,
  { file, verification }: About,
  more: object,
): FlashDocument {
  return {
    ...{ formatVersion: 1, tool: { name: 'dfukit', version }, file },
    ...more,
    result,
    exit,
    ...{ verification },
  };
}
