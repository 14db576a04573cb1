import { describe, expect, test } from 'vitest';
import { main as pack } from '../../src/cli/dfu-pack.ts';
import type { TestIo } from '../support/io.ts';
import { testIo } from '../support/io.ts';
import { bench, door, moment, simulation, TRUST } from './flash-support.ts';

const SIMULATED = [...TRUST, '--simulate', 'gecko'];

describe('usage errors', () => {
  const GECKO = ['--simulate', 'gecko'];
  const SERIAL = ['--port', '/dev/ttyUSB0'];
  const BRIDGE = ['--port', 'tcp://bridge:1'];

  test.each<[string, string[], string]>([
    [
      'an unknown device',
      ['--simulate', 'toaster'],
      '--simulate takes gecko, gecko-xmodem, ble112, not "toaster"',
    ],
    ['a port and a simulation', [...GECKO, ...SERIAL], '--port and --simulate exclude each other'],
    ['a baud rate of a simulation', [...GECKO, '--baud', '9600'], '--baud and --simulate exclude each other'],
    ['flow control of a simulation', [...GECKO, '--rtscts'], '--rtscts and --simulate exclude each other'],
    [
      'an unknown protocol',
      [...GECKO, '--protocol', 'xyz'],
      '--protocol takes auto, bgapi, xmodem, ble1xx, ble1xx-packet, not "xyz"',
    ],
    [
      'an unknown way in',
      [...GECKO, '--entry', 'door'],
      '--entry takes auto, bgapi, manual, none, not "door"',
    ],
    ['a chunk that is no whole words', [...GECKO, '--chunk-size', '50'], 'a chunk of 50 bytes does not suit'],
    ['a chunk that is too large', [...GECKO, '--chunk-size', '256'], 'a chunk of 256 bytes does not suit'],
    ['a chunk that is no number', [...GECKO, '--chunk-size', '48x'], '--chunk-size takes a whole number'],
    ['an unknown evidence', [...GECKO, '--confirm', 'sure'], '--confirm takes auto, version, booted,'],
    ['retries that are no number', [...GECKO, '--retries', '-1'], '--retries takes a whole number'],
    [
      'an unknown progress',
      [...GECKO, '--progress', 'dots'],
      '--progress takes auto, bar, lines, json, none',
    ],
    ['a baud rate that is no number', [...SERIAL, '--baud', 'fast'], '--baud takes a whole number'],
    ['the same in a dry run', ['--dry-run', ...SERIAL, '--baud', 'fast'], '--baud takes a whole number'],
    ['the same, no port named', ['--dry-run', '--baud', 'fast'], '--baud takes a whole number'],
    ['an address without port', ['--port', 'tcp://bridge'], '"tcp://bridge" is no address'],
    ['the same in a dry run', ['--dry-run', '--port', 'tcp://bad'], '"tcp://bad" is no address'],
    ['an unknown kind of address', ['--port', 'udp://bridge:1'], '"udp://bridge:1" is no address'],
    ['a baud rate of a bridge', [...BRIDGE, '--baud', '9600'], 'are set at the bridge'],
    ['flow control of a bridge', [...BRIDGE, '--rtscts'], 'are set at the bridge'],
    ['the same in a dry run', ['--dry-run', ...BRIDGE, '--rtscts'], 'are set at the bridge'],
    ['an empty port', ['--port', ''], '--port is empty'],
    [
      'a baud rate of the application behind a bridge',
      [...BRIDGE, '--app-baud', '9600'],
      'are set at the bridge',
    ],
    [
      'a baud rate of the application, no number',
      [...SERIAL, '--app-baud', 'x'],
      '--app-baud takes a whole number',
    ],
    [
      'an address of RFC 2217 without port',
      ['--port', 'rfc2217://bridge'],
      'is no address: rfc2217://host:port',
    ],
    ['a vendor that is no hex', ['--vid', '10cg'], '--vid takes up to four hex digits, as 10c4, not "10cg"'],
    ['a product that is too long', ['--pid', '0x12345'], '--pid takes up to four hex digits'],
    ['an empty serial number', ['--serial-number', ''], '--serial-number is empty'],
    ['a port named and chosen', [...SERIAL, '--vid', '10c4'], 'choose a port; one is named'],
    ['a bridge named and chosen', [...BRIDGE, '--serial-number', '1'], 'choose a port; one is named'],
    ['a wait without end', [...SERIAL, '--wait', '0'], '--wait takes a whole number from 1 to 86400'],
    ['the same in a dry run, no port named', ['--dry-run', '--wait', 'x'], '--wait takes a whole number'],
    ['a wait for a simulation', [...GECKO, '--wait', '5'], '--wait and --simulate exclude each other'],
    ['a choice for a simulation', [...GECKO, '--pid', '1'], '--pid and --simulate exclude each other'],
    ['a reset of a simulation', [...GECKO, '--reset', 'rts'], '--reset and --simulate exclude each other'],
    [
      'a sequence that is none',
      [...SERIAL, '--reset', 'dtr=1,x'],
      '"dtr=1,x" is no reset sequence: "x" is neither',
    ],
    [
      'a reset and a hand',
      [...SERIAL, '--reset', 'rts', '--entry', 'manual'],
      '--reset and --entry manual exclude each other',
    ],
    ['a reset of a raw bridge', [...BRIDGE, '--reset', 'rts'], 'a raw TCP connection carries no modem lines'],
    ['an unknown option', [...GECKO, '--force'], "unknown option '--force'"],
    ['two baud rates', [...SERIAL, '--baud', '9600', '--baud', '9600'], '--baud is given twice'],
    ['two reports', [...GECKO, '--report', 'a.json', '--report', 'b.json'], '--report is given twice'],
    ['two ways in', [...GECKO, '--entry', 'none', '--entry', 'auto'], '--entry is given twice'],
    ['an empty product', [...GECKO, '--product', ''], '--product is empty'],
    ['an empty revision', [...GECKO, '--hardware', ''], '--hardware is empty'],
    [
      'a package id that is none',
      [...GECKO, '--package-id', 'abc'],
      'a package id is 64 lower-case hex digits',
    ],
    ['a report in no folder', [...GECKO, '--report', 'no/such/r.json'], 'can not be written (ENOENT)'],
    ['a report below a file', [...GECKO, '--report', 'new.bin/r.json'], 'can not be written ('],
    ['a report that is a folder', [...GECKO, '--report', '.'], 'not a regular file'],
    ['a report that would replace the package', [...GECKO, '--report', 'new.dfupkg'], 'new.dfupkg'],
  ])('%s', async (_, options, words) => {
    const { run, io } = await bench();
    expect(await run(['new.dfupkg', ...TRUST, ...options])).toBe(2);
    expect(io.stdout()).toBe('');
    expect(io.stderr()).toContain(words);
    expect(io.stderr()).toMatch(/\[usage\.invalid\]\n$/);
  });

  test.each<[string, TestIo['environment'], string[], string, string]>([
    ['nothing', { DFUKIT_PROGRESS: '' }, GECKO, 'DFUKIT_PROGRESS is set, but empty', 'usage.environment'],
    ['no colour', { NO_COLOR: '' }, GECKO, 'NO_COLOR is set, but empty', 'usage.environment'],
    ['no port', { DFUKIT_PORT: '' }, [], 'DFUKIT_PORT is set, but empty', 'usage.environment'],
    ['nonsense', { DFUKIT_PROTOCOL: 'xyz' }, GECKO, 'DFUKIT_PROTOCOL takes auto, bgapi', 'usage.invalid'],
    ['no number', { DFUKIT_BAUD: 'x' }, SERIAL, 'DFUKIT_BAUD takes a whole number', 'usage.invalid'],
  ])('a variable with %s', async (_, environment, options, words, code) => {
    const { run, io } = await bench(environment);
    expect(await run(['new.dfupkg', ...TRUST, ...options])).toBe(2);
    expect(io.stdout()).toBe('');
    expect(io.stderr()).toContain(words);
    expect(io.stderr()).toContain(`[${code}]`);
  });

  test('a report that can not be written is found before the port is opened', async () => {
    const { run } = await bench();
    const { url, visits } = await door();
    expect(await run(['new.dfupkg', ...TRUST, '--port', url, '--report', 'no/such/r.json'])).toBe(2);
    expect(visits()).toBe(0);
  });

  test('version asked for, none said', async () => {
    const { run, io, folder } = await bench();
    const packing = testIo(folder);
    const argv = ['new.bin', '--product', 'lamp', '--fw-version', '1.1.0', '--part', 'efr32bg22'];
    expect(await pack([...argv, '--key', 'k.key.pem', '-o', 'mute.dfupkg'], packing)).toBe(0);
    expect(await run(['mute.dfupkg', ...SIMULATED, '--confirm', 'version'])).toBe(2);
    expect(io.stderr()).toContain('[flash.confirmation-impossible]');
  });
});

