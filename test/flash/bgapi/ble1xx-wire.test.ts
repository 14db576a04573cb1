import { describe, expect, test } from 'vitest';
import { type Bytes, toHex } from '../../../src/core/bytes.ts';
import { ble1xxPresence } from '../../../src/flash/bgapi/ble1xx-presence.ts';
import {
  decodeLegacySystemBoot,
  inPacketMode,
  legacyDfuBootEvent,
  legacyDfuBootVersion,
  legacyDfuReset,
  legacyFinish,
  legacyGetInfo,
  legacyInfoResponse,
  legacyResponse,
  legacySetAddress,
  legacySystemBootEvent,
  legacySystemReset,
  legacyUpload,
} from '../../../src/flash/bgapi/ble1xx-wire.ts';
import { bgapiPresence } from '../../../src/flash/bgapi/presence.ts';
import { DEVICE_TYPE, type Frame, FrameDecoder } from '../../../src/flash/bgapi/wire.ts';
import { hex, someBytes } from '../support.ts';

const INFO = { major: 1, minor: 3, patch: 2, build: 122, linkLayer: 3, protocol: 1, hardware: 2 };

/** Vectors restated from BGLib and its bleapi.xml. */
test.each([
  ['dfu reset(1)', legacyDfuReset(1), '0001090001'],
  ['dfu reset(0)', legacyDfuReset(0), '0001090000'],
  ['set_address 0x1000', legacySetAddress(0x1000), '0004090100100000'],
  ['upload of 64', legacyUpload(someBytes(64)), `0041090240${toHex(someBytes(64))}`],
  ['upload_finish', legacyFinish(), '00000903'],
  ['system reset(1)', legacySystemReset(1), '0001000001'],
  ['get_info', legacyGetInfo(), '00000008'],
  ['set_address in packet mode', inPacketMode(legacySetAddress(0x1000)), '080004090100100000'],
  ['answer to upload', legacyResponse(9, 2, 0x0180), '000209028001'],
  ['boot event, version 1', legacyDfuBootEvent(1), '8004090001000000'],
  ['boot event of an application', legacySystemBootEvent(INFO), '800c00000100030002007a0003000102'],
  ['answer to get_info', legacyInfoResponse(INFO), '000c00080100030002007a0003000102'],
])('%s', (_, bytes, expected) => {
  expect(toHex(bytes)).toBe(expected);
});

function decoded(bytes: Bytes): Frame {
  const [item] = new FrameDecoder(DEVICE_TYPE.ble1xx).push(bytes);
  if (item === undefined || !('frame' in item)) throw new Error('no frame');
  return item.frame;
}

test('what is told at the start is read back', () => {
  expect(legacyDfuBootVersion(decoded(legacyDfuBootEvent(7)))).toBe(7);
  expect(decodeLegacySystemBoot(decoded(legacySystemBootEvent(INFO)))).toEqual(INFO);
  expect(decodeLegacySystemBoot(decoded(legacyDfuBootEvent(7)))).toBeUndefined();
  expect(legacyDfuBootVersion(decoded(legacySystemBootEvent(INFO)))).toBeUndefined();
});

describe('on a port where it is not known what is there', () => {
  const seen = (bytes: Bytes) => ble1xxPresence.recogniser().push(bytes)?.running;

  test.each([
    ['its boot event', legacyDfuBootEvent(1), 'bootloader'],
    ['its answer to the probe', legacyResponse(9, 1, 0), 'bootloader'],
    ['a start of its application', legacySystemBootEvent(INFO), 'application'],
    ["the application's answer to the probe", legacyInfoResponse(INFO), 'application'],
  ])('%s is known', (_, bytes, running) => {
    expect(seen(bytes)).toBe(running);
    const recogniser = ble1xxPresence.recogniser();
    const byBytes = [...bytes].map((byte) => recogniser.push(Uint8Array.of(byte)));
    expect(byBytes.findLast((sighting) => sighting !== undefined)?.running).toBe(running);
  });

  test.each([
    ['its own probe, echoed', ble1xxPresence.probe],
    ["a Gecko's boot event", hex('a004000001000402')],
    ["a Gecko's answer", hex('200200010000')],
    ['a menu with NULs', hex('000d0a4765636b6f20426f6f746c6f6164657220000d0a312e2075706c6f6164')],
    ['answers to others', hex('0002090300000000000100000000')],
  ])('%s is not taken for one', (_, bytes) => {
    expect(seen(bytes)).toBeUndefined();
  });

  test('its probe has no byte that another device begins a command with, and a Gecko is not recognised in it', () => {
    const probe = [...ble1xxPresence.probe];
    expect(probe).not.toContain(0x20);
    for (const key of ['1', '2', '3', 'C', '\n', '\r']) expect(probe).not.toContain(key.charCodeAt(0));
    expect(bgapiPresence.recogniser().push(ble1xxPresence.probe)).toBeUndefined();
  });
});
