import { describe, expect, test } from 'vitest';
import { concat, equalBytes } from '../../../src/core/bytes.ts';
import {
  application,
  BAD,
  Bench,
  BOOT,
  BOOT_FAILURE,
  chunks,
  flashed,
  gblOf,
  hex,
  OK,
  TINY_START,
  uploadFrame,
} from '../support.ts';

const NEW = application({ start: TINY_START, bytes: 1400, version: 0x00010100, seed: 2 });
const OLD = application({ start: TINY_START, bytes: 1200, version: 0x00010000 });
const FILE = gblOf(TINY_START, NEW);
const holdsNew = (bench: Bench) => equalBytes(flashed(bench.device, TINY_START, NEW.length), NEW);

/** The file with one bit of its program data turned. */
function damaged(): Uint8Array<ArrayBuffer> {
  const file = FILE.slice();
  file[700] = (file[700] ?? 0) ^ 0x10;
  return file;
}

describe('an upload', () => {
  test.each([4, 12, 48, 128, 252])('in pieces of %i bytes leaves flash equal to the image', async (bytes) => {
    const bench = await Bench.inBootloader();
    expect(await bench.ask('20 04 00 01 00 00 00 00')).toBe(OK.setAddress);
    expect(new Set(await bench.upload(FILE, bytes))).toEqual(new Set([OK.upload]));
    expect(await bench.finish()).toBe(OK.finish);
    expect(holdsNew(bench)).toBe(true);
    expect(bench.device.flash.violations).toEqual([]);

    bench.device.receive(hex('20 01 01 01 00'));
    await bench.settle();
    expect(bench.device.state.running).toBe('application');
    expect(bench.take()).toEqual([`a0120100${'0100'}${'0100'}${'0000'}${'0000'}010004020100${'00000000'}`]);
  });

  test('is believed in its own length byte: too small, and the rest is passed over', async () => {
    const bench = await Bench.inBootloader();
    const [first, ...rest] = chunks(FILE, 48) as [Uint8Array, ...Uint8Array[]];
    // The header says 61 bytes of payload, the data's length byte 48: twelve bytes of rubbish go nowhere.
    const frame = concat([hex('20 3d 00 02 30'), first, new Uint8Array(12).fill(0x99)]);
    expect(await bench.ask(frame)).toBe(OK.upload);
    for (const chunk of rest) await bench.ask(uploadFrame(chunk));
    expect(await bench.finish()).toBe(OK.finish);
  });

  test('is believed in its own length byte: too large, and zeros are read', async () => {
    const bench = await Bench.inBootloader();
    const image = concat([NEW.slice(0, 600), new Uint8Array(400)]);
    const file = gblOf(TINY_START, image);
    const zerosFrom = file.length - 12 - 400;
    await bench.upload(file.slice(0, zerosFrom), 48);
    // Nothing but the length byte: each stands for 200 zeros, whatever the commands before had left in the buffer.
    expect(await bench.ask('20 01 00 02 c8')).toBe(OK.upload);
    expect(await bench.ask('20 01 00 02 c8')).toBe(OK.upload);
    await bench.upload(file.slice(zerosFrom + 400), 48);
    expect(await bench.finish()).toBe(OK.finish);
  });

  test('of nothing is acknowledged', async () => {
    const bench = await Bench.inBootloader();
    expect(await bench.ask('20 01 00 02 00')).toBe(OK.upload);
    expect(await bench.ask('20 00 00 02')).toBe(OK.upload);
    expect(new Set(await bench.upload(FILE))).toEqual(new Set([OK.upload]));
    expect(await bench.finish()).toBe(OK.finish);
  });

  test('need not come in words', async () => {
    const bench = await Bench.inBootloader();
    expect(new Set(await bench.upload(FILE, 37))).toEqual(new Set([OK.upload]));
    expect(await bench.finish()).toBe(OK.finish);
    expect(holdsNew(bench)).toBe(true);
  });

  test('must come in words where the bootloader is strict', async () => {
    const bench = await Bench.inBootloader({ strict: true });
    expect((await bench.upload(FILE.slice(0, 74), 37))[0]).toBe(BAD.upload);
    expect(await bench.finish()).toBe(BAD.finish);
  });

  test('of a second file behind the first changes nothing', async () => {
    const bench = await Bench.inBootloader();
    await bench.upload(FILE);
    const operations = bench.device.flash.operations;
    expect(new Set(await bench.upload(gblOf(TINY_START, OLD)))).toEqual(new Set([OK.upload]));
    expect(await bench.ask(uploadFrame(new Uint8Array(64).fill(0xff)))).toBe(OK.upload);
    expect(await bench.finish()).toBe(OK.finish);
    expect(bench.device.flash.operations).toBe(operations);
    expect(holdsNew(bench)).toBe(true);
  });
});