describe('identify: usage errors', () => {
  test('and a port that is not there, with all that is said of it', async () => {
    const { run, io } = await bench();
    expect(await run(['identify', '--port', '/dev/tty-of-nobody', '--baud', '9600', '--rtscts'])).toBe(6);
    expect(io.stderr()).toContain('[link.not-found]');
  });

  test.each<[string, string[], string]>([
    ['no number', ['--port', '/dev/ttyUSB0', '--baud', 'fast'], '--baud takes a whole number'],
    ['a bridge', ['--port', 'tcp://bridge:1', '--baud', '9600'], 'are set at the bridge'],
    ['flow control of a bridge', ['--port', 'tcp://bridge:1', '--rtscts'], 'are set at the bridge'],
    ['two ports', ['--port', '/dev/ttyUSB0', '--port', '/dev/ttyUSB1'], '--port is given twice'],
    ['no sequence', ['--port', '/dev/ttyUSB0', '--reset', 'now'], '"now" is no reset sequence'],
    ['no vendor', ['--vid', 'x'], '--vid takes up to four hex digits'],
  ])('%s', async (_, options, words) => {
    const { run, io } = await bench();
    expect(await run(['identify', ...options])).toBe(2);
    expect(io.stderr()).toContain(words);
    expect(io.stderr()).toContain('[usage.invalid]');
  });
});

