import { describe, expect, test } from 'vitest';
import { type Bytes, concat, toHex } from '../../../src/core/bytes.ts';
import { crc16 } from '../../../src/flash/xmodem/wire.ts';
import { type GeckoDeviceOptions, RESET_REASON } from '../../../src/sim/index.ts';
import { application, Bench, flashed, gbl, gblOf, header, hex, ID, TINY_START, tag } from '../support.ts';

const MENU = '\r\nGecko Bootloader v2.04.01\r\n1. upload gbl\r\n2. run\r\n3. ebl info\r\nBL > \0';
const BEGIN = '\r\nbegin upload\r\n\0';
const ABORTED = '\r\nSerial upload aborted\r\n\0';
const [SOH, EOT, ACK, NAK, CAN] = ['\x01', '\x04', '\x06', '\x15', '\x18'];
const IMAGE = application({ start: TINY_START, bytes: 300 });
const FILE = gblOf(TINY_START, IMAGE);

/** A packet laid out here, padded with 0xff. */
function packet(number: number, data: Uint8Array): Bytes {
  const block = new Uint8Array(128).fill(0xff);
  block.set(data);
  const crc = crc16(block);
  return concat([Uint8Array.of(1, number, 255 - number), block, Uint8Array.of(crc >> 8, crc & 0xff)]);
}
const blocks = (file: Bytes): Bytes[] =>
  Array.from({ length: Math.ceil(file.length / 128) }, (_, i) =>
    packet(i + 1, file.slice(i * 128, i * 128 + 128)),
  );

/** A device at its menu, which it has printed. */
async function atMenu(options: Partial<GeckoDeviceOptions> = {}) {
  const bench = await Bench.inBootloader({ bootloader: 'xmodem', ...options });
  const heard = () => Buffer.from(bench.take().join(''), 'hex').toString('latin1');
  const answersTo = async (bytes: Uint8Array | string, ms = 100) => {
    bench.device.receive(
      typeof bytes === 'string' ? Uint8Array.from(Buffer.from(bytes, 'latin1')) : Uint8Array.from(bytes),
    );
    await bench.wait(ms);
    return heard();
  };
  return { bench, device: bench.device, heard, answersTo };
}

describe('the menu', () => {
  test('is printed at the start, and after every key that is none', async () => {
    const bench = new Bench({ bootloader: 'xmodem' });
    await bench.settle();
    expect(Buffer.from(bench.take().join(''), 'hex').toString('latin1')).toBe(MENU);
    const { answersTo } = await atMenu();
    expect(await answersTo('3')).toBe(MENU);
    expect(await answersTo('x\n')).toBe(MENU + MENU);
    expect(await answersTo(hex('2004000100000000'))).toBe(MENU.repeat(8));
  });

  test('can come twice, in NULs, under another name, or not at all', async () => {
    expect(await (await atMenu({ menu: { copies: 2 } })).answersTo('3')).toBe(MENU + MENU);
    expect(await (await atMenu({ menu: { nuls: 2 } })).answersTo('3')).toMatch(
      /^\0\0\r\nGecko[\s\S]*BL > \0\0\0$/,
    );
    expect(await (await atMenu({ menu: { title: 'EM357 Serial Bootloader' } })).answersTo('3')).toContain(
      'EM357 Serial Bootloader v',
    );
    expect(await (await atMenu({ menu: { silent: true } })).answersTo('3')).toBe('');
  });

  test('is left after a while without a key, if it was built so', async () => {
    const { device, bench } = await atMenu({ image: IMAGE, app: 'silent', idleTimeoutMs: 2000 });
    await bench.wait(2500);
    expect(device.state).toMatchObject({ running: 'application', resetReason: RESET_REASON.timeout });
  });

  test('2 without an upload starts what is there', async () => {
    const { device, answersTo } = await atMenu({ image: IMAGE, app: 'silent' });
    await answersTo('2');
    expect(device.state).toMatchObject({ running: 'application', resetReason: RESET_REASON.badImage });
    const blank = await atMenu();
    expect(await blank.answersTo('2')).toBe(MENU);
  });
});

