import { describe, expect, test } from 'vitest';
import { concat, fromHex, toHex } from '../../src/core/bytes.ts';
import { MAX_IMAGE_BYTES } from '../../src/format/limits.ts';
import { decodeGbl, encodeGbl, programBytes, wrapRaw } from '../../src/images/gbl/codec.ts';
import { buildPackage } from '../../src/pack/build.ts';
import type { BuildImage } from '../../src/pack/image.ts';
import { thrownBy } from '../support/codes.ts';
import { APPLICATION, buildInput, buildOne, codesOf, cortexImage, imageInput } from './fixture.ts';

describe('a raw image', () => {
  test('goes in as it is, with its digests and its place', async () => {
    const { entry, bytes, manifest, warnings } = await buildOne({});
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
    const { entry, bytes, treatments } = await buildOne({ bytes: source, alignment: 64, padByte: 0x5a });
    expect(bytes).toEqual(concat([source, new Uint8Array(55).fill(0x5a)]));
    expect(entry).toMatchObject({ sourceSize: 201, size: 256, alignment: 64, padByte: '0x5a' });
    expect(entry.sourceSha256).not.toBe(entry.sha256);
    expect(treatments).toEqual(['padded']);
  });

  test('has a device version only where somebody said one', async () => {
    expect((await buildOne({})).entry.deviceVersion).toBeUndefined();
    expect((await buildOne({ deviceVersion: 0x10203 })).entry.deviceVersion).toBe('0x00010203');
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
    const { entry, bytes, treatments, warnings } = await buildOne({ bytes: source, format: 'gbl' });
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
    const { bytes } = await buildOne({
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
    const { bytes } = await buildOne({
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
    const { bytes } = await buildOne({ format: 'gbl', deviceVersion: 0x99 }, { version });
    expect(decodeGbl(bytes).application?.version).toBe(0x99);
    const error = await thrownBy(() => buildOne({ format: 'gbl' }, { version }));
    expect(error).toMatchObject({ code: 'pack.version-too-large' });
    expect(error.cure).toContain('--device-version');
  });

  test.each([
    ['1.2.3', 0x010203],
    ['65535.255.255', 0xffffffff],
    ['0.0.0', 0],
  ])('has the version %s as %i', async (version, tag) => {
    const { bytes } = await buildOne({ format: 'gbl' }, { version });
    expect(decodeGbl(bytes).application?.version).toBe(tag);
  });

  test.each(['256.0', '0.256'])('refuses the version 1.%s, which the tag can not hold', async (rest) => {
    const error = await thrownBy(() => buildOne({ format: 'gbl' }, { version: `1.${rest}` }));
    expect(error.code).toBe('pack.version-too-large');
  });

  test('is what auto means with a part that takes GBLs', async () => {
    const target = { product: 'p', part: 'EFR32BG22C224F512IM40' };
    expect((await buildOne({ format: 'auto' }, { target })).entry.format).toBe('gbl');
    expect((await buildOne({ format: 'raw' }, { target })).entry.format).toBe('raw');
    expect((await buildOne({ format: 'auto' })).entry.format).toBe('raw');
  });

  test('is not made for roles that need a tag of their own', async () => {
    for (const role of ['bootloader', 'se'] as const) {
      const error = await thrownBy(() => buildOne({ role, format: 'gbl' }));
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
    const { entry, bytes, treatments } = await buildOne(gbl({ format }));
    expect(bytes).toEqual(wrapped);
    expect(entry).toMatchObject({ format: 'gbl', startAddress: '0x00006000', sourceSize: wrapped.length });
    expect(entry.sha256).toBe(entry.sourceSha256);
    expect(treatments).toEqual(['unchanged']);
  });

  test('is not taken for a raw image', async () => {
    expect((await thrownBy(() => buildOne(gbl({ format: 'raw' })))).code).toBe('pack.raw-from-gbl');
  });

  test('is padded behind its end with 0xff alone', async () => {
    const { bytes } = await buildOne(gbl({ alignment: 128 }));
    expect(bytes).toEqual(concat([wrapped, new Uint8Array(128 - (wrapped.length % 128)).fill(0xff)]));
    expect((await thrownBy(() => buildOne(gbl({ padByte: 0 })))).code).toBe('pack.pad-byte');
  });

  test('may be told its own start address, no other', async () => {
    expect((await buildOne(gbl({ startAddress: 0x6000 }))).entry.startAddress).toBe('0x00006000');
    const error = await thrownBy(() => buildOne(gbl({ startAddress: 0x8000 })));
    expect(error.code).toBe('pack.start-address-contradicts');
  });

  test('that is damaged is refused', async () => {
    const damaged = wrapped.slice();
    damaged[100]! ^= 1;
    expect((await thrownBy(() => buildOne(gbl({ bytes: damaged })))).code).toBe('image.gbl-crc');
    const cut = wrapped.slice(0, -4);
    expect((await thrownBy(() => buildOne(gbl({ bytes: cut })))).code).toBe('image.gbl-truncated');
  });

  const encInit = { name: 'enc-init', payload: new Uint8Array(16) } as const;
  const ciphertext = { name: 'enc-gbl-data', payload: new Uint8Array(64).fill(0x77) } as const;

  test('that is encrypted and signed goes in as far as it can be read, and it is said', async () => {
    const bytes = encodeGbl(
      [encInit, ciphertext, { name: 'signature', payload: new Uint8Array(64).fill(9) }],
      { encrypted: true, signed: true },
    );
    const built = await buildOne(gbl({ bytes }));
    expect(built.bytes).toEqual(bytes);
    expect(built.entry.startAddress).toBeUndefined();
    expect(codesOf(built.warnings)).toEqual(['gbl-not-readable', 'unsigned']);
    // A template says where its application begins; of this file nobody can know.
    expect((await buildOne(gbl({ bytes, startAddress: 0x6000 }))).entry.startAddress).toBeUndefined();
  });

  test('with a bootloader in it is no application', async () => {
    const payload = concat([new Uint8Array(8), new Uint8Array(32)]);
    const bytes = encodeGbl([{ name: 'bootloader', payload }]);
    expect((await thrownBy(() => buildOne(gbl({ bytes })))).code).toBe('pack.gbl-role');
    const { entry } = await buildOne(gbl({ bytes, role: 'bootloader' }));
    expect(entry).toMatchObject({ name: 'bootloader', role: 'bootloader', format: 'gbl' });
  });

  test('that reaches outside the flash of its part is refused', async () => {
    const bytes = wrapRaw({ image: cortexImage(), startAddress: 0x80000, application: APPLICATION });
    const target = { product: 'p', part: 'efr32bg22f512' };
    expect((await thrownBy(() => buildOne(gbl({ bytes }), { target }))).code).toBe('pack.outside-part');
  });

  test('that begins within a page nobody erased is packed with a warning', async () => {
    const bytes = wrapRaw({ image: cortexImage(), startAddress: 0x6100, application: APPLICATION });
    expect(codesOf((await buildOne(gbl({ bytes }))).warnings)).toEqual(['gbl-preflight', 'unsigned']);
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
    const error = await thrownBy(() => buildOne({ bytes }));
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
      const error = await thrownBy(() => buildOne({ bytes }));
      expect([error.code, error.message.includes(name)]).toEqual(['image.unsupported-format', true]);
    }
  });

  test('more than a package may hold', async () => {
    const bytes = new Uint8Array(MAX_IMAGE_BYTES + 1);
    const error = await thrownBy(() => buildOne({ bytes }));
    expect(error).toMatchObject({ code: 'pack.image-too-large', facts: { size: bytes.length } });
  });

  test('nothing', async () => {
    expect((await thrownBy(() => buildOne({ bytes: new Uint8Array() }))).code).toBe('image.empty');
  });
});
