import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeSignature } from '../../src/cli/pack/signature-file.ts';
import { toBase64, toHex, utf8 } from '../../src/core/bytes.ts';
import { thrownBy, valueOrRefusal } from '../support/codes.ts';

const signatures = fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => new Uint8Array(bytes));
const SPACE = [' ', '\n', '\r\n', '\t'] as const;

describe('a signature file', () => {
  test('holds the 64 bytes raw, in hex of either case, or in base64, broken into lines anyhow', () => {
    fc.assert(
      fc.property(
        signatures,
        fc.integer({ min: 1, max: 130 }),
        fc.constantFrom(...SPACE),
        (signature, width, space) => {
          const broken = (text: string) =>
            utf8(`${space}${(text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join(space)}${space}`);
          expect(decodeSignature(signature, 's', 'ed25519')).toEqual(signature);
          for (const text of [toHex(signature), toHex(signature).toUpperCase(), toBase64(signature)]) {
            expect(decodeSignature(broken(text), 's', 'ed25519')).toEqual(signature);
          }
        },
      ),
    );
  });

  test('with any other content is 64 bytes or refused by name', async () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
      fc.string({ maxLength: 200 }).map(utf8),
      fc.stringMatching(/^[0-9a-fA-F]{120,136}$/).map(utf8),
      fc.stringMatching(/^[A-Za-z0-9+/]{84,90}={0,3}$/).map(utf8),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        const decoded = valueOrRefusal(() => decodeSignature(bytes, 's', 'ed25519'));
        expect(decoded?.length ?? 64).toBe(64);
      }),
      { numRuns: 500 },
    );
    const error = await thrownBy(() => decodeSignature(utf8('no signature'), 'release.sig', 'ed25519'));
    expect(error).toMatchObject({ code: 'pack.signature-form', facts: { file: 'release.sig', size: 12 } });
  });
});
