import type { DfuError } from '../core/errors.ts';
import { printableLine } from '../core/text.ts';

/** The last lines of a failed command: what failed, in what state the device is, what to do, and the code at the end. */
export function renderError(error: DfuError, program: string): string {
  const lines = [
    `${program}: ${error.message}`,
    ...(error.deviceState === undefined ? [] : [`  Device: ${DEVICE_STATES[error.deviceState]}.`]),
    `  ${error.cure} [${error.code}]`,
  ];
  return `${lines
    .flatMap((line) => line.split('\n'))
    .map(printableLine)
    .join('\n')}\n`;
}

/** What is known of the device, in words. */
export const DEVICE_STATES = {
  untouched: 'nothing was sent that changes it; it has what it had before',
  bootloader: 'it is in its bootloader and has no application that starts',
  old: 'it has the application from before',
  new: 'it has the new application',
  unknown: 'its state is not known',
} as const;

/** An error as a JSON document (schemas/error-v1.schema.json). */
export function errorDocument(error: DfuError): object {
  return {
    formatVersion: 1,
    error: {
      code: error.code,
      exit: error.exit,
      retryable: error.retryable,
      message: printableLine(error.message),
      cure: error.cure,
      facts: error.facts,
      ...(error.deviceState === undefined ? {} : { deviceState: error.deviceState }),
    },
  };
}