describe('an upload', () => {
  test('is asked for each second, sixty times, then given up', async () => {
    const { answersTo, heard, bench } = await atMenu();
    expect(await answersTo('1', 500)).toBe(`${BEGIN}C`);
    await bench.wait(58_600);
    expect(heard()).toBe('C'.repeat(59));
    await bench.wait(1000);
    expect(heard()).toBe(CAN.repeat(3) + MENU);
  });

  test('what comes in its first moment is thrown away', async () => {
    const { answersTo } = await atMenu();
    expect(await answersTo(concat([hex('31'), packet(1, FILE.slice(0, 128))]), 500)).toBe(`${BEGIN}C`);
  });

  test('is taken block by block, and its end is told', async () => {
    const { answersTo, device } = await atMenu();
    await answersTo('1');
    for (const block of blocks(FILE)) expect(await answersTo(block)).toBe(ACK);
    expect(await answersTo(EOT)).toBe(`${ACK}\r\nSerial upload complete\r\n\0${MENU}`);
    expect(toHex(flashed(device, TINY_START, IMAGE.length))).toBe(toHex(IMAGE));
    await answersTo('2');
    expect(device.state).toMatchObject({ running: 'application', resetReason: RESET_REASON.go });
  });

  test('a block that comes again is answered and not taken twice', async () => {
    const { answersTo, device } = await atMenu();
    await answersTo('1');
    for (const block of blocks(FILE)) {
      expect(await answersTo(block)).toBe(ACK);
      expect(await answersTo(block)).toBe(ACK);
    }
    expect(device.state.upload?.verified).toBe(true);
  });

  test.each<[string, (good: Bytes) => Bytes]>([
    ['a number that is not the first', () => packet(2, FILE.slice(0, 128))],
    ['the number 0', () => packet(0, FILE.slice(0, 128))],
    ['a complement that is none', (good) => good.with(2, 0x11) as Bytes],
    ['a byte that changed', (good) => good.with(50, (good[50] ?? 0) ^ 4) as Bytes],
  ])('asks again after %s', async (_, spoil) => {
    const { answersTo } = await atMenu();
    await answersTo('1');
    const good = packet(1, FILE.slice(0, 128));
    expect(await answersTo(spoil(good))).toBe(NAK);
    expect(await answersTo(good)).toBe(ACK);
  });

  test('asks for ever for what does not come, every 3 s, also for the rest of a packet', async () => {
    const { answersTo, heard, bench } = await atMenu();
    await answersTo('1');
    expect(await answersTo(SOH, 2800)).toBe('');
    await bench.wait(400);
    expect(heard()).toBe(NAK);
    await bench.wait(30_000);
    expect(heard()).toBe(NAK.repeat(10));
  });

  test.each([
    ['CAN', CAN, 'block error 0x\x0018'],
    ['C', 'C', 'block error 0x\x0018'],
    ['Ctrl-C', '\x03', 'block error 0x\x0018'],
    ['a byte that begins nothing', 'x', 'block error 0x\x0021'],
  ])('ends at %s', async (_, byte, words) => {
    const { answersTo } = await atMenu();
    await answersTo('1');
    expect(await answersTo(byte)).toBe(`${ABORTED}\r\n${words}\r\n${MENU}`);
  });

  test('ends at its end, where the image is not complete', async () => {
    const { answersTo } = await atMenu();
    await answersTo('1');
    await answersTo(packet(1, FILE.slice(0, 128)));
    expect(await answersTo(EOT)).toBe(`${CAN.repeat(3)}${ABORTED}\r\nblock error 0x\x0018\r\n${MENU}`);
  });

  test('ends at the block that the parser refuses', async () => {
    const { answersTo } = await atMenu();
    await answersTo('1');
    const told = await answersTo(packet(1, gbl(header(), tag(0x12345678, hex('00000000')))));
    expect(told).toBe(`${CAN.repeat(3)}${ABORTED}\r\nfile error 0x\x0044\r\n${MENU}`);
  });

  test('passes over what fills the last block, and ends at a whole block behind the end', async () => {
    const { answersTo } = await atMenu();
    await answersTo('1');
    const all = blocks(FILE);
    for (const block of all) await answersTo(block);
    expect(await answersTo(packet(all.length + 1, new Uint8Array()))).toContain('file error 0x\x004F');
  });

  test('a bootloader that is not newer is not installed; a newer one is', async () => {
    const upgrade = (version: string) =>
      gbl(header(), tag(ID.bootloader, concat([hex(`${version} 00000008`), new Uint8Array(64)])));
    const { answersTo, device } = await atMenu();
    for (const [version, words] of [
      ['01000402', 'Failed to boot'],
      ['00000502', MENU],
    ] as const) {
      await answersTo('1');
      for (const block of blocks(upgrade(version))) await answersTo(block);
      await answersTo(EOT);
      expect(await answersTo('2')).toContain(version === '00000502' ? 'v2.05.00' : words);
    }
    expect(device.state.bootloaderVersion).toBe(0x02050000);
  });
});
