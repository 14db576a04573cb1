import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Bytes, concat, hex32 } from '../../../src/core/bytes.ts';
import { crc32 } from '../../../src/core/crc32.ts';
import { encodePackage } from '../../../src/format/package.ts';
import { openContainer } from '../../../src/format/zip.ts';
import { assertVerified } from '../../../src/verify/verified-package.ts';
import { verifyPackage } from '../../../src/verify/verify.ts';
import { valueOrRefusal } from '../../support/codes.ts';
import { rewriteJson } from '../engine/json.ts';
import type { Random } from '../engine/random.ts';
import { hostilePackages, vectorFiles } from '../engine/seeds.ts';
import { promised, type Target } from '../engine/target.ts';

/** A judgement never throws for what is in a package, and what it accepts is what the package holds. */
export const target: Target = {
  name: 'package',
  maxBytes: 8192,
  slow: true,
  seeds: () =>
    [...hostilePackages(), ...vectorFiles(join('golden', 'v0.1'), '.dfupkg')].map(withoutSignatures),
  rewrite,
  async run(bytes) {
    const { report, verified } = await verifyPackage(
      bytes,
      { kind: 'allow-unsigned' },
      { at: '2026-06-01T00:00:00Z' },
    );
    promised((report.verdict === 'accepted-unsigned') === (verified !== undefined), 'the verdict is one');
    if (verified === undefined) return false;
    assertVerified(verified);
    for (const { entry, bytes: image } of verified.images) {
      const digest = createHash('sha256').update(image).digest('hex');
      promised(entry.sha256 === digest && entry.size === image.length, 'an image is the one of the manifest');
    }
    return true;
  },
};

function withoutSignatures(bytes: Bytes): Bytes {
  const container = valueOrRefusal(() => openContainer(bytes));
  if (container === undefined) return bytes;
  return repacked(container.manifestBytes, container.images);
}

/** Changes the manifest or an image, and makes the digests right again, so that what lies behind them is reached. */
function rewrite(bytes: Bytes, random: Random): Bytes {
  const container = valueOrRefusal(() => openContainer(bytes));
  if (container === undefined) return bytes;
  const images = container.images.map((image) => {
    const content = image.bytes.slice();
    if (random.chance(2)) content[random.below(content.length)] = random.word() & 0xff;
    return {
      ...image,
      bytes: random.chance(4) ? content.slice(0, 1 + random.below(content.length)) : content,
    };
  });
  let manifest = random.chance(2) ? rewriteJson(container.manifestBytes, random, 2) : container.manifestBytes;
  for (const [index, { bytes: old }] of container.images.entries()) {
    const image = images[index]?.bytes ?? old;
    const swaps = [
      [createHash('sha256').update(old).digest('hex'), createHash('sha256').update(image).digest('hex')],
      [hex32(crc32(old)), hex32(crc32(image))],
      [`ize": ${old.length},`, `ize": ${image.length},`],
    ] as const;
    let text = Buffer.from(manifest).toString('latin1');
    for (const [from, to] of swaps) text = text.replaceAll(from, to);
    manifest = new Uint8Array(Buffer.from(text, 'latin1'));
  }
  return repacked(manifest, images);
}

function repacked(manifest: Bytes, images: Parameters<typeof encodePackage>[0]['images']): Bytes {
  const plain = images.map(({ name, format, bytes }) => ({ name, format, bytes }));
  return valueOrRefusal(() => concat(encodePackage({ manifest, images: plain }))) ?? manifest;
}
