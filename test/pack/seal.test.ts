import { describe, expect, test } from 'vitest';
import { type Bytes, concat, toHex, utf8 } from '../../src/core/bytes.ts';
import { decodeManifest, encodeManifest, type Manifest } from '../../src/format/manifest.ts';
import { encodePackage } from '../../src/format/package.ts';
import { decodeSignatures } from '../../src/format/signatures.ts';
import { openContainer } from '../../src/format/zip.ts';
import { buildPackage } from '../../src/pack/build.ts';
import {
  attachSignature,
  openSound,
  signPackage,
  toBeSigned,
  withoutSignatures,
} from '../../src/pack/seal.ts';
import { thrownBy } from '../support/codes.ts';
import { buildInput, cortexImage, imageInput, testSigner, verdictOf } from './fixture.ts';

async function unsigned(): Promise<Bytes> {
  return concat((await buildPackage(buildInput())).segments);
}

describe('signing a package', () => {
  test('adds a signature and changes nothing else', async () => {
    const [a, b] = [await testSigner(1), await testSigner(2)];
    const before = await unsigned();
    const once = await signPackage(before, [a]);
    const twice = await signPackage(concat(once.segments), [b]);
    expect(await verdictOf(twice.segments, [a])).toBe('trusted');
    expect(await verdictOf(twice.segments, [b])).toBe('trusted');
    expect(twice.keyIds).toEqual([a.key.keyId, b.key.keyId].sort());
    expect(twice.packageId).toBe(once.packageId);
    const stripped = concat(withoutSignatures(await openSound(concat(twice.segments))));
    expect(stripped).toEqual(before);
  });

  test('gives one file, in whatever order the keys came', async () => {
    const [a, b] = [await testSigner(1), await testSigner(2)];
    const bytes = await unsigned();
    const together = await signPackage(bytes, [b, a]);
    const apart = await signPackage(concat((await signPackage(bytes, [a])).segments), [b]);
    expect(concat(together.segments)).toEqual(concat(apart.segments));
    const built = await buildPackage(buildInput({ signers: [a, b] }));
    expect(concat(built.segments)).toEqual(concat(together.segments));
  });

  test('leaves signatures of keys that are not known here as they are', async () => {
    const [a, b] = [await testSigner(1), await testSigner(2)];
    const once = await signPackage(await unsigned(), [a]);
    const twice = await signPackage(concat(once.segments), [b]);
    const of = (segments: Bytes[]) =>
      decodeSignatures(openContainer(concat(segments)).signaturesBytes!).find(
        ({ keyId }) => keyId === a.key.keyId,
      );
    expect(of(twice.segments)).toEqual(of(once.segments));
  });

  test('with a key that has signed is refused', async () => {
    const a = await testSigner(1);
    const once = concat((await signPackage(await unsigned(), [a])).segments);
    expect((await thrownBy(() => signPackage(once, [a]))).code).toBe('pack.already-signed');
    expect((await thrownBy(() => attachSignature(once, a.key, new Uint8Array(64)))).code).toBe(
      'pack.already-signed',
    );
  });

  test('ends at eight signatures', async () => {
    const signers = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8, 9].map(testSigner));
    const eight = await signPackage(await unsigned(), signers.slice(0, 8));
    expect(await verdictOf(eight.segments, [signers[7]!])).toBe('trusted');
    expect((await thrownBy(() => signPackage(concat(eight.segments), [signers[8]!]))).code).toBe(
      'pack.too-many-signatures',
    );
  });

  test('does not change the package it was given', async () => {
    const bytes = await unsigned();
    const before = bytes.slice();
    await signPackage(bytes, [await testSigner(1)]);
    expect(bytes).toEqual(before);
  });
});

