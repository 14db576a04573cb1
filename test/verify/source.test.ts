import { expect, test } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import type { ManifestImage } from '../../src/format/manifest.ts';
import { encodeGbl, wrapRaw } from '../../src/images/gbl/codec.ts';
import { sourceOf } from '../../src/verify/source.ts';
import { thrownBy } from '../support/codes.ts';
import { SAMPLE_IMAGE, sampleManifest, sha256Hex } from './fixture.ts';

const application = { type: 0x20, version: 1, capabilities: 0, productId: new Uint8Array(16) };
/** 30 bytes, which a GBL pads to whole words. */
const source = SAMPLE_IMAGE.slice(0, 30);
const gbl = wrapRaw({ image: source, startAddress: 0x4000, application });

function image(bytes: Bytes, format: ManifestImage['format'], of: Bytes) {
  const entry = { format, sourceSize: of.length, sourceSha256: sha256Hex(of) };
  const [made] = sampleManifest({ images: [{ bytes, entry }] }).images;
  return { entry: made!, bytes };
}

const pad = (bytes: Bytes, count: number) => concat([bytes, new Uint8Array(count).fill(0xff)]);

test.each<[string, ReturnType<typeof image>, Bytes, string]>([
  ['a raw image as it is', image(SAMPLE_IMAGE, 'raw', SAMPLE_IMAGE), SAMPLE_IMAGE, 'raw'],
  ['a raw image before its padding', image(pad(source, 2), 'raw', source), source, 'raw'],
  ['the raw image in a GBL that was made of it', image(gbl, 'gbl', source), source, 'raw'],
  ['a GBL that went in as one', image(pad(gbl, 3), 'gbl', gbl), gbl, 'gbl'],
  [
    'the raw image in a GBL that was padded to a large alignment',
    { ...image(pad(gbl, 40), 'gbl', source), entry: { ...image(gbl, 'gbl', source).entry, alignment: 64 } },
    source,
    'raw',
  ],
])('%s is its source', async (_, held, bytes, format) => {
  expect(await sourceOf(held)).toEqual({ bytes, format });
});

test.each<[string, ReturnType<typeof image>]>([
  ['a raw image of other bytes', image(SAMPLE_IMAGE, 'raw', source.toReversed() as Bytes)],
  ['a raw image shorter than its source', image(source, 'raw', SAMPLE_IMAGE)],
  [
    'a raw image whose every byte is the source, said to be longer',
    { bytes: source, entry: { ...image(source, 'raw', source).entry, sourceSize: 31 } },
  ],
  ['a GBL as raw image, around the source', image(gbl, 'raw', source)],
  ['a GBL around something else', image(gbl, 'gbl', source.toReversed() as Bytes)],
  [
    'a GBL that holds no program',
    image(encodeGbl([{ name: 'metadata', payload: SAMPLE_IMAGE }]), 'gbl', source),
  ],
])('%s does not hold it: refused, with what the manifest says of it', async (_, held) => {
  const error = await thrownBy(() => sourceOf(held));
  const { sourceSize, sourceSha256 } = held.entry;
  expect(error.code).toBe('package.image-source');
  expect(error.facts).toEqual({ image: 'application', sourceSize, sourceSha256 });
});
