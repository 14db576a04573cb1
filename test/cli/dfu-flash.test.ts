import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { main as pack } from '../../src/cli/dfu-pack.ts';
import type { TestIo } from '../support/io.ts';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { bench, door, TRUST } from './flash-support.ts';

const SIMULATED = [...TRUST, '--simulate', 'gecko'];

describe('upload to a virtual device', () => {
  test('verifies, uploads and says what is known of the start', async () => {
    const { run, io } = await bench();
    expect(await run(['new.dfupkg', ...SIMULATED]), io.stderr()).toBe(0);
    expect(io.stdout()).toMatch(/lamp 1\.1\.0 was sent to virtual gecko \(simulated\) and accepted/);
    expect(io.stdout()).toMatch(/booted and told the version expected\. \[version\]/);
    expect(io.stderr().match(/Uploaded \d+ %/g)).toHaveLength(10);
  });

  test('prints one document with --json, valid against its schema, and writes the same with --report', async () => {
    const { run, io, json, folder } = await bench();
    const device = ['--product', 'lamp', '--installed-version', '1.0.0', '--installed-counter', '0'];
    expect(await run(['upload', 'new.dfupkg', ...SIMULATED, ...device, '--json', '--report', 'r.json'])).toBe(
      0,
    );
    expectValid('flash-report-v1', json());
    expect(json()).toMatchObject({
      file: 'new.dfupkg',
      result: 'flashed',
      exit: 0,
      confirmation: 'version',
      deviceState: 'new',
      verification: { verdict: 'trusted' },
    });
    expect(json().facts).toEqual(
      expect.arrayContaining([
        { name: 'bootloaderVersion', value: '2.4.1', source: 'device' },
        { name: 'installedVersion', value: '1.0.0', source: 'operator' },
        { name: 'product', value: 'lamp', source: 'package' },
      ]),
    );
    expect(JSON.parse(await readFile(join(folder, 'r.json'), 'utf8'))).toEqual(json());
    expect(io.stderr()).not.toContain('formatVersion');
  });

  test.each([
    ['--entry', 'bgapi'],
    ['--entry', 'none'],
    ['--chunk-size', '48'],
    ['--confirm', 'version'],
    ['--confirm', 'handed-over'],
    ['--retries', '0'],
    ['--protocol', 'bgapi'],
  ])('%s %s', async (...option) => {
    const { run, io, json } = await bench();
    expect(await run(['new.dfupkg', ...SIMULATED, ...option, '--json']), io.stderr()).toBe(0);
    expectValid('flash-report-v1', json());
    const options = json().options as Record<string, unknown>;
    if (option[0] === '--chunk-size') expect(options.chunkBytes).toBe(48);
    if (option[0] === '--entry') expect(options.entry).toBe(option[1]);
  });

  test('with the evidence none nobody claims that it runs', async () => {
    const { run, io } = await bench();
    expect(await run(['new.dfupkg', ...SIMULATED, '--confirm', 'none'])).toBe(0);
    expect(io.stdout()).toContain('not looked at');
    expect(io.stdout()).not.toMatch(/booted|runs/);
  });

  test('a package without signature only when that is said', async () => {
    const { run, io, folder } = await bench();
    const packing = testIo(folder);
    const argv = ['new.bin', '--product', 'lamp', '--fw-version', '1.1.0', '--part', 'efr32bg22'];
    expect(await pack([...argv, '-o', 'bare.dfupkg'], packing), packing.stderr()).toBe(0);
    expect(await run(['bare.dfupkg', ...SIMULATED])).toBe(4);
    expect(await run(['bare.dfupkg', '--allow-unsigned', '--simulate', 'gecko'])).toBe(0);
    expect(io.stderr()).toMatch(/warning: .*sign/i);
  });
});

