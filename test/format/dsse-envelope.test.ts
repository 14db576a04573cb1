import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, toBase64, utf8 } from '../../src/core/bytes.ts';
import { type DsseEnvelope, decodeEnvelope, encodeEnvelope } from '../../src/format/dsse-envelope.ts';
import { MAX_ATTESTATION_BYTES, MAX_ATTESTATION_JSON_DEPTH } from '../../src/format/limits.ts';
import { thrownBy, valueOrRefusal } from '../support/codes.ts';

const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((b) => new Uint8Array(b) as Bytes);
const envelopes: fc.Arbitrary<DsseEnvelope> = fc.record({
  payloadType: fc.string({ minLength: 1, unit: 'grapheme' }),
  payload: bytes(0, 200),
  signatures: fc.array(fc.record({ keyid: fc.string(), sig: bytes(1, 80) }), { minLength: 1, maxLength: 8 }),
});

const SIGNED = { payloadType: 't', payload: 'AA==', signatures: [{ keyid: 'k', sig: 'AA==' }] };
const text = (fields: object) => utf8(JSON.stringify({ ...SIGNED, ...fields }));

describe('a DSSE envelope', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        expect(decodeEnvelope(encodeEnvelope(envelope))).toEqual(envelope);
      }),
    );
  });

  test('is one line of plain JSON, the fields in the order of the specification', () => {
    const written = encodeEnvelope({
      payloadType: 't',
      payload: utf8('>>>???'),
      signatures: [{ keyid: 'k', sig: Uint8Array.of(251, 255) }],
    });
    expect(new TextDecoder().decode(written)).toBe(
      '{"payloadType":"t","payload":"Pj4+Pz8/","signatures":[{"keyid":"k","sig":"+/8="}]}\n',
    );
  });

  test('is read in either alphabet of base64, without keyid, with fields that others add', () => {
    const sig = toBase64(Uint8Array.of(251, 255, 254))
      .replaceAll('+', '-')
      .replaceAll('/', '_');
    const read = decodeEnvelope(text({ payload: '-_8=', signatures: [{ sig, cert: 'x' }], more: [1] }));
    expect(read).toEqual({
      payloadType: 't',
      payload: Uint8Array.of(251, 255),
      signatures: [{ keyid: '', sig: Uint8Array.of(251, 255, 254) }],
    });
  });

  test.each<[string, Uint8Array]>([
    ['nothing', utf8('')],
    ['no JSON', utf8('{"payload"')],
    ['an array', utf8('[]')],
    ['null', utf8('null')],
    ['two envelopes', utf8(`${JSON.stringify(SIGNED)}\n${JSON.stringify(SIGNED)}`)],
    ['a byte order mark', utf8(`\ufeff${JSON.stringify(SIGNED)}`)],
    ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['a field twice', utf8(`{"payloadType":"x",${JSON.stringify(SIGNED).slice(1)}`)],
    ['a field twice, once escaped', utf8(`{"p\\u0061yload":"",${JSON.stringify(SIGNED).slice(1)}`)],
    ['a field twice in a signature', utf8(JSON.stringify(SIGNED).replace('"sig"', '"keyid" :"","sig"'))],
    ['a field twice in what nobody knows', utf8(`{"x":{"a":1,"a":2},${JSON.stringify(SIGNED).slice(1)}`)],
    ['no payload type', text({ payloadType: undefined })],
    ['an empty payload type', text({ payloadType: '' })],
    ['no payload', text({ payload: undefined })],
    ['a payload without padding', text({ payload: 'AA' })],
    ['a payload with stray bits', text({ payload: 'AB==' })],
    ['a payload in lines', text({ payload: 'AA\n==' })],
    ['both alphabets in one', text({ payload: '+_8=' })],
    ['no signatures', text({ signatures: undefined })],
    ['an empty list of signatures', text({ signatures: [] })],
    ['nine signatures', text({ signatures: Array(9).fill(SIGNED.signatures[0]) })],
    ['signatures that are no list', text({ signatures: { 0: SIGNED.signatures[0], length: 1 } })],
    ['a signature that is null', text({ signatures: [null] })],
    ['an empty signature', text({ signatures: [{ keyid: 'k', sig: '' }] })],
    ['a keyid that is a number', text({ signatures: [{ keyid: 1, sig: 'AA==' }] })],
    ['fields that are inherited', utf8(`{"__proto__":${JSON.stringify(SIGNED)}}`)],
    [
      'deep JSON',
      utf8(`${'['.repeat(MAX_ATTESTATION_JSON_DEPTH + 1)}${']'.repeat(MAX_ATTESTATION_JSON_DEPTH + 1)}`),
    ],
    ['JSON of brackets alone', utf8('['.repeat(500_000))],
    ['a long list', text({ x: Array(1025).fill(0) })],
    ['a huge file', new Uint8Array(MAX_ATTESTATION_BYTES + 1).fill(0x20)],
  ])('is refused: %s', async (_, given) => {
    const { code } = await thrownBy(() => decodeEnvelope(given as Bytes));
    expect(code).toBe('trust.attestation-malformed');
  });

  test('of any bytes is read or refused, and nothing else', () => {
    const sound = encodeEnvelope({
      payloadType: 't',
      payload: utf8('payload'),
      signatures: [{ keyid: '"\\', sig: Uint8Array.of(1) }],
    });
    const damaged = fc.tuple(fc.nat(sound.length - 1), fc.nat(255)).map(([at, byte]) => {
      const copy = sound.slice();
      copy[at] = byte;
      return copy;
    });
    fc.assert(
      fc.property(fc.oneof(damaged, bytes(0, 60)), (given) => {
        valueOrRefusal(() => decodeEnvelope(given));
      }),
      { numRuns: 500 },
    );
  });
});