describe('a bad file', () => {
  test('with a bit turned is told by the last upload alone', async () => {
    const bench = await Bench.inBootloader();
    const answers = await bench.upload(damaged());
    expect(answers.pop()).toBe(BAD.upload);
    expect(new Set(answers)).toEqual(new Set([OK.upload]));
    expect(await bench.finish()).toBe(BAD.finish);
  });

  test('that is cut short is told by finish alone', async () => {
    const bench = await Bench.inBootloader();
    expect(new Set(await bench.upload(FILE.slice(0, -16)))).toEqual(new Set([OK.upload]));
    expect(await bench.finish()).toBe(BAD.finish);
  });

  test('that is none at all is told by the first upload alone', async () => {
    const bench = await Bench.inBootloader();
    const answers = await bench.upload(new Uint8Array(480), 48);
    expect(answers).toEqual([BAD.upload, ...Array(9).fill(OK.upload)]);
  });

  test('leaves an error that a new start from the first byte does not mend', async () => {
    const bench = await Bench.inBootloader();
    await bench.upload(damaged());
    expect(await bench.ask('20 04 00 01 00 00 00 00')).toBe(OK.setAddress);
    expect(new Set(await bench.upload(FILE))).toEqual(new Set([OK.upload]));
    expect(await bench.finish()).toBe(BAD.finish);
  });

  test('is mended by system_reset(1), which brings the boot event again', async () => {
    const bench = await Bench.inBootloader({ image: OLD });
    await bench.upload(damaged());
    bench.device.receive(hex('20 01 01 01 01'));
    await bench.settle();
    // The first page is gone by now, and the device says so too.
    expect(bench.take()).toEqual([BOOT_FAILURE, BOOT]);
    await bench.upload(FILE);
    expect(await bench.finish()).toBe(OK.finish);
    expect(holdsNew(bench)).toBe(true);
  });

  test('leaves no application behind, and the device comes back as its bootloader', async () => {
    const bench = await Bench.inBootloader({ image: OLD });
    await bench.upload(damaged());
    bench.device.receive(hex('20 01 01 01 00'));
    await bench.settle();
    expect(bench.take()).toEqual([BOOT_FAILURE, BOOT]);
    expect(bench.device.runs().refusal).toBe('no-image');
  });
});

describe('finish', () => {
  test('without an upload is refused', async () => {
    expect(await (await Bench.inBootloader()).finish()).toBe(BAD.finish);
  });

  test('may be asked again', async () => {
    const bench = await Bench.inBootloader();
    await bench.upload(FILE);
    expect(await bench.finish()).toBe(OK.finish);
    expect(await bench.finish()).toBe(OK.finish);
  });

  test('keeps the device in the bootloader until it is reset', async () => {
    const bench = await Bench.inBootloader();
    await bench.upload(FILE);
    await bench.finish();
    await bench.wait(60_000);
    expect(bench.device.state.running).toBe('bootloader');
    expect(bench.take()).toEqual([]);
  });
});

describe('a lost answer', () => {
  test('after which the data is sent again spoils the file', async () => {
    const bench = await Bench.inBootloader();
    const list = chunks(FILE, 48);
    list.splice(5, 0, list[5] as Uint8Array<ArrayBuffer>);
    for (const chunk of list) await bench.ask(uploadFrame(chunk));
    expect(await bench.finish()).toBe(BAD.finish);
  });

  test('of a command that never arrived is mended by sending it again', async () => {
    const bench = await Bench.inBootloader();
    for (const [i, chunk] of chunks(FILE, 48).entries()) {
      if (i === 5) expect(await bench.ask(uploadFrame(chunk).slice(0, 20), 5000)).toBe('silence');
      expect(await bench.ask(uploadFrame(chunk))).toBe(OK.upload);
    }
    expect(await bench.finish()).toBe(OK.finish);
  });
});

