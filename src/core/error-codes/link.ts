import { errorCodes } from './kind.ts';

/** Serial ports, TCP bridges and what ends a connection. */
export const linkErrors = errorCodes({
  'link.timeout': {
    exit: 6,
    retryable: true,
    title: 'no answer in time',
    cure: 'Check cable, power, baud rate and that the device is in its bootloader.',
  },
  'link.closed': {
    exit: 6,
    retryable: true,
    title: 'the connection was lost',
    cure: 'Check cable and power, then run the command again.',
  },
  'link.not-found': {
    exit: 6,
    retryable: true,
    title: 'the port does not exist',
    cure: 'See the ports there are with dfu-flash list.',
  },
  'link.busy': {
    exit: 6,
    retryable: true,
    title: 'the port is in use',
    cure: 'Close the program that has it open.',
  },
  'link.forbidden': {
    exit: 6,
    retryable: false,
    title: 'no permission to open the port',
    cure: 'On Linux: add your user to the group of the port (often dialout or uucp) and log in again.',
  },
  'link.failed': {
    exit: 6,
    retryable: true,
    title: 'the port can not be used',
    cure: 'Check the port and its settings.',
  },
  'link.damaged': {
    exit: 6,
    retryable: true,
    title: 'the line damaged what was sent',
    cure: 'Check cable, ground, baud rate and flow control, then run the command again.',
  },
  'link.flooded': {
    exit: 6,
    retryable: false,
    title: 'the other side sends more than can be kept',
    cure: 'Check that it is the port you mean, and its baud rate; nothing that flashes devices sends that much.',
  },
  'link.unsupported': {
    exit: 6,
    retryable: false,
    title: 'there is no such kind of port here',
    cure: 'Name a serial port or a serial bridge; dfu-flash list shows the serial ports.',
  },
  'link.no-modem-lines': {
    exit: 6,
    retryable: false,
    title: 'the port has no modem lines',
    cure: 'Leave out --reset and bring the device into its bootloader by hand (--entry manual), or use a port that has DTR and RTS: a serial port, or a serial bridge with rfc2217://.',
  },
  'link.ambiguous': {
    exit: 6,
    retryable: false,
    title: 'more than one port matches',
    cure: 'Narrow it down with --serial-number, --vid and --pid, or name the port with --port.',
  },
  'link.driver-missing': {
    exit: 6,
    retryable: false,
    title: 'a package that this kind of port needs is not installed',
    cure: 'Install it, or use another kind of port.',
  },
});
