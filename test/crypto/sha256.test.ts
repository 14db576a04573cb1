import { describe, expect, test, vi } from 'vitest';
import { toHex, utf8 } from '../../src/core/bytes.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import { thrownBy } from '../support/codes.ts';

describe('sha256', () => {
  test('gives the digests of FIPS 180-4', async () => {
    expect(toHex(await sha256(utf8('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(toHex(await sha256(new Uint8Array()))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  test('says what is missing where there is no WebCrypto', async () => {
    vi.stubGlobal('crypto', {});
    const error = await thrownBy(() => sha256(new Uint8Array()));
    vi.unstubAllGlobals();
    expect(error.code).toBe('trust.webcrypto-missing');
  });
});