describe('commands', () => {
  test.each([
    ['dfu_reset', '20 01 00 00 01'],
    ['another dfu command', '20 00 00 04'],
    ['system_reboot', '20 00 01 1f'],
    ['system_hello', '20 00 01 00'],
    ['user_reset_to_dfu', '20 00 ff 02'],
    ['a mesh command', '28 00 00 03'],
    ['an event', 'a0 00 00 03'],
    ['an upload of 255 bytes, whose header begins with 0x21', `21 00 00 02 ff ${'00'.repeat(255)}`],
  ])('%s is passed over in silence', async (_, bytes) => {
    const bench = await Bench.inBootloader();
    expect(await bench.ask(bytes)).toBe('silence');
    expect(await bench.ask('20 04 00 01 00 00 00 00')).toBe(OK.setAddress);
  });

  test('are found behind bytes that are none', async () => {
    const bench = await Bench.inBootloader();
    expect(await bench.ask('00 ff 21 a0 28 20 04 00 01 00 00 00 00')).toBe(OK.setAddress);
  });

  test('sent back to back are answered in order', async () => {
    const bench = await Bench.inBootloader();
    bench.device.receive(
      concat([hex('20 04 00 01 00 00 00 00'), uploadFrame(FILE.slice(0, 48)), hex('20 00 00 03')]),
    );
    await bench.wait(1000);
    expect(bench.take()).toEqual([OK.setAddress, OK.upload, BAD.finish]);
  });

  test('that do not fit into the receive buffer while the device works are lost', async () => {
    const bench = await Bench.inBootloader();
    const probe = hex('20 04 00 01 00 00 00 00');
    bench.device.receive(concat(Array.from({ length: 100 }, () => probe)));
    await bench.wait(5000);
    // One is worked on, and 512 bytes hold 64 more.
    expect(bench.take()).toHaveLength(65);
  });

  test('may come a byte at a time', async () => {
    const bench = await Bench.inBootloader();
    for (const byte of hex('20 04 00 01 00 00 00')) {
      bench.device.receive(Uint8Array.of(byte));
      await bench.wait(200);
    }
    expect(await bench.ask('00')).toBe(OK.setAddress);
  });

  test.each([
    ['a header is given up after 1 s', '20 04', 990, OK.setAddress],
    ['a header is given up after 1 s', '20 04', 1010, 'silence'],
    ['a payload is given up after 3 s', '20 04 00 01 00', 2990, OK.setAddress],
    ['a payload is given up after 3 s', '20 04 00 01 00', 3010, 'silence'],
  ])('%s', async (_, first, ms, expected) => {
    const bench = await Bench.inBootloader();
    const whole = '20 04 00 01 00 00 00 00';
    bench.device.receive(hex(first));
    await bench.wait(ms);
    // The rest begins a new hunt and has no 0x20 in it.
    expect(await bench.ask(whole.slice(first.length))).toBe(expected);
    if (expected === 'silence') expect(await bench.ask(whole)).toBe(OK.setAddress);
  });

  test('are answered after the latency, and an erased page takes its time', async () => {
    const bench = await Bench.inBootloader({ latencyMs: 3, pageEraseMs: 40 });
    const started = bench.clock.now();
    await bench.ask('20 04 00 01 00 00 00 00');
    expect(bench.clock.now() - started).toBe(3);
    await bench.ask(uploadFrame(FILE.slice(0, 48)));
    expect(bench.clock.now() - started).toBe(6);
    await bench.ask(uploadFrame(FILE.slice(48, 96)));
    expect(bench.clock.now() - started, 'the first word of data erases its page').toBe(49);
  });
});

describe('system_reset', () => {
  test.each(['00', '02', '07', ''])('(%s) starts the application', async (mode) => {
    const bench = await Bench.inBootloader({ image: OLD });
    bench.device.receive(hex(`20 0${mode === '' ? 0 : 1} 01 01 ${mode}`));
    await bench.settle();
    expect(bench.device.state.running).toBe('application');
  });

  test('(1) starts the bootloader again, which says so', async () => {
    const bench = await Bench.inBootloader({ image: OLD });
    bench.device.receive(hex('20 01 01 01 01'));
    await bench.settle();
    expect(bench.take()).toEqual([BOOT]);
    expect(bench.device.state.running).toBe('bootloader');
  });

  test('loses what comes behind it until the device has started', async () => {
    const bench = await Bench.inBootloader({ image: OLD });
    bench.device.receive(concat([hex('20 01 01 01 01'), hex('20 04 00 01 00 00 00 00')]));
    bench.device.receive(hex('20 04 00 01 00 00 00 00'));
    await bench.settle();
    expect(bench.take()).toEqual([BOOT]);
  });
});
