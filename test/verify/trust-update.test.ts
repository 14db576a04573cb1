import { describe, expect, test } from 'vitest';
import { type Bytes, toBase64, utf8 } from '../../src/core/bytes.ts';
import type { ErrorCode, Facts } from '../../src/core/errors.ts';
import { publicKeyDer } from '../../src/crypto/public-key.ts';
import { type DigestPayloadType, digestMessage, PAYLOAD_TYPES } from '../../src/format/dsse.ts';
import { decodeSignatures, encodeSignatures } from '../../src/format/signatures.ts';
import type { TrustFile, TrustFileDocument, TrustFileKey } from '../../src/format/trust-file.ts';
import { encodeTrustFile, loadTrustFile } from '../../src/format/trust-file-load.ts';
import { type SignedTrustFile, updateTrustFile } from '../../src/verify/trust-update.ts';
import { testSigner } from '../pack/fixture.ts';
import { thrownBy } from '../support/codes.ts';

const AT = Date.UTC(2027, 0, 1);

/** Signers by the names that the files below call them by. */
const SIGNERS = new Map(
  await Promise.all(
    ['release', 'a', 'b', 'c', 'd', 'stranger'].map(
      async (name, i) => [name, await testSigner(200 + i)] as const,
    ),
  ),
);
const signerOf = (name: string) => SIGNERS.get(name) as NonNullable<ReturnType<typeof SIGNERS.get>>;
const keyOf = (name: string, more: Partial<TrustFileKey> = {}): TrustFileKey => ({
  publicKey: toBase64(publicKeyDer(signerOf(name).key)),
  ...more,
});

/** A trust file whose trustRole are these keys. */
function fileOf(
  version: number,
  roles: Record<string, Partial<TrustFileKey>>,
  threshold: number,
  change: Partial<TrustFileDocument> = {},
): TrustFileDocument {
  const names = Object.keys(roles);
  return {
    formatVersion: 1,
    version,
    notAfter: '2028-01-01T00:00:00Z',
    keys: {
      release: keyOf('release'),
      ...Object.fromEntries(names.map((name) => [name, keyOf(name, roles[name])])),
    },
    rules: [{ product: 'thermo', signers: ['release'], threshold: 1 }],
    trustRole: { signers: names, threshold },
    ...change,
  };
}

async function signed(
  document: TrustFileDocument,
  names: readonly string[],
  payloadType: DigestPayloadType = PAYLOAD_TYPES.trust,
): Promise<SignedTrustFile> {
  const bytes = encodeTrustFile((await loadTrustFile(document)).document);
  if (names.length === 0) return { bytes };
  const message = await digestMessage(payloadType, bytes);
  return { bytes, signatures: await signaturesOver(message, names, payloadType) };
}

async function signaturesOver(message: Bytes, names: readonly string[], payloadType: DigestPayloadType) {
  const all = names.map(async (name) => {
    const { key, sign } = signerOf(name);
    return { keyId: key.keyId, signature: await sign(message) };
  });
  return encodeSignatures(await Promise.all(all), payloadType);
}

const update = (current: TrustFile, ...chain: SignedTrustFile[]) =>
  updateTrustFile(current, chain, { atMs: AT });
const codeOf = async (current: TrustFile, ...chain: SignedTrustFile[]): Promise<ErrorCode> =>
  (await thrownBy(() => update(current, ...chain))).code;

const AB = { a: {}, b: {} };
const CURRENT = await loadTrustFile(fileOf(7, AB, 2));