describe('a report that fails after all', () => {
  /** Takes the report's place away as soon as the upload is seen. */
  const spoiled = (folder: string): TestIo => {
    const io = testIo(folder);
    const err = io.err;
    io.err = (text) => {
      err(text);
      if (text.startsWith('Uploaded 100 %'))
        mkdirSync(join(folder, 'r.json', 'in the way'), { recursive: true });
    };
    return io;
  };

  test('hides no success: the result is printed, the exit code says that something is missing', async () => {
    const { run, folder } = await bench();
    const io = spoiled(folder);
    expect(await run(['new.dfupkg', ...SIMULATED, '--json', '--report', 'r.json'], io)).toBe(2);
    expect(JSON.parse(io.stdout())).toMatchObject({ result: 'flashed', exit: 0, deviceState: 'new' });
    expect(io.stderr()).toMatch(/r\.json is there and not a regular file.*\n.*\[output\.failed\]\n$/);
    const text = spoiled(await bench().then((other) => other.folder));
    expect(await run(['new.dfupkg', ...SIMULATED, '--report', 'r.json'], text)).toBe(2);
    expect(text.stdout()).toContain('was sent to virtual gecko');
  });

  test('hides no failure either, whose exit code stays', async () => {
    const { run, folder } = await bench();
    const packing = testIo(folder);
    const argv = ['new.bin', '--product', 'lamp', '--fw-version', '1.1.0', '--part', 'efr32bg22'];
    const wrong = ['--device-version', '0x00090909', '--key', 'k.key.pem', '-o', 'wrong.dfupkg'];
    expect(await pack([...argv, ...wrong], packing), packing.stderr()).toBe(0);
    const io = spoiled(folder);
    expect(await run(['wrong.dfupkg', ...SIMULATED, '--report', 'r.json'], io)).toBe(9);
    expect(io.stderr()).toMatch(/\[device\.wrong-version\][\s\S]*\[output\.failed\]\n$/);
  });
});

describe('colour', () => {
  const ESC = String.fromCharCode(27);
  const REFUSED = ['--product', 'heater'];

  test('of the result, on a terminal', async () => {
    const { run, folder } = await bench();
    const io = testIo(folder, { terminal: { stdout: true, stderr: true } });
    expect(await run(['new.dfupkg', ...SIMULATED, '--progress', 'none'], io)).toBe(0);
    expect(io.stdout()).toMatch(
      new RegExp(`^${ESC}\\[32mlamp 1\\.1\\.0 was sent to .*accepted\\.${ESC}\\[39m\n  The`),
    );
    expect(await run(['new.dfupkg', ...SIMULATED, ...REFUSED], io)).toBe(5);
    expect(io.stderr()).toMatch(new RegExp(`^${ESC}\\[31mREFUSED: new\\.dfupkg${ESC}\\[39m\n`));
    const gone = testIo(folder, { terminal: { stderr: true } });
    expect(
      await run(['new.dfupkg', ...TRUST, '--port', '/dev/tty-of-nobody', '--progress', 'none'], gone),
    ).toBe(6);
    expect(gone.stderr()).toMatch(new RegExp(`^${ESC}\\[31mdfu-flash: .*${ESC}\\[39m\n`));
  });

  test('nowhere else, nor with NO_COLOR', async () => {
    const { run, folder } = await bench();
    const plain = testIo(folder);
    const terminal = { stdout: true, stderr: true };
    const unwanted = testIo(folder, { terminal, environment: { NO_COLOR: '1' } });
    for (const io of [plain, unwanted]) {
      expect(await run(['new.dfupkg', ...SIMULATED, '--progress', 'none'], io)).toBe(0);
      expect(await run(['new.dfupkg', ...SIMULATED, ...REFUSED], io)).toBe(5);
      expect(io.stdout() + io.stderr()).not.toContain(ESC);
    }
    const document = testIo(folder, { terminal });
    expect(await run(['new.dfupkg', ...SIMULATED, '--json', '--progress', 'none'], document)).toBe(0);
    expect(document.stdout()).not.toContain(ESC);
  });
});

