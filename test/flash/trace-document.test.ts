import { describe, expect, test } from 'vitest';
import { type Bytes, concat, toHex, utf8 } from '../../src/core/bytes.ts';
import { inPacketMode, legacySetAddress, legacyUpload } from '../../src/flash/bgapi/ble1xx-wire.ts';
import {
  dfuBootEvent,
  finish,
  response,
  setAddress,
  systemReset,
  upload,
} from '../../src/flash/bgapi/wire.ts';
import { describeTrace, renderTrace } from '../../src/flash/trace-document.ts';
import { CONTROL, encodePacket } from '../../src/flash/xmodem/wire.ts';
import { decodeTrace } from '../../src/link/trace-decode.ts';
import type { Trace, TraceEvent } from '../../src/link/trace-format.ts';
import { HEADER, recorded } from '../link/recording.ts';
import { expectValid } from '../support/schema.ts';
import { flash, scene } from '../sweep/scene.ts';
import { hex, testRun } from './support.ts';

/** `[time, direction, bytes]`, as a trace. */
function traceOf(protocol: string, ...said: (readonly [number, '>' | '<', Bytes])[]): Trace {
  const events = said.map(
    ([t, d, bytes]): TraceEvent => ({ t, event: d === '>' ? 'sent' : 'received', bytes }),
  );
  return { header: { ...HEADER, protocol }, events, cutOff: false };
}

function items(trace: Trace): string[] {
  const { items: found } = describeTrace(trace);
  // Nothing is lost, nothing told twice, whatever it was taken for.
  for (const way of ['>', '<'] as const) {
    const all = trace.events.filter(({ event }) => event === (way === '>' ? 'sent' : 'received'));
    const bytes = concat(all.map((event) => ('bytes' in event ? event.bytes : new Uint8Array())));
    const told = found.filter(({ direction }) => direction === way).map(({ hex: text }) => text);
    expect(told.join('')).toBe(toHex(bytes));
  }
  return found.map(({ t, direction, kind, text }) => `${t} ${direction} ${kind}: ${text}`);
}