describe('ports that are not there', () => {
  const nowhere = ['--serial-number', 'of nobody'];

  test.each<[string, string[]]>([
    ['chosen by a serial number', nowhere],
    ['chosen by a name and a serial number', ['--port', 'auto', ...nowhere]],
    ['the same, waited for', [...nowhere, '--wait', '1']],
  ])('%s', async (_, options) => {
    const { run, io } = await bench({ DFUKIT_PORT: '/dev/ttyUSB0' });
    expect(await run(['new.dfupkg', ...TRUST, ...options])).toBe(6);
    expect(io.stderr()).toContain(
      'there is no USB serial port with serial number of nobody; this machine has',
    );
    expect(io.stderr()).toContain('[link.not-found]');
  });

  test('are waited for until Ctrl-C, which leaves the device untouched', async () => {
    const { run, io } = await bench();
    const running = run(['new.dfupkg', ...TRUST, '--port', '/dev/tty-of-nobody', '--wait', '600', '--json']);
    for (let i = 0; i < 200 && !io.stderr().includes('Opening'); i++) await moment();
    await moment(50);
    io.interrupt();
    expect(await running).toBe(130);
    expect(JSON.parse(io.stdout())).toMatchObject({ result: 'interrupted', deviceState: 'untouched' });
  });

  test('a bridge that is not there is waited for, and found when it comes', async () => {
    const { run, io, folder } = await bench();
    const first = await simulation(folder, ['--tcp']);
    await first.end();
    const identifying = run(['identify', '--port', first.address, '--wait', '20']);
    await moment(50);
    const device = await simulation(folder, ['--tcp', first.address.slice('tcp://'.length)]);
    expect(await identifying, io.stderr()).toBe(0);
    await device.end();
  });
});
