import { errorCodes } from './kind.ts';

/** Usage, input files and the run itself. */
export const cliErrors = errorCodes({
  'internal.fault': {
    exit: 1,
    retryable: false,
    title: 'a fault in dfukit itself',
    cure: 'Please report it with the message and what you did.',
  },
  'usage.invalid': {
    exit: 2,
    retryable: false,
    title: 'the command line can not be understood',
    cure: 'See the command with --help.',
  },
  'usage.environment': {
    exit: 2,
    retryable: false,
    title: 'an environment variable has no usable value',
    cure: 'Give it a value, or unset it.',
  },
  'input.not-found': {
    exit: 2,
    retryable: false,
    title: 'a file does not exist',
    cure: 'Check the path.',
  },
  'input.unreadable': {
    exit: 2,
    retryable: false,
    title: 'a file can not be read',
    cure: 'Check that it is a regular file and that you may read it.',
  },
  'input.too-large': {
    exit: 2,
    retryable: false,
    title: 'a file is larger than its limit',
    cure: 'See the limits in docs/package-format.md; check that it is the right file.',
  },
  'output.exists': {
    exit: 2,
    retryable: false,
    title: 'the output exists already',
    cure: 'Choose another name, or replace it with --force.',
  },
  'output.failed': {
    exit: 2,
    retryable: false,
    title: 'the output can not be written',
    cure: 'Check the folder, its permissions and the free space.',
  },
  'run.interrupted': {
    exit: 130,
    retryable: true,
    title: 'stopped by the operator',
    cure: 'Run the command again.',
  },
});
