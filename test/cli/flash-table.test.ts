import { expect, test } from 'vitest';
import { type DeviceProgress, newDevice, takeProgress, takeResult } from '../../src/cli/flash/fleet.ts';
import { renderTable } from '../../src/cli/flash/table.ts';

const SIZE = { columns: 100, rows: 24 };
const upload = (doneBytes: number, attempt = 1) =>
  ({ phase: 'upload', attempt, image: 'app', doneBytes, totalBytes: 102_400 }) as const;

/** Six devices, each somewhere else in its update, ten seconds into the run. */
function sixDevices(): DeviceProgress[] {
  const devices = [
    '/dev/ttyUSB0',
    '/dev/ttyUSB1',
    '/dev/ttyUSB10',
    'tcp://192.0.2.20:8888',
    'COM7',
    'COM8',
  ].map(newDevice) as [
    DeviceProgress,
    DeviceProgress,
    DeviceProgress,
    DeviceProgress,
    DeviceProgress,
    DeviceProgress,
  ];
  takeProgress(devices[0], { phase: 'enter', attempt: 1 }, 100);
  takeProgress(devices[1], upload(0), 0);
  takeProgress(devices[1], upload(51_200), 10_000);
  // Failed once at the half, and is on its way again: the rate is the one of this attempt.
  takeProgress(devices[2], upload(51_200), 1000);
  takeProgress(devices[2], { phase: 'connect', attempt: 2, message: 'Starting over' }, 2000);
  takeProgress(devices[2], upload(1024, 2), 8000);
  takeProgress(devices[2], upload(11_264, 2), 9000);
  takeProgress(devices[3], upload(102_400), 9000);
  takeProgress(devices[3], { phase: 'finish', attempt: 1, image: 'app' }, 9000);
  takeProgress(devices[4], upload(1024, 3), 500);
  takeResult(devices[4], 'flashed [version]', true);
  takeResult(devices[5], 'failed [link.not-found]', false);
  return devices;
}

test('a line a device, and one that counts', () => {
  expect(renderTable(sixDevices(), 10_000, SIZE)).toEqual([
    '/dev/ttyUSB0           entering bootloader',
    '/dev/ttyUSB1           uploading             50 %    5.0 KiB/s    10 s left',
    '/dev/ttyUSB10          uploading             11 %    5.0 KiB/s    18 s left  1 retry',
    'tcp://192.0.2.20:8888  checking             100 %',
    'COM7                   flashed [version], 2 retries',
    'COM8                   failed [link.not-found]',
    '1 of 6 devices done, 1 failed',
  ]);
});

test('before anything has happened', () => {
  expect(renderTable([newDevice('COM1')], 0, SIZE)).toEqual(['COM1  waiting', '0 of 1 device done']);
});

test('nothing wraps on a narrow terminal', () => {
  const lines = renderTable(sixDevices(), 10_000, { columns: 50, rows: 24 });
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(50);
  expect(lines[1]).toBe('/dev/ttyUSB1           uploading             50 %');
});

test('nothing scrolls on a low one: what is done leaves first, and is counted', () => {
  expect(renderTable(sixDevices(), 10_000, { columns: 50, rows: 4 })).toEqual([
    '/dev/ttyUSB0   entering bootloader',
    '/dev/ttyUSB1   uploading             50 %    5.0',
    '/dev/ttyUSB10  uploading             11 %    5.0',
    '1 of 6 devices done, 1 failed, 3 not shown',
  ]);
});

test('a name can not act on the terminal, and a long one keeps its end', () => {
  const named = `/dev/serial/by-id/usb-Silicon_Labs_CP2102N_USB_to_UART_Bridge_\x1b[2J-if00-port0`;
  expect(renderTable([newDevice(named)], 0, SIZE)[0]).toBe('...ART_Bridge_\\x1b[2J-if00-port0  waiting');
});
