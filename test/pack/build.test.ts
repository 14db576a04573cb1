import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { decodeManifest } from '../../src/format/manifest.ts';
import { openContainer } from '../../src/format/zip.ts';
import { type BuildInput, buildPackage } from '../../src/pack/build.ts';
import type { BuildImage } from '../../src/pack/image.ts';
import { thrownBy, valueOrRefusal } from '../support/codes.ts';
import { buildInput, buildOne, cortexImage, imageInput, testSigner, verdictOf } from './fixture.ts';

describe('values that a manifest can not hold are refused', () => {
  test.each([
    ['v1.2', '1.2.0'],
    ['1.2.3-14-gabc', '1.2.4-dev.14+gabc'],
    ['1.02.3', '1.2.3'],
    ['v1.2.3-14-gabc', '1.2.4-dev.14+gabc'],
    // A hash of 64 digits is a git commit too.
    [`1.2.3-1-g${'a'.repeat(50)}`, `1.2.4-dev.1+g${'a'.repeat(50)}`],
  ])('the version %s, naming %s', async (version, nearest) => {
    const error = await thrownBy(() => buildPackage(buildInput({ version })));
    expect(error).toMatchObject({ code: 'pack.version-invalid', facts: { nearest } });
    expect(error.cure).toContain(nearest);
  });

  test('a version without anything near', async () => {
    const error = await thrownBy(() => buildPackage(buildInput({ version: 'latest' })));
    expect(error.code).toBe('pack.version-invalid');
  });

  test.each<[string, Partial<BuildInput>]>([
    ['a name with a space', { name: 'my thermo' }],
    ['an empty product', { target: { product: '' } }],
    ['a counter below 0', { securityCounter: -1 }],
    ['a counter above 32 bits', { securityCounter: 2 ** 32 }],
    ['a time that there is not', { notAfter: '2026-02-30T00:00:00Z' }],
    ['a revision twice', { target: { product: 'p', hardware: ['A', 'A'] } }],
    ['a range without room', { requires: { bootloader: { min: '2', below: '1' } } }],
    ['an annotation without a domain', { annotations: { build: '1' } }],
    ['an image name of Windows', { images: [imageInput({ name: 'con' })] }],
    ['an alignment that is no power of two', { images: [imageInput({ alignment: 12 })] }],
    ['a device version above 32 bits', { images: [imageInput({ deviceVersion: 2 ** 32 })] }],
    ['a start address above 32 bits', { images: [imageInput({ startAddress: 2 ** 32 })] }],
    ['a pad byte above 8 bits', { images: [imageInput({ padByte: 256 })] }],
    ['a file name with a slash', { images: [imageInput({ sourceName: 'a/b' })] }],
  ])('%s', async (_, fields) => {
    expect((await thrownBy(() => buildPackage(buildInput(fields)))).code).toBe('pack.value-invalid');
  });
});

describe('a built package', () => {
  test('is trusted by who has one of its keys, and not changed by being built again', async () => {
    const signers = [await testSigner(1), await testSigner(2)];
    const input = buildInput({ signers });
    const { segments } = await buildPackage(input);
    expect(await verdictOf(segments, [signers[0]!])).toBe('trusted');
    expect(await verdictOf(segments, [signers[1]!])).toBe('trusted');
    expect(await verdictOf(segments, [await testSigner(3)])).toBe('untrusted trust.no-trusted-signature');
    const again = await buildPackage({ ...input, signers: [...signers].reverse() });
    expect(concat(again.segments)).toEqual(concat(segments));
  });

  test('is not signed twice by one key', async () => {
    const signers = [await testSigner(1), await testSigner(1)];
    expect((await thrownBy(() => buildPackage(buildInput({ signers })))).code).toBe('pack.already-signed');
  });

  test('is never signed by a signer that signs something else', async () => {
    const { key } = await testSigner(1);
    const other = await testSigner(2);
    const signers = [{ key, sign: (message: Bytes) => other.sign(message) }];
    expect((await thrownBy(() => buildPackage(buildInput({ signers })))).code).toBe('pack.signature-invalid');
  });

  test('holds all that was said of it', async () => {
    const said = {
      securityCounter: 7,
      target: {
        product: 'acme-thermo',
        vendor: 'Acme Ltd',
        part: 'efr32bg22',
        hardware: ['A1', 'B2'],
        identifiers: [{ type: 'usb-id', value: '10c4:ea60' }],
      },
      requires: { bootloader: { min: '1.10', below: '3' } },
      notAfter: '2030-12-31T23:59:59Z',
      provenance: { sourceRevision: 'abc' },
      annotations: { 'example.com/b': '2', 'example.com/a': '1' },
    } satisfies Partial<BuildInput>;
    const { manifest, segments } = await buildPackage(buildInput(said));
    expect(manifest).toMatchObject(said);
    expect(decodeManifest(openContainer(concat(segments)).manifestBytes)).toMatchObject(said);
  });

  test('does not change its input', async () => {
    const bytes = cortexImage({ size: 201 });
    const before = bytes.slice();
    await buildOne({ bytes, format: 'gbl' });
    expect(bytes).toEqual(before);
  });

  test('of any image is one that verifies, or there is a reason not to make it', async () => {
    const image = fc.record({
      bytes: fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
      startAddress: fc.oneof(fc.constant(0x6000), fc.nat(0xffffffff)),
      format: fc.constantFrom('auto', 'raw', 'gbl'),
      role: fc.constantFrom('application', 'data', 'bootloader'),
      alignment: fc.constantFrom(4, 8, 64, 4096),
      padByte: fc.constantFrom(0xff, 0x00),
    });
    const part = fc.constantFrom(undefined, 'efr32bg22', 'efr32bg13');
    await fc.assert(
      fc.asyncProperty(image, part, async (fields, name) => {
        const target = { product: 'p', ...(name === undefined ? {} : { part: name }) };
        const input = buildInput({ target, images: [{ sourceName: 'f', ...fields } as BuildImage] });
        let segments: Bytes[];
        try {
          segments = (await buildPackage(input)).segments;
        } catch (error) {
          valueOrRefusal(() => {
            throw error;
          });
          return;
        }
        expect(await verdictOf(segments, [])).toBe('accepted-unsigned');
      }),
      { numRuns: 300 },
    );
  });
});
