import { errorCodes } from './kind.ts';

/** What devices answer, or do not, during an update; and what a protocol can not do. */
export const deviceErrors = errorCodes({
  'flash.format-not-supported': {
    exit: 2,
    retryable: false,
    title: 'the protocol does not take images of this format',
    cure: 'Pack the image in a format that the device takes, or choose another protocol.',
  },
  'flash.address-not-writable': {
    exit: 2,
    retryable: false,
    title: 'the bootloader does not write there',
    cure: 'Pack the part of the image that the bootloader writes, with its start address; dfu-pack --part knows where that is.',
  },
  'flash.confirmation-impossible': {
    exit: 2,
    retryable: false,
    title: 'the package can not be confirmed as far as asked for',
    cure: 'Pack the image with --device-version, or ask for --confirm booted.',
  },
  'device.no-bootloader': {
    exit: 6,
    retryable: true,
    title: 'the device did not come up in its bootloader',
    cure: 'Check port, baud rate and cable, and that --protocol names its bootloader: auto finds out. With --entry none it has to be in its bootloader already; --entry auto asks its application. Where DTR and RTS are wired to reset and bootloader pin, name the sequence with --reset; else run the command again with --entry manual and hold the bootloader pin while you reset the board.',
  },
  'device.no-answer': {
    exit: 6,
    retryable: true,
    title: 'nothing answered',
    cure: 'Check port, baud rate and cable, and --protocol where one was named. A silent application looks like this too, or one that talks at another rate (--app-baud): hold the bootloader pin of the board while it is reset, then run the command again.',
  },
  'device.restarted': {
    exit: 6,
    retryable: true,
    title: 'the device restarted in the middle of the upload',
    cure: 'Check its power supply, then run the command again.',
  },
  'device.out-of-step': {
    exit: 6,
    retryable: true,
    title: 'answers and requests do not match',
    cure: 'Check the cable, then run the command again.',
  },
  'device.requirement-not-met': {
    exit: 5,
    retryable: false,
    title: 'the device runs a version that the package was not made for',
    cure: 'Bring the device to a version that the package requires, or take the package made for this one.',
  },
  'device.image-refused': {
    exit: 7,
    retryable: false,
    title: 'the device refused the image',
    cure: 'Check that the image is made for this device and signed as its bootloader demands.',
  },
  'device.back-in-bootloader': {
    exit: 7,
    retryable: false,
    title: 'the device came back in its bootloader',
    cure: 'Check that the image is linked for this device and its bootloader, and signed as secure boot demands.',
  },
  'device.not-confirmed': {
    exit: 9,
    retryable: false,
    title: 'sent and accepted, but its start is not confirmed as far as asked for',
    cure: 'Look at the device; ask for less with --confirm where its application is silent.',
  },
  'device.confirmation-lost': {
    exit: 9,
    retryable: true,
    title: 'sent and accepted, but the connection was lost before its start was seen',
    cure: 'Check cable and power, then look at the device with dfu-flash identify, or run the command again.',
  },
  'device.wrong-version': {
    exit: 9,
    retryable: false,
    title: 'the application tells another version than the package says',
    cure: 'Check the deviceVersion of the package, and whether the bootloader installed the image.',
  },
  'device.crash-loop': {
    exit: 9,
    retryable: false,
    title: 'the application starts again and again',
    cure: 'Flash a version that is known to run.',
  },
});
