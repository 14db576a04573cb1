import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, toHex } from '../../src/core/bytes.ts';
import {
  COM_PORT,
  CONTROL,
  type ComPortCommand,
  decodeComPortAnswer,
  encodeComPort,
} from '../../src/link/com-port-option.ts';
import {
  encodeData,
  encodeNegotiation,
  encodeSubnegotiation,
  TelnetDecoder,
  type TelnetItem,
  type Verb,
} from '../../src/link/telnet.ts';

const bytes = (maxLength = 64) =>
  fc
    // Half of them IAC: what is doubled is where things go wrong.
    .array(fc.oneof(fc.constant(0xff), fc.integer({ min: 0, max: 255 })), { maxLength })
    .map((list) => Uint8Array.from(list));
const item: fc.Arbitrary<TelnetItem> = fc.oneof(
  bytes()
    .filter((b) => b.length > 0)
    .map((b) => ({ kind: 'data' as const, bytes: b })),
  fc.record({
    kind: fc.constant('negotiation' as const),
    verb: fc.constantFrom<Verb>('will', 'wont', 'do', 'dont'),
    option: fc.integer({ min: 0, max: 255 }),
  }),
  bytes(256)
    .filter((b) => b.length > 0)
    .map((b) => ({ kind: 'subnegotiation' as const, bytes: b })),
);

const encode = (it: TelnetItem) =>
  it.kind === 'data'
    ? encodeData(it.bytes)
    : it.kind === 'negotiation'
      ? encodeNegotiation(it.verb, it.option)
      : encodeSubnegotiation(it.bytes);

/** Pieces of data that follow one another are one. */
function joined(items: readonly TelnetItem[]): string[] {
  const out: string[] = [];
  let data = '';
  for (const it of items) {
    if (it.kind === 'data') {
      data += toHex(it.bytes);
      continue;
    }
    if (data !== '') out.push(`data ${data}`);
    data = '';
    out.push(it.kind === 'negotiation' ? `${it.verb} ${it.option}` : `sub ${toHex(it.bytes)}`);
  }
  return data === '' ? out : [...out, `data ${data}`];
}

function decode(stream: Uint8Array, cuts: readonly number[] = []): TelnetItem[] {
  const decoder = new TelnetDecoder();
  const places = [
    0,
    ...[...cuts].map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b),
    stream.length,
  ];
  return places.slice(1).flatMap((end, i) => decoder.push(stream.subarray(places[i], end)));
}

describe('Telnet', () => {
  test('gives back what went in, in its order, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (items, cuts) => {
        expect(joined(decode(concat(items.map(encode)), cuts))).toEqual(joined(items));
      }),
    );
  });

  test('makes of any bytes the same, however they are cut, and survives them', () => {
    fc.assert(
      fc.property(bytes(200), fc.array(fc.nat(), { maxLength: 12 }), (stream, cuts) => {
        expect(joined(decode(stream, cuts))).toEqual(joined(decode(stream)));
      }),
    );
  });

  test.each([
    ['commands that stand alone', '41fff142fff943', ['data 414243']],
    ['a subnegotiation without end', 'fffa2c0101020304', []],
    ['one that is broken off by a command', 'fffa2c01fffb0041', ['will 0', 'data 41']],
    ['an empty one', 'fffafff041', ['data 41']],
    ['an end without a beginning', '41fff042', ['data 4142']],
    ['one in another', 'fffa2c01fffa2c65fff0', ['sub 2c65']],
  ])('%s', (_, stream, items) => {
    expect(joined(decode(fromHex(stream) ?? new Uint8Array()))).toEqual(items);
  });

  test('drops a subnegotiation of more than 256 bytes, and goes on', () => {
    const long = encodeSubnegotiation(new Uint8Array(257));
    const next = encodeSubnegotiation(Uint8Array.of(1));
    expect(joined(decode(concat([long, next])))).toEqual(['sub 01']);
  });
});

describe('COM-PORT-OPTION', () => {
  /** Written by hand after RFC 2217. */
  test.each<[ComPortCommand, number, string]>([
    ['setBaudRate', 115_200, 'fffa2c010001c200fff0'],
    ['setBaudRate', 255, 'fffa2c01000000fffffff0'],
    ['setDataSize', 8, 'fffa2c0208fff0'],
    ['setParity', 1, 'fffa2c0301fff0'],
    ['setStopSize', 1, 'fffa2c0401fff0'],
    ['setControl', CONTROL.dtrOn, 'fffa2c0508fff0'],
    ['setControl', CONTROL.rtsOff, 'fffa2c050cfff0'],
    ['setLineStateMask', 255, 'fffa2c0afffffff0'],
    ['purgeData', 3, 'fffa2c0c03fff0'],
  ])('%s %i', (command, value, hex) => {
    expect(toHex(encodeComPort(command, value))).toBe(hex);
  });

  test('an answer is the request with 100 more', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(COM_PORT) as ComPortCommand[])),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (command, number) => {
          const value = command === 'setBaudRate' ? number : number & 0xff;
          const [sub] = decode(encodeComPort(command, value));
          if (sub?.kind !== 'subnegotiation') throw new Error('no subnegotiation');
          expect(decodeComPortAnswer(sub.bytes)).toBeUndefined();
          const answer = sub.bytes.slice();
          answer[1] = COM_PORT[command] + 100;
          expect(decodeComPortAnswer(answer)).toEqual({ command, value });
        },
      ),
    );
  });

  test.each([
    '',
    '2c',
    '2c65',
    '2c6500',
    '2c650001c20000',
    '2c6a40',
    '2c6b30',
    '2c69',
    '2c690101',
    '2d690101',
  ])('"%s" is no answer', (hex) => {
    expect(decodeComPortAnswer(fromHex(hex) ?? new Uint8Array())).toBeUndefined();
  });
});