describe('a refused package', () => {
  test('opens no port', async () => {
    const { run, io, folder } = await bench();
    const { url, visits } = await door();
    const bytes = await readFile(join(folder, 'new.dfupkg'));
    bytes[bytes.length - 400] = (bytes[bytes.length - 400] ?? 0) ^ 1;
    await writeFile(join(folder, 'bad.dfupkg'), bytes);
    expect(await run(['bad.dfupkg', ...TRUST, '--port', url])).toBe(3);
    expect(await run(['old.dfupkg', ...TRUST, '--port', url, '--installed-version', '1.1.0'])).toBe(5);
    expect(await run(['new.dfupkg', ...TRUST, '--port', url, '--product', 'heater'])).toBe(5);
    expect(await run(['new.dfupkg', ...TRUST, '--port', url, '--require', 'version'])).toBe(5);
    expect(visits()).toBe(0);
    expect(io.stdout()).toBe('');
    expect(io.stderr()).toContain('REFUSED');
    // The same door is knocked at for a good one.
    expect(await run(['new.dfupkg', ...TRUST, '--port', url, '--retries', '0'])).toBe(6);
    expect(visits()).toBeGreaterThan(0);
  });

  test('for other hardware, and another than the one release asked for', async () => {
    const { run, io, folder } = await bench();
    const packing = testIo(folder);
    const argv = ['new.bin', '--product', 'lamp', '--fw-version', '1.1.0', '--part', 'efr32bg22'];
    const more = ['--hardware', 'B', '--key', 'k.key.pem', '-o', 'b.dfupkg'];
    expect(await pack([...argv, ...more], packing), packing.stderr()).toBe(0);
    expect(await run(['b.dfupkg', ...SIMULATED, '--hardware', 'A'])).toBe(5);
    expect(io.stderr()).toContain('[policy.hardware]');
    expect(await run(['b.dfupkg', ...SIMULATED, '--package-id', 'ab'.repeat(32)])).toBe(5);
    expect(io.stderr()).toContain('[policy.package-id]');
    const good = testIo(folder);
    expect(await run(['b.dfupkg', ...SIMULATED, '--hardware', 'B', '--json'], good)).toBe(0);
    const report = JSON.parse(good.stdout());
    expect(report.facts).toContainEqual({ name: 'hardware', value: 'B', source: 'operator' });
    const pinned = ['--package-id', report.package.packageId];
    expect(await run(['b.dfupkg', ...SIMULATED, ...pinned], good), good.stderr()).toBe(0);
  });

  test('is a document of its own', async () => {
    const { run, json } = await bench();
    expect(await run(['new.dfupkg', ...SIMULATED, '--product', 'heater', '--json'])).toBe(5);
    expectValid('flash-report-v1', json());
    expect(json()).toMatchObject({ result: 'refused', exit: 5, verification: { verdict: 'refused' } });
  });

  test('an excused downgrade is none', async () => {
    const { run, io } = await bench();
    const device = ['--installed-version', '1.1.0'];
    expect(await run(['old.dfupkg', ...SIMULATED, ...device])).toBe(5);
    expect(await run(['old.dfupkg', ...SIMULATED, ...device, '--allow-downgrade']), io.stderr()).toBe(0);
  });

  test('with an image that the protocol does not take: no port is opened, and the cure is named', async () => {
    const { run, io, folder } = await bench();
    const { url, visits } = await door();
    const packing = testIo(folder);
    const argv = ['new.bin', '--product', 'lamp', '--fw-version', '1.1.0', '--image-format', 'raw'];
    const more = ['--start-address', '0x6000', '--key', 'k.key.pem', '-o', 'raw.dfupkg'];
    expect(await pack([...argv, ...more], packing), packing.stderr()).toBe(0);
    // Under auto another device might be there, which takes it.
    expect(await run(['raw.dfupkg', ...TRUST, '--port', url, '--protocol', 'bgapi'])).toBe(2);
    expect(visits()).toBe(0);
    expect(io.stderr()).toContain('--image-format gbl. [flash.format-not-supported]');
  });
});

describe('--dry-run', () => {
  test('prints the plan and opens no port', async () => {
    const { run, io } = await bench();
    const { url, visits } = await door();
    expect(await run(['new.dfupkg', ...TRUST, '--port', url, '--dry-run', '--chunk-size', '128'])).toBe(0);
    expect(io.stdout()).toMatch(/in \d+ requests of at most 128 bytes/);
    expect(io.stdout()).toContain('Nothing was sent.');
    expect(visits()).toBe(0);
  });

  test('as a document; without a port', async () => {
    const { run, json } = await bench();
    expect(await run(['new.dfupkg', ...TRUST, '--dry-run', '--json'])).toBe(0);
    expectValid('flash-report-v1', json());
    expect(json()).toMatchObject({ result: 'planned', protocol: 'bgapi' });
  });

  test('still refuses what is refused', async () => {
    const { run } = await bench();
    expect(await run(['new.dfupkg', ...TRUST, '--dry-run', '--product', 'heater'])).toBe(5);
  });
});

