import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, toHex, utf8 } from '../../src/core/bytes.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { encodePublicKeyPem } from '../../src/crypto/public-key.ts';
import { PAYLOAD_TYPES } from '../../src/format/dsse.ts';
import {
  decodeSignatures,
  encodeSignatures,
  type PackageSignature,
  packageId,
  signedMessage,
} from '../../src/format/signatures.ts';
import { thrownBy, valueOrRefusal } from '../support/codes.ts';
import { newKeyPair } from '../support/ed25519.ts';
import { judge } from '../support/judge.ts';
import { text } from '../support/manifest.ts';
import { tempFolder } from '../support/temp.ts';

const MANIFEST = utf8('{}\n');
const signature = (digit: string, byte = 7): PackageSignature => ({
  keyId: digit.repeat(64),
  signature: new Uint8Array(64).fill(byte),
});

describe('the signed message', () => {
  test('is PAE over payload type and digest, as DSSE defines it', async () => {
    // SHA-256 of "{}\n", by sha256sum.
    const digest = 'ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356';
    expect(judge('sha256sum', [], { input: MANIFEST }).stdout.toString().slice(0, 64)).toBe(digest);
    const message = await signedMessage(MANIFEST);
    expect(text(message.slice(0, -32))).toBe('DSSEv1 41 application/vnd.dfukit.manifest-digest.v1 32 ');
    expect(toHex(message.slice(-32))).toBe(digest);
    expect(await packageId(MANIFEST)).toBe(digest);
    expect(message).toHaveLength(87);
  });

  test('signed here is what OpenSSL verifies, and the reverse', async () => {
    const folder = await tempFolder();
    const { key, sign, privateKey } = await newKeyPair();
    const message = await signedMessage(MANIFEST);
    writeFileSync(join(folder, 'pub.pem'), encodePublicKeyPem(key));
    writeFileSync(join(folder, 'key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
    writeFileSync(join(folder, 'message'), message);
    writeFileSync(join(folder, 'signature'), sign(message));
    const verify = 'pkeyutl -verify -rawin -pubin -inkey pub.pem -in message -sigfile signature'.split(' ');
    expect(judge('openssl', verify, { cwd: folder }).status).toBe(0);
    const signed = judge('openssl', 'pkeyutl -sign -rawin -inkey key.pem -in message'.split(' '), {
      cwd: folder,
    });
    expect(new Uint8Array(signed.stdout)).toEqual(sign(message));
  });
});

describe('signatures.json', () => {
  test('has one form, sorted by key', () => {
    const bytes = encodeSignatures([signature('b'), signature('a')]);
    const base64 = `${'BwcH'.repeat(21)}Bw==`;
    expect(text(bytes)).toBe(
      `{"payloadType":"${PAYLOAD_TYPES.manifest}","signatures":[` +
        `{"keyId":"${'a'.repeat(64)}","signature":"${base64}"},{"keyId":"${'b'.repeat(64)}","signature":"${base64}"}]}`,
    );
    expect(decodeSignatures(bytes)).toEqual([signature('a'), signature('b')]);
  });

  const good = text(encodeSignatures([signature('a'), signature('b')]));
  const one = `{"keyId":"${'a'.repeat(64)}","signature":"${'BwcH'.repeat(21)}Bw=="}`;
  const two = one.replace(/a{64}/, 'b'.repeat(64));
  const list = (...items: string[]) =>
    `{"payloadType":"${PAYLOAD_TYPES.manifest}","signatures":[${items.join(',')}]}`;

  test.each<[string, string, ErrorCode?]>([
    ['nothing', ''],
    ['no JSON', 'signatures'],
    ['null', 'null'],
    ['a list', `[${one}]`],
    ['a space', good.replace(',', ', ')],
    ['a final newline', `${good}\n`],
    ['a byte order mark', `\ufeff${good}`],
    ['something after it', `${good}{}`],
    ['the other order of keys', `{"signatures":[${one}],"payloadType":"${PAYLOAD_TYPES.manifest}"}`],
    ['the other order of keys inside', list(one.replace(/\{(.*),(.*)\}/, '{$2,$1}'))],
    ['a field more', good.replace(']}', '],"x":1}')],
    ['a field more inside', list(one.replace('}', ',"algorithm":"none"}'))],
    ['a field twice', good.replace('{', `{"payloadType":"${PAYLOAD_TYPES.manifest}",`)],
    ['__proto__', good.replace(']}', '],"__proto__":{"signatures":[]}}')],
    ['an escape', good.replace('keyId', 'key\\u0049d')],
    ['no signatures', `{"payloadType":"${PAYLOAD_TYPES.manifest}"}`],
    ['an empty list', list()],
    ['an object as list', list().replace('[]', '{}')],
    ['no payload type', `{"signatures":[${one}]}`],
    ['a number as payload type', `{"payloadType":1,"signatures":[${one}]}`],
    ['a key twice', list(one, one)],
    ['a key twice with two signatures', list(one, one.replace('BwcH', 'CAcH'))],
    ['the wrong order', list(two, one)],
    ['nine signatures', list(...[...'123456789'].map((d) => one.replace(/a{64}/, d.repeat(64))))],
    ['capitals in a key id', list(one.replaceAll('a'.repeat(64), 'A'.repeat(64)))],
    ['a short key id', list(one.replace('a', ''))],
    ['a key id that is a number', list(one.replace(/"a{64}"/, '1'))],
    ['an empty signature', list(one.replace(/"BwcH.*"/, '""'))],
    ['no padding', list(one.replace('==', ''))],
    ['stray bits in base64', list(one.replace('Bw==', 'Bx=='))],
    ['base64 for the web', list(one.replace('BwcH', '-_cH'))],
    ['a signature in hex', list(one.replace(/"BwcH.*"/, `"${'07'.repeat(64)}x"`))],
    ['null in the list', list('null')],
    ['depth', '['.repeat(9), 'package.json-limit'],
    ['too many bytes', ' '.repeat(16 * 1024 + 1), 'package.too-large'],
    ['another version', good.replace('digest.v1', 'digest.v2'), 'format.unsupported-version'],
    [
      'another type',
      good.replace(PAYLOAD_TYPES.manifest, 'application/vnd.in-toto+json'),
      'format.unsupported-version',
    ],
  ])('is not %s', async (_, json, code = 'package.signatures-form') => {
    expect((await thrownBy(() => decodeSignatures(utf8(json)))).code).toBe(code);
  });

  test('is not written with what it could not be read with', async () => {
    const wrong: PackageSignature[][] = [
      [],
      [signature('a'), signature('a', 8)],
      [...'123456789'].map((d) => signature(d)),
      [{ ...signature('a'), keyId: 'A'.repeat(64) }],
      [{ ...signature('a'), signature: new Uint8Array() }],
    ];
    for (const signatures of wrong) {
      expect((await thrownBy(() => encodeSignatures(signatures))).code).toBe('package.signatures-form');
    }
  });

  const anySignatures = fc
    .uniqueArray(
      fc.record({
        keyId: fc.stringMatching(/^[0-9a-f]{64}$/),
        signature: fc.uint8Array({ minLength: 1, maxLength: 70 }).map((b) => Uint8Array.from(b)),
      }),
      { minLength: 1, maxLength: 8, selector: ({ keyId }) => keyId },
    )
    .map((list) => list.sort((a, b) => (a.keyId < b.keyId ? -1 : 1)));

  test('read gives what was written, for all lists', () => {
    fc.assert(
      fc.property(anySignatures, (signatures) => {
        const bytes = encodeSignatures(signatures);
        expect(decodeSignatures(bytes)).toEqual(signatures);
        expect(encodeSignatures([...signatures].reverse())).toEqual(bytes);
      }),
    );
  });

  test('is in its one form or refused, whatever the bytes', () => {
    const mutated = fc
      .tuple(anySignatures, fc.nat(), fc.uint8Array({ maxLength: 3 }))
      .map(([list, at, insert]) => {
        const bytes = encodeSignatures(list);
        const offset = at % bytes.length;
        return concat([bytes.subarray(0, offset), insert, bytes.subarray(offset + 1)]);
      });
    const any = fc.uint8Array({ maxLength: 100 }).map((b) => Uint8Array.from(b));
    fc.assert(
      fc.property(fc.oneof(mutated, any, fc.json().map(utf8)), (bytes) => {
        const signatures = valueOrRefusal(() => decodeSignatures(bytes));
        if (signatures !== undefined) expect(encodeSignatures(signatures)).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });
});
