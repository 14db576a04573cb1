import { describe, expect, test } from 'vitest';
import { hex32 } from '../../src/core/bytes.ts';
import {
  decodeManifest,
  encodeManifest,
  type Identifier,
  type Manifest,
  type ManifestImage,
} from '../../src/format/manifest.ts';
import { parseTimestamp } from '../../src/format/timestamp.ts';
import { thrownBy } from '../support/codes.ts';
import { minimalImage, minimalManifest, written } from '../support/manifest.ts';

describe('the rules between fields', () => {
  const image = (changes: Partial<ManifestImage>) => minimalManifest({ images: [minimalImage(changes)] });
  const images = (...list: Partial<ManifestImage>[]) =>
    minimalManifest({ images: list.map((changes, i) => minimalImage({ name: `i${i}`, ...changes })) });
  const identifiers = (...list: [Identifier['type'], string][]) =>
    minimalManifest({
      target: { product: 'lamp', identifiers: list.map(([type, value]) => ({ type, value })) },
    });
  const { startAddress: _, ...placeless } = minimalImage();
  const last = 0xffffffff;

  test.each<[string, string, Manifest]>([
    ['a version number over 2^32-1', 'version', minimalManifest({ version: '1.4294967296.0' })],
    [
      'a required version over 2^32-1',
      'requires.application',
      minimalManifest({ requires: { application: { min: '4294967296' } } }),
    ],
    [
      'a range that allows nothing',
      'requires.application',
      minimalManifest({ requires: { application: { min: '1.2', below: '1.2.0' } } }),
    ],
    [
      'a range upside down',
      'requires.bootloader',
      minimalManifest({ requires: { bootloader: { min: '2', below: '1' } } }),
    ],
    ['30 February', 'notAfter', minimalManifest({ notAfter: '2028-02-30T00:00:00Z' })],
    ['29 February of a common year', 'notAfter', minimalManifest({ notAfter: '2027-02-29T00:00:00Z' })],
    ['31 April', 'notAfter', minimalManifest({ notAfter: '2027-04-31T00:00:00Z' })],
    ['month 0', 'notAfter', minimalManifest({ notAfter: '2027-00-01T00:00:00Z' })],
    ['month 13', 'notAfter', minimalManifest({ notAfter: '2027-13-01T00:00:00Z' })],
    ['24 hours', 'notAfter', minimalManifest({ notAfter: '2027-01-01T24:00:00Z' })],
    ['a leap second', 'notAfter', minimalManifest({ notAfter: '2016-12-31T23:59:60Z' })],
    [
      'two images of one name',
      'images[1].name',
      images({ name: 'a' }, { name: 'a', startAddress: hex32(64) }),
    ],
    ...['con', 'prn', 'aux', 'nul', 'com1', 'lpt9'].map((name): [string, string, Manifest] => [
      name,
      'images[0].name',
      image({ name }),
    ]),
    ['a size that is not aligned', 'images[0].size', image({ size: 6, sourceSize: 6 })],
    ['a size not aligned to more', 'images[0].size', image({ size: 20, sourceSize: 20, alignment: 16 })],
    ['a raw image without a place', 'images[0]', minimalManifest({ images: [placeless] })],
    ['more padding than alignment', 'images[0].size', image({ size: 8, sourceSize: 4 })],
    ['a source larger than the image', 'images[0].size', image({ size: 4, sourceSize: 5 })],
    ['two digests of the same bytes', 'images[0].sha256', image({ sha256: '2'.repeat(64) })],
    ['another pad byte in a gbl', 'images[0].padByte', image({ format: 'gbl', padByte: '0x00' })],
    ['an image beyond the last address', 'images[0].size', image({ startAddress: hex32(last - 2) })],
    ['an overlap', 'images', images({ size: 8, sourceSize: 8 }, { startAddress: hex32(4) })],
    [
      'an overlap the other way round',
      'images',
      images({ startAddress: hex32(4) }, { size: 8, sourceSize: 8 }),
    ],
    [
      'an overlap across an image',
      'images',
      images({ size: 64, sourceSize: 64 }, { startAddress: hex32(128) }, { startAddress: hex32(60) }),
    ],
    ['twice the same place', 'images', images({}, {})],
    [
      'a gbl that starts inside another image',
      'images',
      images({ size: 8, sourceSize: 8 }, { format: 'gbl', startAddress: hex32(4) }),
    ],
    ['two gbl at one place', 'images', images({ format: 'gbl' }, { format: 'gbl' })],
    [
      'an identifier twice',
      'target.identifiers[1]',
      identifiers(['usb-id', '1234:5678'], ['usb-id', '1234:5678']),
    ],
    ['a USB id that is none', 'target.identifiers[0].value', identifiers(['usb-id', '1234-5678'])],
    ['a USB id in capitals', 'target.identifiers[0].value', identifiers(['usb-id', '1234:ABCD'])],
    ['a product id that is none', 'target.identifiers[0].value', identifiers(['gbl-product-id', '1234'])],
  ])('do not allow %s', async (_, path, manifest) => {
    for (const act of [() => encodeManifest(manifest), () => decodeManifest(written(manifest))]) {
      const { code, facts } = await thrownBy(act);
      expect([code, facts]).toEqual(['package.manifest-rule', { path }]);
    }
  });

  test.each<[string, Manifest]>([
    ['an image up to the last address', image({ startAddress: hex32(last - 3) })],
    ['neighbours', images({}, { startAddress: hex32(4) }, { startAddress: hex32(8) })],
    [
      'padding',
      image({ size: 4096, sourceSize: 1, alignment: 4096, padByte: '0x00', sha256: '2'.repeat(64) }),
    ],
    ['29 February', minimalManifest({ notAfter: '2028-02-29T00:00:00Z' })],
    ['two identifiers of a type', identifiers(['usb-id', '1234:5678'], ['usb-id', '1234:5679'])],
    ['a gbl without a place', minimalManifest({ images: [{ ...placeless, format: 'gbl' }] })],
  ])('allow %s', (_, manifest) => {
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
  });

  test('know which moments there are', () => {
    expect(parseTimestamp('1970-01-01T00:00:01Z')).toBe(1000);
    expect(parseTimestamp('9999-12-31T23:59:59Z')).toBe(253402300799000);
    for (const none of ['1970-01-01T00:00:01', '1970-01-01 00:00:01Z', '+001970-01-01T00:00:00Z', '', 'x']) {
      expect(parseTimestamp(none), none).toBeUndefined();
    }
  });
});
