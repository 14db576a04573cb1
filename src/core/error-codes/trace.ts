import { errorCodes } from './kind.ts';

/** Records of runs, and their replay. */
export const traceErrors = errorCodes({
  'trace.malformed': {
    exit: 2,
    retryable: false,
    title: 'the file is no trace of dfu-flash, or a damaged one',
    cure: 'Take the file as dfu-flash --trace wrote it; a version of dfukit that knows its formatVersion reads it.',
  },
  'trace.differs': {
    exit: 2,
    retryable: false,
    title:
      'the run did something else than the recorded one, so that nobody knows what the device would have answered',
    cure: 'Replay it with the package, the options and the version of dfukit it was recorded with; or take the difference for what the change at hand does.',
  },
});