describe('a trust file is updated', () => {
  test('to the next version that enough of both signed', async () => {
    const next = await signed(fileOf(8, { b: {}, c: {} }, 1), ['a', 'b']);
    const { file, bytes, changed, steps } = await update(CURRENT, next);
    expect(changed).toBe(true);
    expect(file.document.version).toBe(8);
    expect(bytes).toEqual(next.bytes);
    expect(steps).toEqual([
      {
        version: 8,
        digest: file.digest,
        status: 'updated',
        signedByCurrent: ['a', 'b'],
        signedByNext: ['b'],
      },
    ]);
  });

  test('through several versions, each judged by the one before it', async () => {
    const v8 = await signed(fileOf(8, { c: {}, d: {} }, 2), ['a', 'b', 'c', 'd']);
    const v9 = await signed(fileOf(9, { c: {}, d: {} }, 1), ['c', 'd']);
    expect((await update(CURRENT, v8, v9)).file.document.version).toBe(9);
    // The keys of version 7 have no say in version 9.
    const stale = await signed(fileOf(9, { c: {}, d: {} }, 1), ['a', 'b', 'c']);
    expect(await codeOf(CURRENT, v8, stale)).toBe('trust.update-threshold');
    expect((await thrownBy(() => update(CURRENT, v8, stale))).facts).toMatchObject({ step: 1, threshold: 2 });
  });

  test('that is in hand already: nothing to do, signed or not', async () => {
    const same = await signed(fileOf(7, AB, 2), []);
    const { changed, steps } = await update(CURRENT, same);
    expect(changed).toBe(false);
    expect(steps).toMatchObject([{ status: 'same', signedByCurrent: [], signedByNext: [] }]);
    const v8 = await signed(fileOf(8, AB, 2), ['a', 'b']);
    expect((await update(CURRENT, same, v8)).changed).toBe(true);
  });

  test('although what is in hand and what is on the way are out of date', async () => {
    const past = { notAfter: '2026-01-01T00:00:00Z' };
    const old = await loadTrustFile(fileOf(7, AB, 2, past));
    const v8 = await signed(fileOf(8, AB, 2, past), ['a', 'b']);
    const v9 = await signed(fileOf(9, AB, 2), ['a', 'b']);
    expect((await update(old, v8, v9)).file.document.version).toBe(9);
    expect(await codeOf(old, v8)).toBe('trust.file-expired');
    expect(await codeOf(old, await signed(fileOf(7, AB, 2, past), []))).toBe('trust.file-expired');
    const exact = Date.parse('2028-01-01T00:00:00Z');
    const at = (atMs: number) => updateTrustFile(old, [v8, v9], { atMs });
    expect((await at(exact - 1000)).changed).toBe(true);
    expect((await thrownBy(() => at(exact))).code).toBe('trust.file-expired');
  });

  test('by keys that sign their own revocation, as long as others stand in for them', async () => {
    const next = await signed(fileOf(8, { a: { revoked: true }, b: {}, c: {} }, 2), ['a', 'b', 'c']);
    expect((await update(CURRENT, next)).steps[0]?.signedByNext).toEqual(['b', 'c']);
  });

  test('whatever strangers signed beside', async () => {
    const next = await signed(fileOf(8, AB, 2), ['a', 'b', 'stranger']);
    expect((await update(CURRENT, next)).changed).toBe(true);
  });
});