describe('progress', () => {
  const events = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test('json: events on stdout, nothing else there', async () => {
    const { run, io } = await bench();
    expect(await run(['new.dfupkg', ...SIMULATED, '--progress', 'json'])).toBe(0);
    for (const event of events(io.stdout())) expectValid('progress-event-v1', event);
    const uploads = events(io.stdout()).filter(({ phase }) => phase === 'upload');
    expect(uploads.at(-1)?.doneBytes).toBe(uploads.at(-1)?.totalBytes);
    expect(io.stderr()).toContain('was sent to');
  });

  test('json beside --json: events on stderr', async () => {
    const { run, io, json } = await bench({ DFUKIT_PROGRESS: 'json' });
    expect(await run(['new.dfupkg', ...SIMULATED, '--json'])).toBe(0);
    for (const event of events(io.stderr())) expectValid('progress-event-v1', event);
    expectValid('flash-report-v1', json());
  });

  test('none', async () => {
    const { run, io } = await bench();
    expect(await run(['new.dfupkg', ...SIMULATED, '--progress', 'none'])).toBe(0);
    expect(io.stderr()).toBe('');
  });

  test('bar: on a terminal unless something else is asked for', async () => {
    const { run, folder } = await bench();
    const terminal = () => testIo(folder, { terminal: { stderr: true, columns: 60 } });
    const [auto, bar, lines] = [terminal(), terminal(), terminal()];
    expect(await run(['new.dfupkg', ...SIMULATED], auto)).toBe(0);
    expect(await run(['new.dfupkg', ...SIMULATED, '--progress', 'bar'], bar)).toBe(0);
    expect(await run(['new.dfupkg', ...SIMULATED, '--progress', 'lines'], lines)).toBe(0);
    expect(auto.stderr()).toBe(bar.stderr());
    expect(bar.stderr()).toMatch(/\r\[#+\] 100 %/);
    expect(
      Math.max(
        ...bar
          .stderr()
          .split('\r')
          .map(({ length }) => length),
      ),
    ).toBeLessThan(60);
    expect(lines.stderr()).not.toContain('\r');
  });
});

describe('ports that can not be used are told before and after', () => {
  test.each<[string, string[], string]>([
    ['a serial port that is not there', ['--port', '/dev/tty-of-nobody'], 'link.not-found'],
    [
      'the same with all options',
      ['--port', '/dev/tty-of-nobody', '--baud', '9600', '--rtscts'],
      'link.not-found',
    ],
    ['something that is no serial port', ['--port', '/dev/null'], 'link.unsupported'],
  ])('%s', async (_, options, code) => {
    const { run, io } = await bench();
    expect(await run(['new.dfupkg', ...TRUST, ...options])).toBe(6);
    expect(io.stderr()).toContain(`[${code}]`);
    expect(io.stderr()).toContain('nothing was sent that changes it');
  });

  test('a failure as a document says whether another run helps', async () => {
    const { run, json, io } = await bench({ DFUKIT_PORT: '/dev/tty-of-nobody', DFUKIT_BAUD: '9600' });
    expect(await run(['new.dfupkg', ...TRUST, '--json'])).toBe(6);
    expectValid('flash-report-v1', json());
    expect(json()).toMatchObject({
      result: 'failed',
      exit: 6,
      port: '/dev/tty-of-nobody at 9600 baud',
      deviceState: 'untouched',
      error: { code: 'link.not-found', retryable: true },
    });
    expect(io.stderr()).toContain('Another run may help.');
  });

  test('no port at all: the ports there are', async () => {
    const { run, io } = await bench();
    expect(await run(['new.dfupkg', ...TRUST])).toBe(2);
    expect(io.stderr()).toMatch(/no port is given; this machine has/);
  });
});

test('list, for people and as a document', async () => {
  const { run, io, folder } = await bench();
  expect(await run(['list'])).toBe(0);
  const other = testIo(folder);
  expect(await run(['list', '--json'], other)).toBe(0);
  expectValid('port-list-v1', JSON.parse(other.stdout()));
  expect(io.stdout().split('\n').length - 1).toBe(JSON.parse(other.stdout()).ports.length);
});
