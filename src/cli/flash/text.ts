import { DfuError } from '../../core/errors.ts';
import { counted, printableLine } from '../../core/text.ts';
import type { Confirmation, Entry, FlashPlan } from '../../flash/protocol.ts';
import type { FlashReport } from '../../flash/report.ts';
import { renderError } from '../error-output.ts';

const EVIDENCE: Record<Confirmation, string> = {
  version: 'The application booted and told the version expected.',
  booted: 'The application booted.',
  'handed-over':
    'Handed over: after the reset no event told of a failure, and nothing answered. A silent application looks like this.',
  none: 'Its start was not looked at, as asked for.',
};

const ENTRY: Record<Entry, string> = {
  auto: 'ask bootloader and application',
  bgapi: 'ask bootloader and application',
  manual: 'wait for the operator to do it',
  none: 'expect it to be there',
};

/** A successful run, for a person; `replayOf` is the record that stood for the device. */
export function renderFlashed(report: FlashReport, replayOf?: string): string {
  const {
    package: pkg,
    confirmation = 'none',
    facts,
    notTold,
    attempts,
    imageBytes,
    wireBytes,
    strayResponses = 0,
  } = report;
  const failed = attempts.at(-1)?.error;
  const told = facts.filter(({ source }) => source === 'device').map(({ name, value }) => `${name} ${value}`);
  return lines([
    ...(replayOf === undefined ? [] : [`Replay of ${replayOf}. No device was there; its record says:`]),
    `${pkg.name} ${pkg.version} was sent to ${report.port} and accepted.`,
    `  ${EVIDENCE[confirmation]} [${confirmation}]`,
    ...(failed === undefined
      ? []
      : [
          `  The last attempt ended with ${failed.code}; the device was asked again, and runs it all the same.`,
        ]),
    ...(told.length === 0 ? [] : [`  The device told: ${told.join(', ')}`]),
    ...(notTold.length === 0
      ? []
      : [`  Not compared, since the device did not tell it before the update: ${notTold.join(', ')}`]),
    `  ${counted(imageBytes, 'byte')} of image, ${wireBytes === undefined ? '' : `${wireBytes} over the wire, `}${counted(attempts.length, 'attempt')}, ${seconds(report.durationMs)}`,
    ...(strayResponses === 0
      ? []
      : [`  Warning: ${counted(strayResponses, 'answer')} came that nobody had asked for; check the cable`]),
  ]);
}

/** A run that failed or was stopped, for a person: the error, the state of the device, and whether to try again. */
export function renderNotFlashed(report: FlashReport): string {
  const { error, deviceState, attempts } = report;
  if (error === undefined) throw new TypeError('not a failure');
  const before = attempts
    .slice(0, -1)
    .flatMap(({ attempt, error: failed }) =>
      failed === undefined ? [] : [`  Attempt ${attempt}: ${failed.message} [${failed.code}]`],
    );
  const again = error.retryable ? 'Another run may help.' : 'Another run, unchanged, will not help.';
  const shownError = new DfuError(error.code, [error.message, ...before, `  ${again}`].join('\n'), {
    deviceState,
    cure: error.cure,
  });
  return renderError(shownError, 'dfu-flash');
}

/** A plan, for a person: what a dry run prints. `asked` is the protocol that was named, which may be `auto`. */
export function renderPlan(plan: FlashPlan, asked: string): string {
  const { package: pkg, options, sessions, totalBytes } = plan;
  const { manifest } = pkg;
  return lines([
    `Plan: ${manifest.name} ${manifest.version} for ${manifest.target.product}, by ${plan.protocol}${asked === plan.protocol ? '' : `, unless another bootloader is found (${asked})`}`,
    `  bootloader: ${ENTRY[options.entry]} [${options.entry}]`,
    ...sessions.map(
      ({ image, requests }) =>
        `  image ${image.entry.name}: ${counted(image.bytes.length, 'byte')} in ${counted(requests, 'request')} of at most ${options.chunkBytes} bytes`,
    ),
    `  in all ${counted(totalBytes, 'byte')}; then start the application and ask for evidence: ${options.confirm}`,
    'Nothing was sent.',
  ]);
}

function lines(all: readonly string[]): string {
  return `${all.map(printableLine).join('\n')}\n`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