describe('a trust file is not updated', () => {
  test('to another file of the same version, nor to an older one, nor past one', async () => {
    const other = await signed(fileOf(7, AB, 1), ['a', 'b']);
    expect(await codeOf(CURRENT, other)).toBe('trust.equivocation');
    expect(await codeOf(CURRENT, await signed(fileOf(6, AB, 2), ['a', 'b']))).toBe('trust.rollback');
    expect(await codeOf(CURRENT, await signed(fileOf(9, AB, 2), ['a', 'b']))).toBe('trust.version-gap');
    const v8 = await signed(fileOf(8, AB, 2), ['a', 'b']);
    expect(await codeOf(CURRENT, v8, await signed(fileOf(7, AB, 2), []))).toBe('trust.rollback');
  });

  test.each([
    ['nobody', [], 'trust.update-unsigned'],
    ['too few in hand', ['a', 'c'], 'trust.update-threshold'],
    ['too few of its own', ['a', 'b'], 'trust.update-threshold'],
    ['strangers', ['stranger', 'd'], 'trust.update-threshold'],
    ['keys that sign packages', ['release', 'c'], 'trust.update-threshold'],
  ] satisfies [string, string[], ErrorCode][])('signed by %s', async (_, names, code) => {
    const next = await signed(fileOf(8, { c: {} }, 1), names);
    expect(await codeOf(CURRENT, next)).toBe(code);
  });

  test('with one bad signature by any key that is known, whatever the others are', async () => {
    const document = fileOf(8, { a: {}, b: {}, c: {} }, 1);
    const good = await signed(document, ['a', 'b']);
    const elsewhere = await digestMessage(PAYLOAD_TYPES.trust, utf8('another file'));
    for (const name of ['c', 'release']) {
      const bad = decodeSignatures(
        await signaturesOver(elsewhere, [name], PAYLOAD_TYPES.trust),
        PAYLOAD_TYPES.trust,
      );
      const all = [...decodeSignatures(good.signatures as Bytes, PAYLOAD_TYPES.trust), ...bad];
      const next = { bytes: good.bytes, signatures: encodeSignatures(all, PAYLOAD_TYPES.trust) };
      expect(await codeOf(CURRENT, next), name).toBe('trust.signature-invalid');
    }
  });

  test('with the signatures of another version, or after any change to its bytes', async () => {
    const v8 = await signed(fileOf(8, AB, 2), ['a', 'b']);
    const other = await signed(fileOf(8, AB, 2, { deniedPackages: ['ab'.repeat(32)] }), ['a', 'b']);
    expect(await codeOf(CURRENT, { ...v8, signatures: other.signatures as Bytes })).toBe(
      'trust.signature-invalid',
    );
    for (const at of [0, 30, 200, v8.bytes.length - 1]) {
      const bytes = v8.bytes.slice();
      bytes[at] = (bytes[at] as number) ^ 1;
      await thrownBy(() => update(CURRENT, { ...v8, bytes }));
    }
    expect(await codeOf(CURRENT, { ...v8, bytes: utf8(`${new TextDecoder().decode(v8.bytes)} `) })).toBe(
      'trust.file-form',
    );
  });

  test('with what was signed as a package, and the reverse', async () => {
    const asManifest = await signed(fileOf(8, AB, 2), ['a', 'b'], PAYLOAD_TYPES.manifest);
    const kind = await thrownBy(() => update(CURRENT, asManifest));
    expect(kind.code).toBe('trust.signatures-kind');
    expect(kind.message).toContain('signatures of a package');
    // The same signatures under the right label are worth nothing: the label is part of what is signed.
    const signatures = decodeSignatures(asManifest.signatures as Bytes, PAYLOAD_TYPES.manifest);
    const relabelled = encodeSignatures(signatures, PAYLOAD_TYPES.trust);
    expect(await codeOf(CURRENT, { ...asManifest, signatures: relabelled })).toBe('trust.signature-invalid');
    const { signatures: ofTrust } = await signed(fileOf(8, AB, 2), ['a', 'b']);
    expect((await thrownBy(() => decodeSignatures(ofTrust as Bytes))).code).toBe(
      'format.unsupported-version',
    );
  });

  test('with signatures that are not in their one form', async () => {
    const next = await signed(fileOf(8, AB, 2), ['a', 'b']);
    const text = new TextDecoder().decode(next.signatures);
    for (const other of [`${text}\n`, '{}', '', `{"payloadType":"${PAYLOAD_TYPES.trust}","signatures":[]}`]) {
      expect(await codeOf(CURRENT, { ...next, signatures: utf8(other) })).toBe('trust.signatures-form');
    }
  });

  test.each([
    ['trust.key-revoked', { revoked: true }],
    ['trust.key-expired', { notAfter: '2027-01-01T00:00:00Z' }],
    ['trust.key-not-yet-valid', { notBefore: '2027-01-01T00:00:01Z' }],
  ] satisfies [ErrorCode, Partial<TrustFileKey>][])(
    'where the threshold is filled only by %s',
    async (code, a) => {
      const next = await signed(fileOf(8, { c: {} }, 1), ['a', 'b', 'c']);
      expect(await codeOf(await loadTrustFile(fileOf(7, { a, b: {} }, 2)), next)).toBe(code);
      // The same of the new file's own keys; `d` alone stands in both.
      const own = await signed(fileOf(8, { a, d: {} }, 2), ['a', 'b', 'd']);
      expect(await codeOf(await loadTrustFile(fileOf(7, { b: {}, d: {} }, 2)), own)).toBe(code);
    },
  );

  test('where a revoked key would be trusted again, under any name and for anything', async () => {
    const current = await loadTrustFile(fileOf(7, { a: {}, b: { revoked: true } }, 1));
    expect(await codeOf(current, await signed(fileOf(8, { a: {}, b: {} }, 1), ['a']))).toBe(
      'trust.revocation-undone',
    );
    const renamed = fileOf(8, { a: {} }, 1);
    renamed.keys.fresh = keyOf('b');
    expect(await codeOf(current, await signed(renamed, ['a']))).toBe('trust.revocation-undone');
    expect((await update(current, await signed(fileOf(8, { a: {} }, 1), ['a']))).changed).toBe(true);
  });

  test('where nobody may sign it, or nobody the one after it', async () => {
    const { trustRole: _, ...without } = fileOf(7, AB, 2);
    const next = await signed(fileOf(8, AB, 2), ['a', 'b']);
    expect(await codeOf(await loadTrustFile(without), next)).toBe('trust.role-missing');
    const { trustRole: __, ...deadEnd } = fileOf(8, AB, 2);
    expect(await codeOf(CURRENT, await signed(deadEnd, ['a', 'b']))).toBe('trust.role-missing');
  });

  test('without facts that say which, and at which step', async () => {
    const v8 = await signed(fileOf(8, AB, 2), ['a', 'b']);
    const past = { notAfter: '2026-01-01T00:00:00Z' };
    const keyId = (name: string) => signerOf(name).key.keyId;
    const other = await signed(fileOf(8, AB, 1), ['a']);
    const revoking = await loadTrustFile(fileOf(7, { a: {}, b: { revoked: true } }, 1));
    const expired = await loadTrustFile(fileOf(7, { a: past, b: {} }, 2));
    const cases: [TrustFile, SignedTrustFile[], ErrorCode, Facts][] = [
      [CURRENT, [await signed(fileOf(7, AB, 1), [])], 'trust.equivocation', { current: 7, version: 7 }],
      [CURRENT, [await signed(fileOf(6, AB, 2), [])], 'trust.rollback', { current: 7, version: 6 }],
      [CURRENT, [await signed(fileOf(9, AB, 2), [])], 'trust.version-gap', { current: 7, version: 9 }],
      [CURRENT, [v8, await signed(fileOf(7, AB, 2), [])], 'trust.rollback', { current: 8, version: 7 }],
      [revoking, [await signed(fileOf(8, AB, 1), ['a'])], 'trust.revocation-undone', { keyId: keyId('b') }],
      [
        CURRENT,
        [{ bytes: v8.bytes, signatures: other.signatures as Bytes }],
        'trust.signature-invalid',
        { keyId: keyId('a') },
      ],
      [expired, [v8], 'trust.key-expired', { threshold: 2, signed: 2, valid: 1 }],
      [
        CURRENT,
        [v8, await signed(fileOf(9, AB, 2, past), ['a', 'b'])],
        'trust.file-expired',
        { ...past, version: 9 },
      ],
    ];
    for (const [current, chain, code, facts] of cases) {
      const error = await thrownBy(() => update(current, ...chain));
      expect([error.code, error.facts]).toEqual([code, { ...facts, step: chain.length - 1 }]);
    }
  });

  test('by nothing, from what was never loaded, or at no time', async () => {
    expect(await codeOf(CURRENT)).toBe('usage.invalid');
    const next = await signed(fileOf(8, AB, 2), ['a', 'b']);
    await expect(update({ ...CURRENT }, next)).rejects.toThrow(TypeError);
    await expect(updateTrustFile(CURRENT, [next], { atMs: Number.NaN })).rejects.toThrow(TypeError);
  });
});
