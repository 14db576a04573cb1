import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, toHex } from '../../../src/core/bytes.ts';
import {
  type Decoded,
  decodeSystemBoot,
  dfuBootEvent,
  dfuBootFailureEvent,
  dfuBootVersion,
  dottedVersion,
  encodeFrame,
  type Frame,
  FrameDecoder,
  finish,
  isBootFailure,
  MAX_RECEIVED_PAYLOAD_BYTES,
  MAX_UPLOAD_BYTES,
  response,
  resultOf,
  setAddress,
  systemBootEvent,
  systemReset,
  upload,
  userResetToDfu,
} from '../../../src/flash/bgapi/wire.ts';
import { hex, someBytes } from '../support.ts';

const frame: fc.Arbitrary<Frame> = fc.record({
  kind: fc.constantFrom('message' as const, 'event' as const),
  class: fc.nat(255),
  id: fc.nat(255),
  payload: fc
    .uint8Array({ maxLength: MAX_RECEIVED_PAYLOAD_BYTES })
    .map((bytes) => Uint8Array.from(bytes) as Bytes),
});
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((b) => Uint8Array.from(b) as Bytes);

/** Decoded through pieces of the given sizes; neighbouring discarded bytes joined, since pieces may part them. */
function decode(all: Bytes, sizes: readonly number[]): { items: string[]; bytes: string } {
  const decoder = new FrameDecoder();
  const decoded: Decoded[] = [];
  let at = 0;
  for (const size of sizes) {
    decoded.push(...decoder.push(all.slice(at, at + size)));
    at += size;
  }
  decoded.push(...decoder.push(all.slice(at)));
  const rest = decoder.flush();
  const items: string[] = [];
  for (const item of decoded) {
    const text =
      'frame' in item ? `frame ${toHex(encodeFrame(item.frame))}` : `noise ${toHex(item.discarded)}`;
    if (text.startsWith('noise') && items.at(-1)?.startsWith('noise'))
      items.push(items.pop() + text.slice(6));
    else items.push(text);
  }
  return { items, bytes: items.map((i) => i.slice(6)).join('') + toHex(rest) };
}

describe('commands and events are those of the vendor', () => {
  test.each([
    ['set address', setAddress(0), '20 04 00 01 00 00 00 00'],
    ['upload of 48 bytes', upload(someBytes(48)), `20 31 00 02 30 ${toHex(someBytes(48))}`],
    ['upload of 252 bytes', upload(someBytes(252)), `20 fd 00 02 fc ${toHex(someBytes(252))}`],
    ['finish', finish(), '20 00 00 03'],
    ['system reset into DFU', systemReset(1), '20 01 01 01 01'],
    ['user reset to DFU', userResetToDfu(), '20 00 ff 02'],
    ['response', response(0, 2, 0x46), '20 02 00 02 46 00'],
    ['boot', dfuBootEvent(0x02030002), 'a0 04 00 00 02 00 03 02'],
    ['boot failure', dfuBootFailureEvent(0x46), 'a0 02 00 01 46 00'],
  ])('%s', (_, made, wanted) => {
    expect(toHex(made)).toBe(wanted.replaceAll(' ', ''));
  });

  test('the largest upload keeps the lead byte that the bootloader hunts for', () => {
    expect(upload(new Uint8Array(MAX_UPLOAD_BYTES))[0]).toBe(0x20);
    expect(() => upload(new Uint8Array(255))).toThrow(RangeError);
  });

  test('events are read back, others are not taken for them', () => {
    const [boot, failure, start] = [
      dfuBootEvent(0x02030002),
      dfuBootFailureEvent(0x46),
      systemBootEvent({ major: 1, minor: 2, patch: 3, build: 4, bootloader: 5, hardware: 6, hash: 7 }),
    ].map((b) => (new FrameDecoder().push(b)[0] as { frame: Frame }).frame) as [Frame, Frame, Frame];
    expect([boot, failure, start].map((f) => dfuBootVersion(f))).toEqual([0x02030002, undefined, undefined]);
    expect([boot, failure, start].map((f) => isBootFailure(f))).toEqual([false, true, false]);
    expect([boot, failure, start].map((f) => decodeSystemBoot(f))).toEqual([
      undefined,
      undefined,
      { major: 1, minor: 2, patch: 3, build: 4, bootloader: 5, hardware: 6, hash: 7 },
    ]);
    expect(resultOf(failure)).toBe(0x46);
    expect(resultOf(boot)).toBeUndefined();
    expect(dottedVersion(0x02040001)).toBe('2.4.1');
  });
});

describe('frames from a stream', () => {
  test('what was encoded is decoded, whatever the pieces', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 5 }),
        fc.array(fc.nat(20), { maxLength: 30 }),
        (frames, sizes) => {
          const { items } = decode(concat(frames.map((frame) => encodeFrame(frame))), sizes);
          expect(items).toEqual(frames.map((f) => `frame ${toHex(encodeFrame(f))}`));
        },
      ),
    );
  });

  test('the pieces never change the result, and no byte is lost', () => {
    const stream = fc
      .array(fc.oneof(bytes(40), frame.map(encodeFrame)), { maxLength: 6 })
      .map((parts) => concat(parts));
    fc.assert(
      fc.property(stream, fc.array(fc.nat(20), { maxLength: 30 }), (all, sizes) => {
        const whole = decode(all, []);
        expect(decode(all, sizes)).toEqual(whole);
        expect(whole.bytes).toBe(toHex(all));
      }),
    );
  });

  test('noise before a frame comes out as noise, the frame as a frame', () => {
    expect(decode(hex('00ff31 200200010000'), []).items).toEqual(['noise 00ff31', 'frame 200200010000']);
  });

  test('a length that nobody sends is noise, not a reason to wait', () => {
    expect(decode(hex('27ff 200200010000'), []).items).toEqual(['noise 27ff', 'frame 200200010000']);
  });

  test('resync finds the frame that a false start had swallowed', () => {
    const decoder = new FrameDecoder();
    expect(decoder.push(hex('2050 200200010000'))).toEqual([]);
    expect(decoder.pendingBytes).toBe(8);
    const found = decoder.resync();
    expect(found.filter((d) => 'frame' in d)).toHaveLength(1);
    expect(decoder.pendingBytes).toBe(0);
    expect(decoder.resync()).toEqual([]);
  });

  test('resync loses nothing either', () => {
    fc.assert(
      fc.property(bytes(200), (all) => {
        const decoder = new FrameDecoder();
        const out = decoder.push(all);
        while (decoder.pendingBytes > 0) out.push(...decoder.resync());
        expect(toHex(concat(out.map((d) => ('frame' in d ? encodeFrame(d.frame) : d.discarded))))).toBe(
          toHex(all),
        );
      }),
    );
  });
});
