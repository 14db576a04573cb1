import { errorCodes } from './kind.ts';

/** Keys, signatures and policy. */
export const trustErrors = errorCodes({
  'trust.no-trusted-signature': {
    exit: 4,
    retryable: false,
    title: 'no signature by a trusted key',
    cure: 'Check that the package comes from whom you expect, and that the right public key was given.',
  },
});