describe('frames in words', () => {
  test('BGAPI, in any pieces', () => {
    const boot = dfuBootEvent(0x02040001);
    expect(
      items(
        traceOf(
          'bgapi',
          [1, '>', setAddress(0x6000)],
          [2, '<', response(0, 1, 0)],
          [3, '>', upload(hex('010203'))],
          [4, '<', response(0, 2, 0x46)],
          [5, '>', finish()],
          [6, '<', concat([hex('77'), boot.slice(0, 3)])],
          [7, '<', boot.slice(3)],
          [8, '>', systemReset(1)],
          [9, '<', hex('a0120100 0100 0200 0300 0400 01000402 0100 aabbccdd')],
          [10, '<', hex('a00200014600')],
          [11, '<', hex('2001050607')],
          [12, '<', hex('a004')],
        ),
      ),
    ).toEqual([
      '1 > frame: dfu set address 0x00006000',
      '2 < frame: answer to dfu set address: 0x0000 OK: done',
      '3 > frame: dfu upload of 3 bytes: 01 02 03',
      expect.stringMatching(/^4 < frame: answer to dfu upload: 0x0046 SECURITY_IMAGE_CHECKSUM_ERROR: /),
      '5 > frame: dfu finish',
      '6 < noise: 77',
      '7 < frame: boot event of the bootloader, version 2.4.1',
      '8 > frame: system reset (1, into the bootloader)',
      '9 < frame: boot event of the application, version 1.2.3 build 4, bootloader 2.4.1, hardware 1',
      expect.stringMatching(/^10 < frame: boot failure event: 0x0046 /),
      '11 < frame: response 5.6: 07',
      '12 < noise: a0 04',
    ]);
  });

  test('a frame that stands still was none', () => {
    expect(items(traceOf('bgapi', [1, '<', hex('2080')], [600, '<', response(0, 1, 0)]))).toEqual([
      '1 < noise: 20',
      '1 < noise: 80',
      '600 < frame: answer to dfu set address: 0x0000 OK: done',
    ]);
  });

  test("the first generation's, with a length before commands in packet mode", () => {
    for (const [protocol, wrap] of [
      ['ble1xx', (bytes: Bytes) => bytes],
      ['ble1xx-packet', inPacketMode],
    ] as const) {
      expect(
        items(
          traceOf(
            protocol,
            [1, '>', wrap(legacySetAddress(0x1000))],
            [2, '<', hex('000209010000')],
            [3, '>', wrap(legacyUpload(hex('0102')))],
          ),
        ),
      ).toEqual([
        '1 > frame: dfu set address 0x00001000',
        '2 < frame: answer to dfu set address: 0x0000 OK: done',
        '3 > frame: dfu upload of 2 bytes: 01 02',
      ]);
    }
  });

  const MENU: (readonly [number, '>' | '<', Bytes])[] = [
    [1, '>', hex('0a33')],
    [2, '<', utf8('\r\nGecko Bootloader v2.04.01\r\n1. upload gbl\r\n')],
    [3, '<', utf8('BL > ')],
    [4, '>', hex('31')],
    [5, '<', utf8('\r\nbegin upload\r\n')],
    [6, '<', utf8('C')],
    [7, '>', encodePacket(0, hex('0102'))],
    [8, '<', Uint8Array.of(CONTROL.ack)],
    [9, '>', encodePacket(1, hex('03')).map((byte, i) => (i === 50 ? byte ^ 1 : byte))],
    [10, '<', Uint8Array.of(CONTROL.nak)],
    [11, '>', Uint8Array.of(CONTROL.eot)],
    [12, '<', utf8('file error 0x43\r\n')],
  ];
  test('XMODEM: keys, packets, answers, the menu', () => {
    const found = items(traceOf('xmodem', ...MENU));
    expect(found).toEqual(
      expect.arrayContaining([
        '1 > frame: key 3: information',
        '2 < frame: menu: "Gecko Bootloader v2.04.01"',
        '4 > frame: key 1: upload',
        '6 < frame: C: ready for the first block',
        expect.stringMatching(/^7 > frame: block 1 of 128 bytes: 01 02 ff ff .*\.\.\.$/),
        '8 < frame: ACK',
        '9 > frame: block 2 of 128 bytes, with a wrong CRC',
        '10 < frame: NAK',
        '11 > frame: EOT: end of the image',
        '12 < frame: menu: "file error 0x43": file error 0x43: its checksum (CRC-32) is wrong',
      ]),
    );
    expect(found.join()).not.toContain('noise');
  });

  test('auto: each answer as what was asked', () => {
    const found = items(traceOf('auto', [0, '>', setAddress(0)], [0.5, '<', hex('2002')], ...MENU));
    expect(found.slice(0, 3)).toEqual([
      '0 > frame: dfu set address 0x00000000',
      expect.stringMatching(/^1 > frame: newline/),
      '1 > frame: key 3: information',
    ]);
    expect(found).toContain('8 < frame: ACK');
  });

  test('auto: the commands of a BLE1xx, and what it answers', () => {
    const probe = hex('000000080004090100100000');
    const found = items(
      traceOf('auto', [0, '>', setAddress(0)], [1, '>', probe], [2, '<', hex('000209010000')]),
    );
    expect(found.slice(1)).toEqual([
      '1 > frame: command 0.8',
      '1 > frame: dfu set address 0x00001000',
      '2 < frame: answer to dfu set address: 0x0000 OK: done',
    ]);
  });

  test('an unknown protocol: bytes as they are; all text escaped', () => {
    const trace = traceOf('other', [1, '<', utf8('login: "a"\r\n')], [2, '<', utf8('\u001b[2J::set-output')]);
    expect(items(trace)).toEqual([
      '1 < noise: text "login: \\"a\\"\\r\\n"',
      '2 < noise: 1b 5b 32 4a 3a 3a 73 65 74 2d 6f 75 74 70 75 74',
    ]);
  });
});

test('a whole run, for people and as a document', async () => {
  const at = scene([{ kind: 'cut', direction: 'to-device', frame: 6 }]);
  const { lines } = await recorded(at.port, testRun(at.clock), (port, run) =>
    flash({ clock: run.clock, port }, {}, run),
  );
  at.device.powerOff();
  const text = lines.join('');
  const document = describeTrace(decodeTrace(utf8(text)));
  expectValid('trace-report-v1', document);
  expect(document).toMatchObject({ cutOff: false, ended: true });
  const shown = renderTrace(document);
  expect(shown).toMatch(/^[\x20-\x7e\n]*$/);
  expect(shown).toMatch(
    /^Trace of dfu-flash upload, dfukit 0\.1\.0, 2026-01-02T03:04:05\.678Z\n {2}port virtual device, protocol bgapi\n/,
  );
  expect(shown).toMatch(/\n {4}0\.\d{6} > dfu upload of 252 bytes: eb 17 a6 03 /);
  expect(shown).toMatch(/ - the link ended: the cable of virtual device was pulled\n/);
  expect(shown).toMatch(/\n {13}\.\.\. \d+\.\d{3} s\n/);
  expect(shown).toMatch(/ - the run ended with exit 0\n\d+ bytes sent, \d+ received\.\n$/);

  const cut = renderTrace(describeTrace(decodeTrace(utf8(text.slice(0, -200)))));
  expect(cut).toMatch(/The last line was cut off\.\nThe record ends before the run did/);
});
