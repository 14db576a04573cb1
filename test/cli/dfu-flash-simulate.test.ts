import { lstat, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { bench, firmware, moment, START, simulation, TRUST } from './flash-support.ts';

describe('simulate on TCP', () => {
  test('keeps the flash in its file from run to run', async () => {
    const { run, io, folder } = await bench();
    const argv = ['--tcp', '127.0.0.1:0', '--flash-file', 'flash.bin', '--part', 'efr32bg22f352', '--json'];
    const first = await simulation(folder, argv);
    expectValid('simulation-v1', JSON.parse(first.io.stdout()));
    const to = (address: string) => [...TRUST, '--port', address, '--confirm', 'none', '--progress', 'none'];
    expect(await run(['old.dfupkg', ...to(first.address)]), io.stderr()).toBe(0);
    expect(await first.end()).toBe(0);
    const flash = await readFile(join(folder, 'flash.bin'));
    expect(flash).toHaveLength(352 * 1024);
    expect(flash.subarray(START, START + 3000).equals(firmware(0x010000))).toBe(true);

    const second = await simulation(folder, [
      '--tcp',
      '0',
      '--flash-file',
      'flash.bin',
      '--part',
      'efr32bg22f352',
    ]);
    const asking = testIo(folder);
    expect(await run(['identify', '--port', second.address, '--json'], asking)).toBe(0);
    expectValid('identify-report-v1', JSON.parse(asking.stdout()));
    expect(JSON.parse(asking.stdout())).toMatchObject({
      running: 'application',
      facts: [
        { name: 'bootloaderVersion', value: '2.4.1', source: 'device' },
        { name: 'applicationVersion', value: '1.0.0', source: 'device' },
        { name: 'applicationBuild', value: '0', source: 'device' },
        { name: 'hardware', value: '1', source: 'device' },
      ],
      notTold: [],
    });
    const reading = testIo(folder);
    expect(await run(['identify', '--port', second.address], reading)).toBe(0);
    expect(reading.stdout()).toContain('Application build:   0\nHardware:            1\n');
    expect(reading.stdout()).not.toContain('Not told');
    expect(await run(['new.dfupkg', ...to(second.address)]), io.stderr()).toBe(0);
    expect(await second.end()).toBe(0);
  });

  test('a blank device is a bootloader, and does not tell the rest', async () => {
    const { run, io, folder } = await bench();
    const device = await simulation(folder, ['--bootloader', 'main', '--tcp']);
    expect(await run(['identify', '--port', device.address, '--protocol', 'bgapi'])).toBe(0);
    expect(io.stdout()).toMatch(/Running: +bootloader\nBootloader version: +2\.4\.1\n/);
    expect(io.stdout()).toMatch(
      /\nNot told: +application version, application build, hardware, by this bootloader\n$/,
    );
    await device.end();
  });

  test('what the device tells is believed before the operator: refused, and it runs on', async () => {
    const { run, folder } = await bench();
    const device = await simulation(folder, ['--tcp', '0']);
    const to = [...TRUST, '--port', device.address, '--progress', 'none'];
    const first = testIo(folder);
    expect(await run(['new.dfupkg', ...to, '--confirm', 'none'], first), first.stderr()).toBe(0);
    expect(first.stdout()).toContain(
      'Not compared, since the device did not tell it before the update: applicationVersion',
    );
    const older = testIo(folder);
    expect(await run(['old.dfupkg', ...to, '--json'], older)).toBe(5);
    expectValid('flash-report-v1', JSON.parse(older.stdout()));
    expect(JSON.parse(older.stdout())).toMatchObject({
      result: 'failed',
      deviceState: 'untouched',
      error: { code: 'policy.downgrade', facts: { installed: '1.1.0', found: '1.0.0' } },
    });
    const otherwise = testIo(folder);
    expect(await run(['new.dfupkg', ...to, '--installed-version', '1.0.0'], otherwise)).toBe(5);
    expect(otherwise.stderr()).toContain('[policy.contradiction]');
    const asking = testIo(folder);
    expect(await run(['identify', '--port', device.address, '--json'], asking)).toBe(0);
    expect(JSON.parse(asking.stdout())).toMatchObject({ running: 'application' });
    await device.end();
  });

  test('an application that tells an old version is found out', async () => {
    const { run, io, folder, json } = await bench();
    const device = await simulation(folder, ['--tcp', '0', '--app', 'old-version']);
    expect(await run(['new.dfupkg', ...TRUST, '--port', device.address, '--json'])).toBe(9);
    expectValid('flash-report-v1', json());
    expect(json()).toMatchObject({ error: { code: 'device.wrong-version', retryable: false } });
    expect(io.stderr()).toContain('Another run, unchanged, will not help.');
    await device.end();
  });

  test('the first Ctrl-C stops the upload, says in what state the device is, and another run mends it', async () => {
    const { run, folder } = await bench();
    const device = await simulation(folder, ['--tcp', '0']);
    const stopping = testIo(folder);
    const err = stopping.err;
    stopping.err = (text) => {
      err(text);
      if (text.startsWith('Uploaded 30 %')) stopping.interrupt();
    };
    const to = [...TRUST, '--port', device.address, '--chunk-size', '48', '--confirm', 'none'];
    expect(await run(['new.dfupkg', ...to, '--json'], stopping)).toBe(130);
    const report = JSON.parse(stopping.stdout());
    expectValid('flash-report-v1', report);
    expect(report).toMatchObject({ result: 'interrupted', deviceState: 'bootloader' });
    expect(stopping.stderr()).toContain('no application that starts');
    const again = testIo(folder);
    expect(await run(['new.dfupkg', ...to], again), again.stderr()).toBe(0);
    await device.end();
  });

  test('waits for the hand of the operator, and for the second Ctrl-C', async () => {
    const { run, folder } = await bench();
    const device = await simulation(folder, ['--tcp', '0', '--app', 'silent']);
    const io = testIo(folder);
    // The boot event of the blank device is over by now.
    await moment(100);
    // Told which protocol, nothing is asked: only a start counts.
    const how = ['--protocol', 'bgapi', '--entry', 'manual'];
    const running = run(['new.dfupkg', ...TRUST, '--port', device.address, ...how], io);
    while (!io.stderr().includes('hold its bootloader pin')) await moment();
    io.interrupt();
    io.interrupt();
    expect(await running).toBe(130);
    expect(io.stderr()).toContain('Ctrl-C again stops at once');
    await device.end();
  });
});

describe('simulate: what does not work is told', () => {
  test.each<[string, string[], number, string]>([
    ['two places', ['--pty', '--tcp', '0'], 2, 'usage.invalid'],
    ['no address', ['--tcp', 'here'], 2, 'usage.invalid'],
    ['an unknown part', ['--part', 'abacus'], 2, 'usage.invalid'],
    ['a bootloader the part does not have', ['--bootloader', 'main-flash'], 2, 'usage.invalid'],
    ['an unknown application', ['--app', 'game'], 2, 'usage.invalid'],
    ['a baud rate that is none', ['--baud', 'fast'], 2, 'usage.invalid'],
    ['a flash file that is too large', ['--flash-file', 'big.bin'], 2, 'input.too-large'],
    [
      'a flash file that can not be written',
      ['--tcp', '0', '--flash-file', 'no/such/folder'],
      2,
      'output.failed',
    ],
    ['a host that is not here', ['--tcp', '203.0.113.1:0'], 6, 'link.failed'],
  ])('%s', async (_, argv, exit, code) => {
    const { run, io, folder } = await bench();
    await writeFile(join(folder, 'big.bin'), Buffer.alloc(600 * 1024));
    expect(await run(['simulate', 'gecko', ...argv])).toBe(exit);
    expect(io.stderr()).toContain(`[${code}]`);
  });

  test('an unknown device', async () => {
    const { run } = await bench();
    expect(await run(['simulate', 'toaster'])).toBe(2);
  });
});

// Windows has no pseudo-terminals.
const describePseudoTerminals = process.platform === 'win32' ? () => {} : describe;
describePseudoTerminals('simulate on a pseudo-terminal', () => {
  test('with a link that is gone afterwards', async () => {
    const { run, io, folder } = await bench();
    const device = await simulation(folder, ['--pty', 'device']);
    expect(device.address).toBe('device');
    expect(await readlink(join(folder, 'device'))).toMatch(/^\/dev\//);
    const port = join(folder, 'device');
    expect(await run(['identify', '--port', port, '--baud', '9600']), io.stderr()).toBe(0);
    expect(io.stdout()).toContain(`${port} at 9600 baud\n`);
    expect(await device.end()).toBe(0);
    await expect(lstat(port)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a link replaces a link, and nothing else', async () => {
    const { run, io, folder } = await bench();
    expect(await run(['simulate', 'gecko', '--pty', 'new.bin'])).toBe(2);
    expect(io.stderr()).toContain('[output.exists]');
    expect(await readFile(join(folder, 'new.bin'))).toHaveLength(3000);
    const first = await simulation(folder, ['--pty', 'device']);
    const second = await simulation(folder, ['--pty', 'device']);
    await second.end();
    // Its link has been replaced and removed; that is nothing to fail for.
    expect(await first.end()).toBe(0);
  });
});

describe('a menu with XMODEM', () => {
  test('is found out, flashed and told, in memory', async () => {
    const { run, io, json } = await bench();
    const argv = ['new.dfupkg', ...TRUST, '--simulate', 'gecko-xmodem', '--json'];
    expect(await run(argv), io.stderr()).toBe(0);
    expectValid('flash-report-v1', json());
    expect(json()).toMatchObject({
      protocol: 'xmodem',
      port: 'virtual gecko-xmodem (simulated)',
      confirmation: 'handed-over',
      deviceState: 'new',
      options: { chunkBytes: 128 },
    });
    expect(io.stderr()).toContain('Found the menu of an XMODEM bootloader\n');
  });

  test('tells its events, by its own name too; a way in that it has not is a usage error', async () => {
    const { run, folder } = await bench();
    const to = ['new.dfupkg', ...TRUST, '--simulate', 'gecko-xmodem'];
    const io = testIo(folder);
    expect(await run([...to, '--progress', 'json'], io), io.stderr()).toBe(0);
    const events = io.stdout().trimEnd().split('\n');
    for (const event of events) expectValid('progress-event-v1', JSON.parse(event));
    expect(events.join()).toContain('"found":"the menu');
    const named = testIo(folder);
    expect(await run([...to, '--protocol', 'xmodem', '--entry', 'none'], named), named.stderr()).toBe(0);
    const wrong = testIo(folder);
    expect(await run([...to, '--protocol', 'xmodem', '--entry', 'bgapi'], wrong)).toBe(2);
    expect(wrong.stderr()).toContain('--entry takes auto, manual, none, not "bgapi"');
  });

  test('on TCP: identified and flashed', async () => {
    const { run, folder, io, json } = await bench();
    const device = await simulation(folder, ['--tcp', '0'], 'gecko-xmodem');
    await moment(100);
    expect(await run(['identify', '--port', device.address, '--json']), io.stderr()).toBe(0);
    expectValid('identify-report-v1', json());
    expect(json()).toMatchObject({ protocol: 'xmodem', running: 'bootloader' });
    const flashing = testIo(folder);
    const argv = ['new.dfupkg', ...TRUST, '--port', device.address, '--confirm', 'none'];
    expect(await run(argv, flashing), flashing.stderr()).toBe(0);
    await device.end();
  });
});
