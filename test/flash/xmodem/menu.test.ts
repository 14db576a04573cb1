import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, utf8 } from '../../../src/core/bytes.ts';
import { describeEnding, endingError } from '../../../src/flash/xmodem/ending.ts';
import { MenuReader, plainVersion, type Sign } from '../../../src/flash/xmodem/menu.ts';

const MENU = '\r\nGecko Bootloader v2.04.01\r\n1. upload gbl\r\n2. run\r\n3. ebl info\r\nBL > \0';
const SEEN: Sign[] = [{ kind: 'title', version: '2.04.01' }, { kind: 'item' }, { kind: 'prompt' }];

/** What is read of bytes that come in those pieces. */
function read(bytes: Bytes, cuts: readonly number[] = []): Sign[] {
  const reader = new MenuReader();
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1))), bytes.length].sort((a, b) => a - b);
  let at = 0;
  return ends.flatMap((end) => {
    const signs = reader.push(bytes.slice(at, end));
    at = end;
    return signs;
  });
}

describe('the menu is known', () => {
  test('wherever it is split, how often it comes, with NULs anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(400), { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.nat(400), { maxLength: 20 }),
        (cuts, copies, nuls) => {
          let text = MENU.repeat(copies);
          for (const at of nuls) text = `${text.slice(0, at)}\0${text.slice(at)}`;
          expect(read(utf8(text), cuts)).toEqual(Array.from({ length: copies }, () => SEEN).flat());
        },
      ),
    );
  });

  test('of an older loader', () => {
    const text =
      '\r\nEM357 Serial Bootloader v5.4.1.0 b962\r\n1. upload ebl\r\n2. run\r\n3. ebl info\r\nBL > ';
    expect(read(utf8(text))).toEqual([
      { kind: 'title', version: '5.4.1.0' },
      { kind: 'item' },
      { kind: 'prompt' },
    ]);
  });

  test('after any noise that ends its line, and never in the middle of it', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.nat(600), { maxLength: 20 }),
        (noise, cuts) => {
          const signs = read(concat([noise, utf8(MENU)]), cuts);
          expect(signs.slice(-3)).toEqual(SEEN);
        },
      ),
    );
  });

  test('what is no menu is none', () => {
    expect(read(utf8('Connected\r\nBluetooth v3.2\r\nrun\r\n> BL\r\n2. run\r\n'))).toEqual([
      { kind: 'ready' },
    ]);
  });
});

test('answers and endings, with NULs between', () => {
  expect(read(utf8('\r\nbegin upload\r\n\0CCC'))).toEqual([
    { kind: 'begin' },
    ...Array.from({ length: 3 }, () => ({ kind: 'ready' })),
  ]);
  expect(read(Uint8Array.of(6, 21, 24, 24)).map(({ kind }) => kind)).toEqual(['ack', 'nak', 'can', 'can']);
  expect(read(utf8('\r\nSerial upload complete\r\n\0'))).toEqual([{ kind: 'complete' }]);
  expect(read(utf8('\r\nSerial upload aborted\r\n\0\r\nblock error 0x\u000021\r\n'))).toEqual([
    { kind: 'aborted' },
    { kind: 'error', scope: 'block', code: 0x21 },
  ]);
  expect(read(utf8('\r\nfile error 0x\u00004F\r\n'))).toEqual([{ kind: 'error', scope: 'file', code: 0x4f }]);
  expect(read(utf8('\r\nFailed to boot\r\n\0'))).toEqual([{ kind: 'failed-to-boot' }]);
});

test('versions as other protocols tell them', () => {
  expect(['2.04.01', '1.12.00', '5.4.1.0', '20', '5.4b', '1..2', '1.2.3.4.5'].map(plainVersion)).toEqual([
    '2.4.1',
    '1.12.0',
    '5.4.1.0',
    '20',
    undefined,
    undefined,
    undefined,
  ]);
});

describe('every ending is told in words', () => {
  test.each([0x21, 0x22, 0x23, 0x24, 0x25, 0x27])('block error %i is of the line', (code) => {
    const error = endingError('image a at offset 0', 0, { scope: 'block', code });
    expect(error.code).toBe('link.damaged');
    expect(error.retryable).toBe(true);
    expect(error.message).not.toContain('not known');
  });

  test.each([0x41, 0x43, 0x44, 0x45, 0x4f, 0x50, 0x18])('file error %i is of the image', (code) => {
    const error = endingError('image a at offset 0', 128, { scope: 'file', code });
    expect(error.code).toBe('device.image-refused');
    expect(error.facts).toEqual({ scope: 'file', status: code, offset: 128 });
    expect(error.message).not.toContain('not known');
  });

  test('0x18 means two things; another code is told as a number; none is told as none', () => {
    expect(describeEnding('block', 0x18)).toContain('ended before the image was complete');
    expect(describeEnding('file', 0x18)).toContain('tags out of order');
    expect(describeEnding('file', 0x7e)).toBe('file error 0x7e: meaning not known');
    expect(endingError('image a', 0, undefined).message).toContain('gave no reason');
  });
});
