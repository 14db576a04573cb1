import { errorCodes } from './kind.ts';

/** What devices answer, or do not, during an update. */
export const deviceErrors = errorCodes({
  'device.image-refused': {
    exit: 7,
    retryable: false,
    title: 'the device refused the image',
    cure: 'Check that the image is made for this device and signed as its bootloader demands.',
  },
});
