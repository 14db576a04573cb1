import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/core/errors.ts';
import { windowsPath } from '../../src/node/serial.ts';
import { openError, settingError } from '../../src/node/serial-errors.ts';

/** As the driver of serialport 13 words them: strerror in its own sentences, or its table for Windows. */
const OPENING: [platform: string, path: string, message: string, code: string, cure: RegExp][] = [
  [
    'linux',
    '/dev/ttyUSB9',
    'Error: No such file or directory, cannot open /dev/ttyUSB9',
    'link.not-found',
    /dfu-flash list.*--serial-number.*--wait/,
  ],
  [
    'linux',
    '/dev/ttyS9',
    'Error: No such device or address, cannot open /dev/ttyS9',
    'link.not-found',
    /dfu-flash list/,
  ],
  [
    'linux',
    '/dev/ttyUSB0',
    'Error: No such device, cannot open /dev/ttyUSB0',
    'link.not-found',
    /dfu-flash list/,
  ],
  [
    'linux',
    '/dev/ttyUSB0',
    'Error Resource temporarily unavailable Cannot lock port',
    'link.busy',
    /lsof \/dev\/ttyUSB0.*ModemManager/,
  ],
  [
    'linux',
    '/dev/ttyACM0',
    'Error: Device or resource busy, cannot open /dev/ttyACM0',
    'link.busy',
    /fuser -v \/dev\/ttyACM0/,
  ],
  [
    'linux',
    '/dev/ttyUSB0',
    'Error: Permission denied, cannot open /dev/ttyUSB0',
    'link.forbidden',
    /usermod -aG .*dialout/,
  ],
  [
    'linux',
    '/dev/ttyUSB0',
    'Error: Operation not permitted, cannot open /dev/ttyUSB0',
    'link.forbidden',
    /container/,
  ],
  [
    'linux',
    '/dev/null',
    'Error: Inappropriate ioctl for device setting custom baud rate of 13',
    'link.unsupported',
    /dfu-flash list/,
  ],
  ['linux', '/tmp', 'Error: Is a directory, cannot open /tmp', 'link.unsupported', /dfu-flash list/],
  [
    'linux',
    '/dev/ttyUSB0',
    'Error: Input/output error, cannot open /dev/ttyUSB0',
    'link.failed',
    /Check the port/,
  ],
  [
    'linux',
    '/dev/ttyUSB0',
    'Error: Invalid argument || while setting custom baud rate of 123',
    'link.failed',
    /baud rate/,
  ],
  [
    'darwin',
    '/dev/cu.usbserial-1',
    'Error: No such file or directory, cannot open /dev/cu.usbserial-1',
    'link.not-found',
    /\/dev\/cu\./,
  ],
  [
    'darwin',
    '/dev/cu.usbserial-1',
    'Error: Device not configured, cannot open /dev/cu.usbserial-1',
    'link.not-found',
    /driver/,
  ],
  [
    'darwin',
    '/dev/tty.usbserial-1',
    'Error: Resource busy, cannot open /dev/tty.usbserial-1',
    'link.busy',
    /lsof.*Name it \/dev\/cu\.usbserial-1/,
  ],
  [
    'darwin',
    '/dev/cu.usbserial-1',
    'Error Resource temporarily unavailable Cannot lock port',
    'link.busy',
    /lsof/,
  ],
  [
    'darwin',
    '/dev/cu.usbserial-1',
    'Error: Permission denied, cannot open /dev/cu.usbserial-1',
    'link.forbidden',
    /ls -l/,
  ],
  ['win32', 'COM12', 'Opening COM12: File not found', 'link.not-found', /Device Manager/],
  ['win32', 'COM3', 'Opening COM3: Unknown error code 31', 'link.not-found', /Device Manager/],
  ['win32', 'COM3', 'Opening COM3: Unknown error code 1167', 'link.not-found', /Device Manager/],
  ['win32', 'COM3', 'Opening COM3: Access denied', 'link.busy', /Close the program/],
  ['win32', 'COM3', 'Opening COM3: The parameter is incorrect', 'link.failed', /baud rate/],
  ['win32', 'NUL', 'Opening NUL: Unknown error code 1', 'link.unsupported', /COM3/],
];

describe('a port that can not be opened', () => {
  test.each(OPENING)('on %s: %s: %s', (platform, path, message, code, cure) => {
    const error = openError(path, new Error(message), platform);
    expect(error).toMatchObject({ code, exit: 6, facts: { port: path } });
    expect(error.message).toContain(`: ${message.replace(/^Error:? /, '')}`);
    expect(error.cure).toMatch(cure);
    expect(error.cure).not.toContain('PORT');
  });

  test('its name can not forge a line of the message or of the cure', () => {
    const error = openError('/dev/x\n[ok]', new Error('Resource busy'), 'linux');
    expect(error.message).not.toContain('\n');
    expect(error.cure).not.toContain('\n');
  });
});

test.each([
  ['lines', 'Error: Inappropriate ioctl for device, cannot set', 'link.no-modem-lines'],
  ['lines', 'Error: Input/output error, cannot set', 'link.failed'],
  ['baud rate', 'Error: Inappropriate ioctl for device, cannot set', 'link.failed'],
])('%s that can not be set: %s', (what, message, code) => {
  expect(settingError('/dev/x', what, new Error(message))).toMatchObject({ code });
  expect(ERRORS['link.no-modem-lines'].cure).toContain('--entry manual');
});

test.each([
  ['COM3', 'COM3'],
  ['com12', 'COM12'],
  ['COM3:', 'COM3'],
  ['\\\\.\\COM12', 'COM12'],
  ['CNCA0', 'CNCA0'],
])('on Windows %s is %s', (given, path) => {
  expect(windowsPath(given)).toBe(path);
});