describe('signing elsewhere', () => {
  test('over the bytes to be signed gives the very package that signing here gives', async () => {
    const a = await testSigner(1);
    const bytes = await unsigned();
    const { message } = await toBeSigned(bytes);
    const attached = await attachSignature(bytes, a.key, await a.sign(message));
    expect(concat(attached.segments)).toEqual(concat((await signPackage(bytes, [a])).segments));
  });

  test('the bytes are the DSSE pre-authentication encoding of the package id', async () => {
    const { message, sound } = await toBeSigned(await unsigned());
    const start = utf8('DSSEv1 41 application/vnd.dfukit.manifest-digest.v1 32 ');
    expect(message.subarray(0, start.length)).toEqual(start);
    expect(toHex(message.subarray(start.length))).toBe(sound.packageId);
  });

  test('a signature over anything else is refused', async () => {
    const [a, b] = [await testSigner(1), await testSigner(2)];
    const bytes = await unsigned();
    const { message } = await toBeSigned(bytes);
    const other = concat((await buildPackage(buildInput({ version: '9.9.9' }))).segments);
    for (const signature of [
      await b.sign(message),
      await a.sign(concat([message, utf8('\n')])),
      await a.sign((await toBeSigned(other)).message),
      new Uint8Array(64),
      new Uint8Array(63),
      new Uint8Array(),
    ]) {
      const error = await thrownBy(() => attachSignature(bytes, a.key, signature));
      expect(error.code).toBe('pack.signature-invalid');
    }
  });
});

describe('a package that is not sound is not signed', () => {
  /** Two images, so that order and membership can go wrong. */
  async function parts(): Promise<{ manifest: Manifest; images: [Image, Image] }> {
    const { segments } = await buildPackage(
      buildInput({
        images: [imageInput(), imageInput({ name: 'table', role: 'data', startAddress: 0x8000 })],
      }),
    );
    const { manifestBytes, images } = openContainer(concat(segments));
    const [first, second] = images.map(({ name, format, bytes }) => ({ name, format, bytes: bytes.slice() }));
    return { manifest: decodeManifest(manifestBytes), images: [first!, second!] };
  }
  type Image = { name: string; format: 'raw' | 'gbl'; bytes: Bytes; crc32?: number };
  const assemble = (manifest: Manifest, images: readonly Image[]) =>
    concat(encodePackage({ manifest: encodeManifest(manifest), images }));
  const refusal = async (bytes: Bytes) => {
    const codes = await Promise.all([
      thrownBy(async () => signPackage(bytes, [await testSigner(1)])),
      thrownBy(() => toBeSigned(bytes)),
      thrownBy(async () => attachSignature(bytes, (await testSigner(1)).key, new Uint8Array(64))),
    ]);
    const [code, ...others] = codes.map((error) => error.code);
    expect(others).toEqual([code, code]);
    return code;
  };

  test('as the parts stand it would be', async () => {
    const { manifest, images } = await parts();
    expect((await openSound(assemble(manifest, images))).signatures).toEqual([]);
  });

  test('an image was changed, and the ZIP directory with it', async () => {
    const { manifest, images } = await parts();
    images[0].bytes[9]! ^= 1;
    expect(await refusal(assemble(manifest, images))).toBe('package.image-crc32');
  });

  test('an image was changed so that the CRC stays', async () => {
    const { manifest, images } = await parts();
    const entry = manifest.images[0]!;
    const sha256 = entry.sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    const first = { ...entry, sha256, sourceSha256: sha256 };
    const changed = { ...manifest, images: [first, manifest.images[1]!] };
    expect(await refusal(assemble(changed, images))).toBe('package.image-sha256');
  });

  test('an image is shorter', async () => {
    const { manifest, images } = await parts();
    images[0].bytes = images[0].bytes.slice(0, -4);
    expect(await refusal(assemble(manifest, images))).toBe('package.image-size');
  });

  test('images are missing, unlisted, or in another order', async () => {
    const { manifest, images } = await parts();
    expect(await refusal(assemble(manifest, [images[0]]))).toBe('package.image-missing');
    expect(await refusal(assemble(manifest, [images[1], images[0]]))).toBe('package.image-order');
    const third = { name: 'third', format: 'raw' as const, bytes: cortexImage() };
    const unlisted = await thrownBy(() => openSound(assemble(manifest, [...images, third])));
    expect(unlisted.code).toBe('package.image-unlisted');
    expect(unlisted.message).toContain('images/third.bin');
  });

  test('a bit was flipped anywhere', async () => {
    const bytes = await unsigned();
    for (let offset = 0; offset < bytes.length; offset += 7) {
      const flipped = bytes.slice();
      flipped[offset]! ^= 1 << (offset % 8);
      expect((await thrownBy(() => openSound(flipped))).exit, `offset ${offset}`).toBe(3);
    }
  });

  test('it is none', async () => {
    expect(await refusal(cortexImage())).toBe('package.not-a-package');
  });
});
