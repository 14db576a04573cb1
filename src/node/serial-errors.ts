import { DfuError, type ErrorCode } from '../core/errors.ts';
import { shown } from '../core/text.ts';

/**
 * What the driver's message about opening `path` means on that platform, and what to do there. The driver has no codes:
 * the words are those of the system (strerror on Linux and macOS) or of its own table (Windows).
 */
export function openError(path: string, cause: Error, platform: string): DfuError {
  const reason = REASONS.find(
    ({ words, only }) => words.test(cause.message) && (only === undefined || only === platform),
  );
  const code = reason?.code ?? 'link.failed';
  return new DfuError(code, `${shown(path)} ${reason?.what ?? 'can not be opened'}: ${wordsOf(cause)}`, {
    facts: { port: shown(path) },
    cure: cureOf(code, path, platform),
    cause,
  });
}

/** What a failed change of lines or baud rate means. */
export function settingError(name: string, what: string, cause: Error): DfuError {
  // Linux and macOS of a pseudo-terminal: it has no such lines.
  const none =
    what === 'lines' && /inappropriate ioctl|not a typewriter|ENOTTY|not supported/i.test(cause.message);
  return new DfuError(
    none ? 'link.no-modem-lines' : 'link.failed',
    none
      ? `${name} has no DTR and RTS: ${wordsOf(cause)}`
      : `the ${what} of ${name} can not be set: ${wordsOf(cause)}`,
    { facts: { port: name }, cause },
  );
}

/** The driver's words, without those that say nothing. */
const wordsOf = ({ message }: Error): string => shown(message.replace(/^Error:? /, ''));

interface Reason {
  words: RegExp;
  /** The one platform on which the words mean that. */
  only?: string;
  code: ErrorCode;
  what: string;
}

/** The first that fits counts. */
const REASONS: readonly Reason[] = [
  {
    // 31: the device behind the name is gone; 433: it never was; 1167: it is not connected (Windows).
    words:
      /no such file|file not found|no such device|device not configured|ENOENT|ENXIO|ENODEV|code (31|433|1167)$/i,
    code: 'link.not-found',
    what: 'does not exist',
  },
  { words: /access denied/i, only: 'win32', code: 'link.busy', what: 'is in use' },
  {
    words: /cannot lock port|temporarily unavailable|resource busy|EBUSY|EAGAIN/i,
    code: 'link.busy',
    what: 'is in use',
  },
  {
    words: /permission denied|access denied|not permitted|EACCES|EPERM/i,
    code: 'link.forbidden',
    what: 'may not be opened by you',
  },
  {
    // What a file or /dev/null says to being set like a serial port.
    words: /inappropriate ioctl|not a typewriter|ENOTTY|is a directory|EISDIR|code (1|50)$/i,
    code: 'link.unsupported',
    what: 'is no serial port',
  },
  {
    words: /baud rate of -?\d+|invalid argument|parameter is incorrect|code 87$/i,
    code: 'link.failed',
    what: 'does not take these settings',
  },
];

function cureOf(code: ErrorCode, path: string, platform: string): string {
  const port = shown(path);
  const system: System = platform === 'win32' || platform === 'darwin' ? platform : 'linux';
  const cure = CURES[code]?.[system];
  if (cure === undefined)
    return 'Check the port and its settings: baud rate, cable, adapter; plug the adapter in again.';
  const own = system === 'darwin' && port.startsWith('/dev/tty.') ? ` ${calledOut(port)}` : '';
  return cure.replaceAll('PORT', port) + own;
}

/** The tty. names of macOS wait for a modem's carrier. */
const calledOut = (port: string): string =>
  `Name it ${port.replace('/dev/tty.', '/dev/cu.')}: the tty. names are for calls that come in.`;

type System = 'linux' | 'darwin' | 'win32';

const CURES: Partial<Record<ErrorCode, Record<System, string>>> = {
  'link.not-found': {
    linux:
      'See the ports there are with dfu-flash list; a name may change when the adapter is plugged in again: --port auto with --serial-number finds it under any name, --wait waits for it.',
    darwin:
      'See the ports there are with dfu-flash list; the name is the one that starts with /dev/cu. A new adapter may need its driver.',
    win32:
      'See the ports there are with dfu-flash list, or under Ports in the Device Manager; the number of COM changes with the socket: --port auto with --serial-number finds it under any.',
  },
  'link.busy': {
    linux:
      'Close the program that has it open; `fuser -v PORT` or `lsof PORT` names it. ModemManager takes new ports for some seconds: wait, or stop it with `systemctl stop ModemManager`.',
    darwin: 'Close the program that has it open; `lsof PORT` names it.',
    win32:
      'Close the program that has it open: a terminal, an IDE, another run of this one. If there is none, plug the adapter in again.',
  },
  'link.forbidden': {
    linux:
      'Add yourself to the group of the port, `sudo usermod -aG $(stat -c %G PORT) $USER`, and log in again; the group is dialout or uucp most likely. A container needs the device too.',
    darwin: 'Look who may use it with `ls -l PORT`; a program in a sandbox needs leave for serial ports.',
    win32: 'Run it as a user who may open the port.',
  },
  'link.unsupported': {
    linux: 'Name a serial port; dfu-flash list shows those there are.',
    darwin: 'Name a serial port; dfu-flash list shows those there are.',
    win32: 'Name a serial port, as COM3; dfu-flash list shows those there are.',
  },
};
