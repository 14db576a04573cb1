import { describe, expect, test } from 'vitest';
import { InputLines } from '../../src/cli/flash/input-lines.ts';
import { GONE_MS, PortWatch } from '../../src/cli/flash/port-watch.ts';
import { seenPorts } from '../../src/cli/flash/station-triggers.ts';
import { utf8 } from '../../src/core/bytes.ts';

describe('lines of input', () => {
  const read = (...pieces: string[]) => {
    const lines = new InputLines();
    return pieces.flatMap((piece) => lines.push(utf8(piece)));
  };

  test('in pieces of any size, with either end', () => {
    const text = 'SN-1\nSN-2\r\n  SN 3 \n';
    const expected = [{ text: 'SN-1' }, { text: 'SN-2' }, { text: 'SN 3' }];
    expect(read(text)).toEqual(expected);
    expect(read(...text)).toEqual(expected);
  });

  test('of at most 64 bytes, and what is none is said to be none', () => {
    expect(read(`${'x'.repeat(64)}\n`, `${'x'.repeat(64)}\r\n`)).toHaveLength(2);
    expect(read(`${'x'.repeat(64)}\r\n`)).toEqual([{ text: 'x'.repeat(64) }]);
    expect(read(`${'x'.repeat(65)}\nSN-2\n`)).toEqual([
      { wrong: 'is longer than 64 bytes' },
      { text: 'SN-2' },
    ]);
    expect(read(`${'x'.repeat(100_000)}\n`)).toEqual([{ wrong: 'is longer than 64 bytes' }]);
    expect(read('\n', ' \r\n')).toEqual([{ wrong: 'is empty' }, { wrong: 'is empty' }]);
    expect(new InputLines().push(Uint8Array.of(0xff, 0x0a))).toEqual([{ wrong: 'is no UTF-8' }]);
  });

  test('a line without an end is none yet', () => {
    const lines = new InputLines();
    expect(lines.push(utf8('SN-1'))).toEqual([]);
    expect(lines.pending).toBe(true);
    expect(lines.push(utf8('23\n'))).toEqual([{ text: 'SN-123' }]);
    expect(lines.pending).toBe(false);
  });
});

describe('ports that come and go', () => {
  const port = (key: string, path = key) => ({ key, path });
  /** Looks every half second; gives the ports that came at each look. */
  function looks(...present: ReturnType<typeof port>[][]) {
    const watch = new PortWatch();
    return { watch, came: present.map((ports, i) => watch.look(500 * i, ports).map(({ path }) => path)) };
  }
  const [A, B] = [port('A'), port('B')];

  test('one that comes is told once, at the second look that finds it', () => {
    expect(looks([], [A], [A], [A], [A, B], [A, B], [A, B]).came).toEqual([[], [], ['A'], [], [], ['B'], []]);
  });

  test('what was there at the beginning is left alone until it was away', () => {
    const there = Array.from({ length: 4 }, () => [A]);
    const away = Array.from({ length: GONE_MS / 500 + 1 }, () => []);
    expect(looks(...there, ...away, [A], [A]).came.flat()).toEqual(['A']);
  });

  test('one that is away for a moment, as a device that restarts, is no new one', () => {
    const { watch, came } = looks([], [A], [A]);
    expect(came.flat()).toEqual(['A']);
    // It restarts in the midst of its flash, for long, and under another name.
    expect(watch.look(5000, [])).toEqual([]);
    expect(watch.look(9000, [port('A', 'A-other')])).toEqual([]);
    // And once more when that is over.
    watch.done('A', 9100);
    expect(watch.look(9500, [])).toEqual([]);
    expect(watch.look(10_000, [A])).toEqual([]);
    expect(watch.look(10_500, [A])).toEqual([]);
    // Now it is unplugged, and another device comes to the same socket.
    expect(watch.look(12_500, [])).toEqual([]);
    expect(watch.look(13_000, [A])).toEqual([]);
    expect(watch.look(13_500, [A])).toEqual([A]);
  });

  test('one that goes away while it is flashed may come back as a new one only after that', () => {
    const { watch } = looks([], [A], [A]);
    expect(watch.look(60_000, [])).toEqual([]);
    watch.done('A', 61_000);
    expect(watch.look(61_500, [A])).toEqual([]);
    expect(watch.look(62_000, [A])).toEqual([]);
  });

  test('one that bounces is not taken', () => {
    expect(looks([], [A], [], [A], [], [A]).came.flat()).toEqual([]);
  });
});

test('a port on USB is known by its socket, every other by its path', () => {
  const ports = [
    { path: '/dev/ttyS0' },
    { path: '/dev/ttyUSB0', serialNumber: '0001' },
    { path: '/dev/ttyACM0', serialNumber: '0001', location: '1-2', interfaceNumber: '00' },
    { path: '/dev/ttyACM1', location: '1-2', interfaceNumber: '02' },
  ];
  expect(seenPorts(ports).map(({ key }) => key)).toEqual([
    '/dev/ttyS0',
    '/dev/ttyUSB0',
    'usb at 1-2 00',
    'usb at 1-2 02',
  ]);
});
