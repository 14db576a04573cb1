import { describe, expect, test } from 'vitest';
import { concat, utf8 } from '../../src/core/bytes.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import * as limits from '../../src/format/limits.ts';
import { EXTENSION, encodePackage, MEDIA_TYPE, type PackageContent } from '../../src/format/package.ts';
import { openContainer } from '../../src/format/zip.ts';
import { thrownBy } from '../support/codes.ts';

const manifest = utf8('{}\n');
const image = (name: string, length = 4): PackageContent['images'][number] => ({
  name,
  format: 'raw',
  bytes: new Uint8Array(length),
});

describe('encodePackage', () => {
  test('makes what openContainer opens, with the images as they were given', () => {
    const images: PackageContent['images'] = [image('b'), { ...image('a', 5), format: 'gbl', crc32: 7 }];
    const segments = encodePackage({ manifest, signatures: utf8('{}'), images });
    for (const { bytes } of images) expect(segments).toContain(bytes);
    const opened = openContainer(concat(segments));
    expect(opened.images.map(({ name, format }) => [name, format])).toEqual([
      ['b', 'raw'],
      ['a', 'gbl'],
    ]);
    expect(opened.images[1]?.zipCrc32).toBe(7);
    expect(opened.signaturesBytes).toEqual(utf8('{}'));
    expect(openContainer(concat(encodePackage({ manifest, images }))).signaturesBytes).toBeUndefined();
  });

  test.each<[string, PackageContent, ErrorCode]>([
    ['no image', { manifest, images: [] }, 'package.no-images'],
    [
      '17 images',
      { manifest, images: Array.from({ length: 17 }, (_, i) => image(`i${i}`)) },
      'package.too-many-entries',
    ],
    [
      'two images of one name',
      { manifest, images: [image('a'), { ...image('a'), format: 'gbl' }] },
      'package.entry-duplicate',
    ],
    ['a path as name', { manifest, images: [image('../a')] }, 'package.entry-name'],
    ['a device of Windows', { manifest, images: [image('nul')] }, 'package.entry-name'],
    ['an empty image', { manifest, images: [image('a', 0)] }, 'package.entry-size'],
    ['an empty manifest', { manifest: new Uint8Array(), images: [image('a')] }, 'package.entry-size'],
    [
      'an image over its limit',
      { manifest, images: [image('a', limits.MAX_IMAGE_BYTES + 1)] },
      'package.entry-size',
    ],
    [
      'a manifest over its limit',
      { manifest: new Uint8Array(limits.MAX_MANIFEST_BYTES + 1), images: [image('a')] },
      'package.entry-size',
    ],
    [
      'signatures over their limit',
      { manifest, signatures: new Uint8Array(limits.MAX_SIGNATURES_BYTES + 1), images: [image('a')] },
      'package.entry-size',
    ],
    [
      'more in all than a package holds',
      {
        manifest,
        images: ['a', 'b'].map((name) => ({
          ...image(name),
          bytes: new Uint8Array(limits.MAX_IMAGE_BYTES),
          crc32: 0,
        })),
      },
      'package.too-large',
    ],
  ])('refuses %s', async (_, content, code) => {
    expect((await thrownBy(() => encodePackage(content))).code).toBe(code);
  });

  test('names of files and media', () => {
    expect(EXTENSION).toBe('.dfupkg');
    expect(MEDIA_TYPE).toBe('application/vnd.dfukit.package');
  });
});
