import { errorCodes } from './kind.ts';

/** Images, recipes, and the form of a package (docs/package-format.md). */
export const packageErrors = errorCodes({
  'format.unsupported-version': {
    exit: 3,
    retryable: false,
    title: 'the package was made for a newer dfukit',
    cure: 'Update dfukit.',
  },
});
