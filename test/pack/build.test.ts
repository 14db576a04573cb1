import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, fromHex, toHex } from '../../src/core/bytes.ts';
import { decodeManifest } from '../../src/format/manifest.ts';
import { openContainer } from '../../src/format/zip.ts';
import { decodeGbl, encodeGbl, programBytes, wrapRaw } from '../../src/images/gbl/codec.ts';
import { type BuildInput, buildPackage } from '../../src/pack/build.ts';
import type { BuildImage } from '../../src/pack/image.ts';
import { thrownBy, valueOrRefusal } from '../support/codes.ts';
import { buildInput, cortexImage, imageInput, testSigner, verdictOf } from './fixture.ts';

const APPLICATION = { type: 0x20, version: 0x010203, capabilities: 0, productId: new Uint8Array(16) };

async function build(image: Partial<BuildImage>, input: Partial<BuildInput> = {}) {
  const built = await buildPackage(buildInput({ images: [imageInput(image)], ...input }));
  const container = openContainer(concat(built.segments));
  const manifest = decodeManifest(container.manifestBytes);
  return { ...built, manifest, entry: manifest.images[0]!, bytes: container.images[0]!.bytes };
}

const codesOf = (warnings: readonly { code: string }[]) => warnings.map(({ code }) => code);

describe('a raw image', () => {
  test('goes in as it is, with its digests and its place', async () => {
    const { entry, bytes, manifest, warnings } = await build({});
    expect(bytes).toEqual(cortexImage());
    expect(entry).toEqual({
      name: 'application',
      role: 'application',
      format: 'raw',
      startAddress: '0x00006000',
      sourceName: 'app.bin',
      sourceSize: 200,
      sourceSha256: entry.sha256,
      size: 200,
      alignment: 4,
      padByte: '0xff',
      crc32: expect.stringMatching(/^0x[0-9a-f]{8}$/),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(manifest).toMatchObject({ name: 'thermo', version: '1.2.3', securityCounter: 0 });
    expect(codesOf(warnings)).toEqual(['unsigned']);
  });

  test('is padded to its alignment with its pad byte, behind its end', async () => {
    const source = cortexImage({ size: 201 });
    const { entry, bytes, treatments } = await build({ bytes: source, alignment: 64, padByte: 0x5a });
    expect(bytes).toEqual(concat([source, new Uint8Array(55).fill(0x5a)]));
    expect(entry).toMatchObject({ sourceSize: 201, size: 256, alignment: 64, padByte: '0x5a' });
    expect(entry.sourceSha256).not.toBe(entry.sha256);
    expect(treatments).toEqual(['padded']);
  });

  test('has a device version only where somebody said one', async () => {
    expect((await build({})).entry.deviceVersion).toBeUndefined();
    expect((await build({ deviceVersion: 0x10203 })).entry.deviceVersion).toBe('0x00010203');
  });

  test('goes where the bootloader of its part expects an application, unless somebody said otherwise', async () => {
    const target = { product: 'p', part: 'efr32bg22' };
    const { startAddress: _, ...image } = imageInput({ format: 'raw' });
    const at = await buildPackage(buildInput({ target, images: [image] }));
    expect(at.manifest.images[0]?.startAddress).toBe('0x00006000');
  });
});

describe('a raw image wrapped into a GBL', () => {
  test('is the image, at its address, in a GBL that names the version; the source is told apart', async () => {
    const source = cortexImage({ size: 201 });
    const { entry, bytes, treatments, warnings } = await build({ bytes: source, format: 'gbl' });
    const gbl = decodeGbl(bytes, { alignment: 4 });
    expect(programBytes(gbl)).toEqual({ address: 0x6000, bytes: source });
    expect(gbl.application).toEqual({ ...APPLICATION, version: 0x010203 });
    expect(entry).toMatchObject({ format: 'gbl', startAddress: '0x00006000', sourceSize: 201 });
    expect(entry.size).toBe(bytes.length);
    expect(bytes.length % 4).toBe(0);
    expect(treatments).toEqual(['wrapped']);
    expect(codesOf(warnings)).toEqual(['wrapped-unsigned', 'unsigned']);
  });

  test('comes out as the 84 bytes that the vendor format has for it', async () => {
    const { bytes } = await build({
      bytes: fromHex('0001020304050607')!,
      startAddress: 0x4000,
      format: 'gbl',
    });
    expect(toHex(bytes)).toBe(
      'eb17a603080000000000000300000000f40a0af41c00000020000000030201000000000000000000000000000000000000000000' +
        'fe0101fe0c000000004000000001020304050607fc0404fc0400000089437740',
    );
  });

  test('takes what the image says of itself before what the packer says', async () => {
    const properties = { type: 8, version: 77, capabilities: 5, productByte: 0xab };
    const { bytes } = await build({
      bytes: cortexImage({ properties }),
      format: 'gbl',
      deviceVersion: 0x99,
    });
    expect(decodeGbl(bytes).application).toEqual({
      type: 8,
      version: 77,
      capabilities: 5,
      productId: new Uint8Array(16).fill(0xab),
    });
  });

  test('has the device version where the image says nothing, however large the firmware version', async () => {
    const version = '70000.256.300-rc.1';
    const { bytes } = await build({ format: 'gbl', deviceVersion: 0x99 }, { version });
    expect(decodeGbl(bytes).application?.version).toBe(0x99);
    const error = await thrownBy(() => build({ format: 'gbl' }, { version }));
    expect(error).toMatchObject({ code: 'pack.version-too-large' });
    expect(error.cure).toContain('--device-version');
  });

  test.each([
    ['1.2.3', 0x010203],
    ['65535.255.255', 0xffffffff],
    ['0.0.0', 0],
  ])('has the version %s as %i', async (version, tag) => {
    const { bytes } = await build({ format: 'gbl' }, { version });
    expect(decodeGbl(bytes).application?.version).toBe(tag);
  });

  test.each(['256.0', '0.256'])('refuses the version 1.%s, which the tag can not hold', async (rest) => {
    const error = await thrownBy(() => build({ format: 'gbl' }, { version: `1.${rest}` }));
    expect(error.code).toBe('pack.version-too-large');
  });

  test('is what auto means with a part that takes GBLs', async () => {
    const target = { product: 'p', part: 'EFR32BG22C224F512IM40' };
    expect((await build({ format: 'auto' }, { target })).entry.format).toBe('gbl');
    expect((await build({ format: 'raw' }, { target })).entry.format).toBe('raw');
    expect((await build({ format: 'auto' })).entry.format).toBe('raw');
  });

  test('is not made for roles that need a tag of their own', async () => {
    for (const role of ['bootloader', 'se'] as const) {
      const error = await thrownBy(() => build({ role, format: 'gbl' }));
      expect(error.code).toBe('pack.role-not-wrapped');
    }
  });
});

describe('a GBL file', () => {
  const wrapped = wrapRaw({ image: cortexImage(), startAddress: 0x6000, application: APPLICATION });
  const gbl = (fields: Partial<BuildImage> = {}): Partial<BuildImage> => {
    const { startAddress: _, ...image } = imageInput({ sourceName: 'app.gbl', bytes: wrapped });
    return { ...image, startAddress: undefined as never, ...fields };
  };

  test.each(['auto', 'gbl'] as const)('goes in unchanged (%s), where it says itself', async (format) => {
    const { entry, bytes, treatments } = await build(gbl({ format }));
    expect(bytes).toEqual(wrapped);
    expect(entry).toMatchObject({ format: 'gbl', startAddress: '0x00006000', sourceSize: wrapped.length });
    expect(entry.sha256).toBe(entry.sourceSha256);
    expect(treatments).toEqual(['unchanged']);
  });

  test('is not taken for a raw image', async () => {
    expect((await thrownBy(() => build(gbl({ format: 'raw' })))).code).toBe('pack.raw-from-gbl');
  });

  test('is padded behind its end with 0xff alone', async () => {
    const { bytes } = await build(gbl({ alignment: 128 }));
    expect(bytes).toEqual(concat([wrapped, new Uint8Array(128 - (wrapped.length % 128)).fill(0xff)]));
    expect((await thrownBy(() => build(gbl({ padByte: 0 })))).code).toBe('pack.pad-byte');
  });

  test('may be told its own start address, no other', async () => {
    expect((await build(gbl({ startAddress: 0x6000 }))).entry.startAddress).toBe('0x00006000');
    const error = await thrownBy(() => build(gbl({ startAddress: 0x8000 })));
    expect(error.code).toBe('pack.start-address-contradicts');
  });

  test('that is damaged is refused', async () => {
    const damaged = wrapped.slice();
    damaged[100]! ^= 1;
    expect((await thrownBy(() => build(gbl({ bytes: damaged })))).code).toBe('image.gbl-crc');
    const cut = wrapped.slice(0, -4);
    expect((await thrownBy(() => build(gbl({ bytes: cut })))).code).toBe('image.gbl-truncated');
  });

  const encInit = { name: 'enc-init', payload: new Uint8Array(16) } as const;
  const ciphertext = { name: 'enc-gbl-data', payload: new Uint8Array(64).fill(0x77) } as const;

  test('that is encrypted and signed goes in as far as it can be read, and it is said', async () => {
    const bytes = encodeGbl(
      [encInit, ciphertext, { name: 'signature', payload: new Uint8Array(64).fill(9) }],
      { encrypted: true, signed: true },
    );
    const built = await build(gbl({ bytes }));
    expect(built.bytes).toEqual(bytes);
    expect(built.entry.startAddress).toBeUndefined();
    expect(codesOf(built.warnings)).toEqual(['gbl-not-readable', 'unsigned']);
    // A template says where its application begins; of this file nobody can know.
    expect((await build(gbl({ bytes, startAddress: 0x6000 }))).entry.startAddress).toBeUndefined();
  });

  test('with a bootloader in it is no application', async () => {
    const payload = concat([new Uint8Array(8), new Uint8Array(32)]);
    const bytes = encodeGbl([{ name: 'bootloader', payload }]);
    expect((await thrownBy(() => build(gbl({ bytes })))).code).toBe('pack.gbl-role');
    const { entry } = await build(gbl({ bytes, role: 'bootloader' }));
    expect(entry).toMatchObject({ name: 'bootloader', role: 'bootloader', format: 'gbl' });
  });

  test('that reaches outside the flash of its part is refused', async () => {
    const bytes = wrapRaw({ image: cortexImage(), startAddress: 0x80000, application: APPLICATION });
    const target = { product: 'p', part: 'efr32bg22f512' };
    expect((await thrownBy(() => build(gbl({ bytes }), { target }))).code).toBe('pack.outside-part');
  });

  test('that begins within a page nobody erased is packed with a warning', async () => {
    const bytes = wrapRaw({ image: cortexImage(), startAddress: 0x6100, application: APPLICATION });
    expect(codesOf((await build(gbl({ bytes }))).warnings)).toEqual(['gbl-preflight', 'unsigned']);
  });
});

describe('what can not be packed is refused by name', () => {
  test.each([
    ['Intel HEX', ':10010000214601360121470136007EFE09D2190140\n'],
    ['S-record', 'S00F000068656C6C6F202020202000003C\n'],
    ['ELF', '\x7fELF\x01\x01\x01'],
    ['ZIP', 'PK\x03\x04 something else'],
  ])('%s', async (name, text) => {
    const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
    const error = await thrownBy(() => build({ bytes }));
    expect(error.code).toBe('image.unsupported-format');
    expect(error.message).toContain(name);
  });

  test('GBL v4, EBL, a package', async () => {
    const gbl4 = concat([fromHex('eb17a684')!, new Uint8Array(60)]);
    const ebl = concat([fromHex('0000008c0000e3500000')!, new Uint8Array(60)]);
    const { segments } = await buildPackage(buildInput());
    for (const [bytes, name] of [
      [gbl4, 'GBL v4'],
      [ebl, 'EBL'],
      [concat(segments), 'DFU package'],
    ] as const) {
      const error = await thrownBy(() => build({ bytes }));
      expect([error.code, error.message.includes(name)]).toEqual(['image.unsupported-format', true]);
    }
  });

  test('nothing', async () => {
    expect((await thrownBy(() => build({ bytes: new Uint8Array() }))).code).toBe('image.empty');
  });
});

describe('the start address', () => {
  const bg22 = { target: { product: 'p', part: 'efr32bg22f352' } };

  test('must be said for a raw image, without a part or for another role', async () => {
    const { startAddress: _, ...image } = imageInput();
    const without = (fields: Partial<BuildImage>, input: Partial<BuildInput> = {}) =>
      thrownBy(() => buildPackage(buildInput({ images: [{ ...image, ...fields }], ...input })));
    expect((await without({})).code).toBe('pack.start-address-missing');
    expect((await without({ role: 'data' }, bg22)).code).toBe('pack.start-address-missing');
  });

  test('is a multiple of the alignment', async () => {
    const error = await thrownBy(() => build({ startAddress: 0x6002 }));
    expect(error).toMatchObject({ code: 'pack.start-address-misaligned', facts: { unit: 4 } });
    expect((await thrownBy(() => build({ startAddress: 0x6004, alignment: 8 }))).code).toBe(
      'pack.start-address-misaligned',
    );
  });

  test('begins a page where a bootloader will write it, since it erases whole pages', async () => {
    const bytes = cortexImage({ start: 0x6100 });
    const error = await thrownBy(() => build({ bytes, startAddress: 0x6100 }, bg22));
    expect(error).toMatchObject({ code: 'pack.start-address-misaligned', facts: { unit: 8192 } });
    expect((await build({ bytes, startAddress: 0x6100, format: 'raw' }, bg22)).entry.format).toBe('raw');
  });

  test('lies in the flash of the part, and the end too', async () => {
    const room = 352 * 1024 - 0x6000;
    const fits = cortexImage({ size: room });
    expect((await build({ bytes: fits, format: 'raw' }, bg22)).entry.size).toBe(room);
    const error = await thrownBy(() =>
      build({ bytes: cortexImage({ size: room + 1 }), format: 'raw' }, bg22),
    );
    expect(error.code).toBe('pack.outside-part');
    expect(error.message).not.toContain('gap');
    const start = 0x08006000;
    expect(
      (await thrownBy(() => build({ bytes: cortexImage({ start }), startAddress: start }, bg22))).code,
    ).toBe('pack.outside-part');
  });

  test('of an image larger than all flash: a gap between sections is suspected', async () => {
    const error = await thrownBy(() => build({ bytes: cortexImage({ size: 400_000 }) }, bg22));
    expect([error.code, error.message.includes('gap between sections?')]).toEqual([
      'pack.outside-part',
      true,
    ]);
  });

  test('leaves room below the end of the address space', async () => {
    const bytes = new Uint8Array(16);
    expect((await build({ bytes, startAddress: 0xfffffff0, role: 'data' })).entry.size).toBe(16);
    const error = await thrownBy(() => build({ bytes, startAddress: 0xfffffff4, role: 'data' }));
    expect(error.code).toBe('pack.outside-part');
  });

  test('contradicted by the reset vector is an error with a part, and the likely address is named', async () => {
    const bytes = cortexImage({ start: 0x12000 });
    const error = await thrownBy(() => build({ bytes, startAddress: 0x6000 }, bg22));
    expect(error).toMatchObject({ code: 'pack.reset-vector', facts: { likelyStart: '0x00012000' } });
    expect(error.cure).toContain('--start-address 0x00012000');
    expect((await build({ bytes, startAddress: 0x12000 }, bg22)).entry.startAddress).toBe('0x00012000');
  });

  test('contradicted by the reset vector is a warning without a part', async () => {
    const { warnings } = await build({ bytes: cortexImage({ start: 0x12000 }) });
    expect(codesOf(warnings)).toEqual(['start-address', 'unsigned']);
    expect(warnings[0]?.message).toContain('0x00012000');
  });

  test('is not judged by vectors for data, and said to be unjudged where there are none', async () => {
    const bytes = new Uint8Array(64).fill(1);
    expect(codesOf((await build({ bytes, role: 'data' })).warnings)).toEqual(['unsigned']);
    const zeros = new Uint8Array(64);
    expect(codesOf((await build({ bytes: zeros })).warnings)).toEqual(['no-vector-table', 'unsigned']);
  });

  test('in the area of the bootloader is a warning', async () => {
    const bytes = cortexImage({ start: 0x4000 });
    const { warnings } = await build({ bytes, startAddress: 0x4000, format: 'raw' }, bg22);
    expect(codesOf(warnings)).toEqual(['bootloader-area', 'unsigned']);
  });

  test('belongs to a part that is known', async () => {
    const error = await thrownBy(() => build({}, { target: { product: 'p', part: 'efr32bg99' } }));
    expect(error.code).toBe('pack.part-unknown');
  });
});

describe('several images', () => {
  const two = (first: Partial<BuildImage>, second: Partial<BuildImage>) =>
    buildPackage(buildInput({ images: [imageInput(first), imageInput(second)] }));

  test('stand in the order given', async () => {
    const { manifest, segments } = await two(
      { name: 'second', startAddress: 0x8000, role: 'data' },
      { name: 'first' },
    );
    expect(manifest.images.map(({ name }) => name)).toEqual(['second', 'first']);
    expect(await verdictOf(segments, [])).toBe('accepted-unsigned');
  });

  test('may touch, not overlap, whatever their order', async () => {
    const at = (startAddress: number) => ({ name: `at${startAddress}`, startAddress, role: 'data' as const });
    await two(at(0x6000), at(0x6000 + 200));
    for (const [a, b] of [
      [0x6000, 0x60c4],
      [0x60c4, 0x6000],
      [0x6000, 0x6000],
    ] as const) {
      const error = await thrownBy(() => two({ ...at(a), name: 'a' }, { ...at(b), name: 'b' }));
      expect(error).toMatchObject({ code: 'pack.overlap' });
    }
  });

  test('overlap by their padding too, and inside GBLs', async () => {
    const data = { role: 'data' as const };
    const padded = { ...data, name: 'a', bytes: new Uint8Array(5), alignment: 64 };
    expect((await thrownBy(() => two(padded, { ...data, name: 'b', startAddress: 0x6020 }))).code).toBe(
      'pack.overlap',
    );
    const gbl = wrapRaw({ image: cortexImage(), startAddress: 0x6000, application: APPLICATION });
    expect(
      (await thrownBy(() => two({ name: 'a', bytes: gbl }, { ...data, name: 'b', startAddress: 0x60c4 })))
        .code,
    ).toBe('pack.overlap');
  });

  test('need names of their own', async () => {
    expect((await thrownBy(() => two({}, { startAddress: 0x8000 }))).code).toBe('pack.image-name');
  });

  test('are 1 to 16', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) =>
        imageInput({ name: `i${i}`, startAddress: 0x6000 + 0x100 * i, role: 'data' }),
      );
    expect((await buildPackage(buildInput({ images: many(16) }))).manifest.images).toHaveLength(16);
    for (const count of [0, 17]) {
      const error = await thrownBy(() => buildPackage(buildInput({ images: many(count) })));
      expect(error.code).toBe('pack.value-invalid');
    }
  });
});

describe('values that a manifest can not hold are refused', () => {
  test.each([
    ['v1.2', '1.2.0'],
    ['1.2.3-14-gabc', '1.2.4-dev.14+gabc'],
    ['1.02.3', '1.2.3'],
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
    await build({ bytes, format: 'gbl' });
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
