import { errorCodes } from './kind.ts';

/** Several devices in one call, and stations. */
export const manyErrors = errorCodes({
  'flash.not-all': {
    exit: 10,
    retryable: true,
    title: 'not all devices have the new firmware and are confirmed',
    cure: 'See what is said of each device, then run the command again for those that failed.',
  },
  'station.program-failed': {
    exit: 10,
    retryable: true,
    title: 'the program of --on-result failed; the result itself stands in the journal',
    cure: 'Run the program by hand with the line of the journal on its standard input.',
  },
  'station.not-taken': {
    exit: 10,
    retryable: true,
    title: 'a line from standard input started no flash',
    cure: 'Scan one serial number of at most 64 bytes when the result of the device before has been told.',
  },
});
