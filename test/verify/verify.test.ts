import { describe, expect, test } from 'vitest';
import { type Bytes, concat, hex32, u32le } from '../../src/core/bytes.ts';
import { crc32 } from '../../src/core/crc32.ts';
import { DfuError } from '../../src/core/errors.ts';
import { encodeManifest } from '../../src/format/manifest.ts';
import { encodePackage } from '../../src/format/package.ts';
import { encodeGbl, wrapRaw } from '../../src/images/gbl/codec.ts';
import { CHECKS } from '../../src/verify/checks.ts';
import type { VerifyOptions } from '../../src/verify/options.ts';
import type { Trust } from '../../src/verify/trust.ts';
import { assertVerified } from '../../src/verify/verified-package.ts';
import { verifyPackage } from '../../src/verify/verify.ts';
import {
  AT,
  outcomeOf,
  SAMPLE_IMAGE,
  type Sample,
  sampleManifest,
  samplePackage,
  sha256Hex,
  signManifest,
  type TestKey,
  testKey,
} from './fixture.ts';

const key = await testKey(1);
const other = await testKey(2);
const byKey: Trust = { kind: 'keys', keys: [key.public] };
const unsigned: Trust = { kind: 'allow-unsigned' };

async function judge(
  bytes: Bytes,
  options: Partial<VerifyOptions> = {},
  trust: Trust = byKey,
): Promise<Awaited<ReturnType<typeof verifyPackage>>> {
  return verifyPackage(bytes, trust, { at: AT, ...options });
}

async function judgeSample(sample: Sample, options: Partial<VerifyOptions> = {}) {
  return judge(await samplePackage({ keys: [key], ...sample }), options);
}

describe('an accepted package', () => {
  test('is trusted by a good signature, and every check is listed once, in order', async () => {
    const { report, verified } = await judgeSample({});
    expect(report.verdict).toBe('trusted');
    expect(report.exit).toBe(0);
    expect(report.code).toBeUndefined();
    expect(report.checks.map((check) => check.id)).toEqual(CHECKS.map((rule) => rule.id));
    expect(report.signatures).toEqual([{ keyId: key.public.keyId, status: 'good' }]);
    expect(() => assertVerified(verified)).not.toThrow();
    expect(verified?.manifest.version).toBe('1.2.0');
    expect(verified?.packageId).toBe(report.packageId);
    expect(verified?.images[0]?.bytes).toEqual(SAMPLE_IMAGE);
  });

  test('lists the checks of images once for each image', async () => {
    const { report } = await judgeSample({ images: [{ bytes: SAMPLE_IMAGE }, { bytes: SAMPLE_IMAGE }] });
    expect(report.verdict).toBe('trusted');
    const sizes = report.checks.filter((check) => check.id === 'image.size');
    expect(sizes.map((check) => check.image)).toEqual(['application', 'image1']);
  });

  test('keeps its content whatever the caller does with the bytes meanwhile', async () => {
    const bytes = await samplePackage({ keys: [key] });
    const judging = judge(bytes);
    bytes.fill(0);
    const { report, verified } = await judging;
    expect(report.verdict).toBe('trusted');
    expect(verified?.images[0]?.bytes).toEqual(SAMPLE_IMAGE);
  });

  test('keeps its content apart from the caller even where slice() makes a view, as with Buffer', async () => {
    const bytes = Buffer.from(await samplePackage({ keys: [key] }));
    const judging = judge(bytes as Bytes);
    bytes.fill(0);
    expect((await judging).report.verdict).toBe('trusted');
  });

  test('takes the buffer over when asked to, and judges the same', async () => {
    const bytes = await samplePackage({ keys: [key] });
    const padded = concat([new Uint8Array(7), bytes, new Uint8Array(9)]);
    const view = padded.subarray(7, 7 + bytes.length);
    const { report } = await judge(view, { transfer: true });
    expect(report.verdict).toBe('trusted');
    expect(padded.length).toBe(0);
  });

  test('can not be changed afterwards', async () => {
    const { verified } = await judgeSample({});
    expect(() => {
      (verified as { verdict: string }).verdict = 'refused';
    }).toThrow(TypeError);
    expect(() => {
      (verified?.manifest.target as { product: string }).product = 'x';
    }).toThrow(TypeError);
  });

  test('a report, or an object that looks alike, is no verified package', async () => {
    const { report, verified } = await judgeSample({});
    expect(() => assertVerified(report)).toThrow(TypeError);
    expect(() => assertVerified({ ...verified })).toThrow(TypeError);
  });
});

describe('signatures', () => {
  test('absent ones make a package unsigned, and its manifest is never read', async () => {
    const { report, verified } = await judgeSample({ keys: [] });
    expect(report.verdict).toBe('unsigned');
    expect(report.exit).toBe(4);
    expect(report.code).toBe('trust.unsigned');
    expect(report.package).toBeUndefined();
    expect(verified).toBeUndefined();
    expect(outcomeOf(report, 'manifest')).toBe('skipped');
  });

  test('by a key that was not given are ignored: alone they are not enough', async () => {
    const { report } = await judgeSample({ keys: [other] });
    expect(report.verdict).toBe('untrusted');
    expect(report.code).toBe('trust.no-trusted-signature');
    expect(report.signatures?.[0]?.status).toBe('unknown');
    expect(report.package).toBeUndefined();
  });

  test('by a key that was not given do no harm beside a good one', async () => {
    expect((await judgeSample({ keys: [key, other] })).report.verdict).toBe('trusted');
  });

  test('one wrong signature under a trusted key spoils a good one', async () => {
    const manifest = encodeManifest(sampleManifest());
    const good = await signManifest(manifest, [key]);
    const moved = await signManifest(encodeManifest(sampleManifest({ manifest: { version: '9.0.0' } })), [
      other,
    ]);
    const both = mergeSignatures(good, moved);
    const bytes = concat(
      encodePackage({
        manifest,
        signatures: both,
        images: [{ name: 'application', format: 'raw', bytes: SAMPLE_IMAGE }],
      }),
    );
    const two: Trust = { kind: 'keys', keys: [key.public, other.public] };
    const { report } = await judge(bytes, {}, two);
    expect(report.verdict).toBe('untrusted');
    expect(report.code).toBe('trust.signature-invalid');
    expect((await judge(bytes)).report.verdict).toBe('trusted');
  });

  test('no key at all is a call that can not be judged by, never a pass', async () => {
    const bytes = await samplePackage({ keys: [key] });
    await expect(judge(bytes, {}, { kind: 'keys', keys: [] })).rejects.toMatchObject({
      code: 'usage.invalid',
    });
  });

  test('another kind of trust is a call that can not be judged by', async () => {
    for (const bytes of [await samplePackage(), await samplePackage({ keys: [key] })]) {
      const trust = { kind: 'threshold', keys: [key.public] } as unknown as Trust;
      await expect(judge(bytes, {}, trust)).rejects.toThrow(TypeError);
    }
  });

  test('a key that was not imported is refused, whatever it claims to be', async () => {
    const bytes = await samplePackage({ keys: [key] });
    const fake = { ...key.public };
    await expect(judge(bytes, {}, { kind: 'keys', keys: [fake] })).rejects.toThrow(TypeError);
    const unused = await samplePackage();
    await expect(judge(unused, {}, { kind: 'keys', keys: [key.public, fake] })).rejects.toThrow(TypeError);
  });
});

function mergeSignatures(...lists: Bytes[]): Bytes {
  const all = lists.flatMap((list) => JSON.parse(new TextDecoder().decode(list)).signatures);
  all.sort((a: { keyId: string }, b: { keyId: string }) => (a.keyId < b.keyId ? -1 : 1));
  const text = JSON.stringify({ payloadType: 'application/vnd.dfukit.manifest-digest.v1', signatures: all });
  return new TextEncoder().encode(text) as Bytes;
}

describe('allow-unsigned', () => {
  test('accepts a package without signatures, never as trusted, and warns', async () => {
    const { report, verified } = await judge(await samplePackage(), {}, unsigned);
    expect(report.verdict).toBe('accepted-unsigned');
    expect(report.exit).toBe(0);
    expect(report.warnings.length).toBe(1);
    expect(verified?.verdict).toBe('accepted-unsigned');
    expect(outcomeOf(report, 'signatures.good')).toBe('skipped');
  });

  test('refuses a package that has signatures', async () => {
    const { report } = await judge(await samplePackage({ keys: [key] }), {}, unsigned);
    expect(report.verdict).toBe('untrusted');
    expect(report.code).toBe('trust.signatures-not-judged');
    expect(report.signatures?.[0]?.status).toBe('not-judged');
  });

  test('excuses nothing but the missing signature', async () => {
    const bytes = await samplePackage({ images: [{ bytes: SAMPLE_IMAGE, held: new Uint8Array(32) }] });
    expect((await judge(bytes, {}, unsigned)).report.verdict).toBe('corrupt');
    const expired = await samplePackage({ manifest: { notAfter: AT } });
    expect((await judge(expired, {}, unsigned)).report.verdict).toBe('refused');
  });
});

describe('images against the manifest', () => {
  const cases: [string, Sample, string][] = [
    [
      'another length',
      { images: [{ bytes: SAMPLE_IMAGE, held: SAMPLE_IMAGE.slice(0, 28) }] },
      'package.image-size',
    ],
    ['other bytes', { images: [{ bytes: SAMPLE_IMAGE, held: new Uint8Array(32) }] }, 'package.image-crc32'],
    [
      'a CRC that is not its own',
      { images: [{ bytes: SAMPLE_IMAGE, entry: { crc32: '0x00000000' } }] },
      'package.image-crc32',
    ],
    [
      'a SHA-256 that is not its own',
      {
        images: [{ bytes: SAMPLE_IMAGE, entry: { sha256: '0'.repeat(64), sourceSha256: '0'.repeat(64) } }],
      },
      'package.image-sha256',
    ],
    [
      'padding of another byte',
      { images: [{ bytes: SAMPLE_IMAGE, entry: { sourceSize: 30 } }] },
      'package.image-padding',
    ],
  ];
  test.each(cases)('%s is corrupt', async (_, sample, code) => {
    const { report, verified } = await judgeSample(sample);
    expect(report.verdict).toBe('corrupt');
    expect(report.exit).toBe(3);
    expect(report.code).toBe(code);
    expect(verified).toBeUndefined();
    expect(outcomeOf(report, 'trust.rule')).toBe('skipped');
    expect(outcomeOf(report, 'policy.expiry')).toBe('skipped');
  });

  test('the right padding passes', async () => {
    const padded = concat([SAMPLE_IMAGE.slice(0, 30), Uint8Array.of(0xff, 0xff)]);
    const { report } = await judgeSample({ images: [{ bytes: padded, entry: { sourceSize: 30 } }] });
    expect(report.verdict).toBe('trusted');
  });

  test.each([
    ['missing', ['application', 'image1'], ['application'], 'package.image-missing'],
    ['unlisted', ['application'], ['application', 'image1'], 'package.image-unlisted'],
    ['swapped', ['application', 'image1'], ['image1', 'application'], 'package.image-order'],
  ])('an image that is %s is corrupt', async (_, named, held, code) => {
    const manifest = encodeManifest(sampleManifest({ images: named.map(() => ({ bytes: SAMPLE_IMAGE })) }));
    const bytes = concat(
      encodePackage({
        manifest,
        signatures: await signManifest(manifest, [key]),
        images: held.map((name) => ({ name, format: 'raw', bytes: SAMPLE_IMAGE })),
      }),
    );
    const { report } = await judge(bytes);
    expect(report.verdict).toBe('corrupt');
    expect(report.code).toBe(code);
  });
});

const application = { type: 0x20, version: 0x10200, capabilities: 0, productId: new Uint8Array(16) };
const wrapped = wrapRaw({ image: SAMPLE_IMAGE, startAddress: 0x4000, application });

function gblSample(bytes: Bytes, entry: NonNullable<Sample['images']>[0]['entry'] = {}): Sample {
  return { images: [{ bytes, entry: { format: 'gbl', startAddress: '0x00004000', ...entry } }] };
}

describe('GBL images', () => {
  test('a whole file passes', async () => {
    const { report } = await judgeSample(gblSample(wrapped));
    expect(report.verdict).toBe('trusted');
  });

  test('padding with 0xff up to the alignment passes, as much as the alignment does not', async () => {
    const pad = (n: number) => concat([wrapped, new Uint8Array(n).fill(0xff)]);
    const three = concat([wrapRaw({ image: SAMPLE_IMAGE.slice(0, 29), startAddress: 0x4000, application })]);
    expect(three.length % 4).toBe(1);
    expect((await judgeSample(gblSample(concat([three, Uint8Array.of(255, 255, 255)])))).report.verdict).toBe(
      'trusted',
    );
    expect((await judgeSample(gblSample(pad(4)))).report.code).toBe('package.image-tail');
  });

  test('padding up to a larger alignment passes where the manifest says that one', async () => {
    const padded = concat([wrapped, new Uint8Array(64 - (wrapped.length % 64)).fill(0xff)]);
    expect((await judgeSample(gblSample(padded, { alignment: 64 }))).report.verdict).toBe('trusted');
    expect((await judgeSample(gblSample(padded))).report.code).toBe('package.image-tail');
  });

  test('a file that was made around a smaller source passes', async () => {
    const source = { sourceSize: 32, sourceSha256: sha256Hex(SAMPLE_IMAGE) };
    expect((await judgeSample(gblSample(wrapped, source))).report.verdict).toBe('trusted');
  });

  test('a file that is not the one described is not read any further', async () => {
    for (const wrong of [{ crc32: '0x00000000' }, { sha256: '0'.repeat(64) }]) {
      const { report } = await judgeSample(gblSample(wrapped, wrong));
      expect(outcomeOf(report, 'image.structure')).toBe('skipped');
    }
  });

  test('anything else behind its end is a tail', async () => {
    const { report } = await judgeSample(gblSample(concat([wrapped, Uint8Array.of(0, 0, 0, 0)])));
    expect(report.verdict).toBe('corrupt');
    expect(report.code).toBe('package.image-tail');
  });

  test('a file with a wrong CRC of its own is corrupt, although the package describes it rightly', async () => {
    const broken = wrapped.slice();
    broken[70] = (broken[70] ?? 0) ^ 1;
    const { report } = await judgeSample(gblSample(broken));
    expect(report.code).toBe('package.image-structure');
    const check = report.checks.find((c) => c.id === 'image.structure');
    expect(check?.facts?.cause).toBe('image.gbl-crc');
  });

  test('what is no GBL at all is corrupt', async () => {
    expect((await judgeSample(gblSample(SAMPLE_IMAGE))).report.code).toBe('package.image-structure');
  });

  test.each(['0x00004004', undefined])(
    'a start address of %s for one at 0x4000 is wrong',
    async (startAddress) => {
      const entry = { format: 'gbl' as const, ...(startAddress === undefined ? {} : { startAddress }) };
      const manifest = sampleManifest({ images: [{ bytes: wrapped, entry }] });
      if (startAddress === undefined) delete manifest.images[0]?.startAddress;
      const encoded = encodeManifest(manifest);
      const bytes = concat(
        encodePackage({
          manifest: encoded,
          signatures: await signManifest(encoded, [key]),
          images: [{ name: 'application', format: 'gbl', bytes: wrapped }],
        }),
      );
      expect((await judge(bytes)).report.code).toBe('package.image-address');
    },
  );

  test('a bootloader tag stands under the roles for it only', async () => {
    const bootloader = encodeGbl([
      { name: 'bootloader', payload: concat([u32le(0x10000), u32le(0), SAMPLE_IMAGE]) },
      { name: 'prog', payload: concat([u32le(0x4000), SAMPLE_IMAGE]) },
    ]);
    const under = async (role: 'application' | 'bootloader' | 'apploader' | 'se' | 'data') =>
      (await judgeSample(gblSample(bootloader, { role }))).report;
    expect((await under('application')).code).toBe('package.image-role');
    expect((await under('data')).code).toBe('package.image-role');
    expect((await under('bootloader')).verdict).toBe('trusted');
    expect((await under('apploader')).verdict).toBe('trusted');
    expect((await under('se')).verdict).toBe('trusted');
  });
});

describe('images that overlap', () => {
  const two = (first: Sample['images'], second: Sample['images']): Sample => ({
    images: [...(first ?? []), ...(second ?? [])],
  });
  const gblAt = (...ranges: [number, number][]) =>
    encodeGbl(
      ranges.map(([address, length]) => ({
        name: 'prog' as const,
        payload: concat([u32le(address), new Uint8Array(length)]),
      })),
    );

  test.each([
    ['touch', 0x6020, 'trusted'],
    ['overlap by a byte', 0x601f, 'package.image-overlap'],
    ['lie apart', 0x8000, 'trusted'],
  ])('a program tag behind a raw image: they %s', async (_, address, expected) => {
    const gbl = gblAt([0x100, 4], [address, 40]);
    const { report } = await judgeSample(
      two(
        [{ bytes: SAMPLE_IMAGE }],
        gblSample(concat([gbl]), { startAddress: '0x00000100', alignment: 4 }).images,
      ),
    );
    expect(report.code ?? report.verdict).toBe(expected);
  });

  test('a small tag of one image inside a large one of another is found, also behind tags of its own', async () => {
    const large = gblAt([0x4000, 0x1000], [0x4100, 4]);
    const small = gblAt([0x4800, 4], [0x9000, 4]);
    const { report } = await judgeSample(
      two(gblSample(large).images, gblSample(small, { startAddress: '0x00004800' }).images),
    );
    expect(report.code).toBe('package.image-overlap');
  });

  test('a tag of one image in a gap of another is no overlap, one behind that gap is', async () => {
    const around = gblAt([0x4000, 0x100], [0x6000, 0x100]);
    const between = (address: number) => gblAt([0x5000, 0x100], [address, 4]);
    const judged = async (address: number) =>
      (
        await judgeSample(
          two(gblSample(around).images, gblSample(between(address), { startAddress: '0x00005000' }).images),
        )
      ).report;
    expect((await judged(0x7000)).verdict).toBe('trusted');
    expect((await judged(0x60fc)).code).toBe('package.image-overlap');
    expect((await judged(0x5ffd)).code).toBe('package.image-overlap');
  });

  test('tags of one image may write over each other', async () => {
    const { report } = await judgeSample(gblSample(gblAt([0x4000, 0x100], [0x4080, 0x100])));
    expect(report.verdict).toBe('trusted');
  });
});

describe('the report', () => {
  test('shows first failure as verdict, and everything behind as skipped', async () => {
    const bytes = await samplePackage({ keys: [key] });
    const { report } = await judge(bytes.slice(0, -1));
    expect(report.verdict).toBe('malformed');
    expect(report.exit).toBe(3);
    expect(report.packageId).toBeUndefined();
    expect(report.checks.map((check) => check.status)).toEqual([
      'fail',
      ...CHECKS.slice(1).map(() => 'skipped'),
    ]);
  });

  test('an exception that is no DfuError is not taken for a verdict', async () => {
    await expect(judge('PK' as unknown as Bytes)).rejects.toThrow(TypeError);
    await expect(judge(await samplePackage({ keys: [key] }), { at: 'soon' })).rejects.toBeInstanceOf(
      DfuError,
    );
  });

  test('the packages of two keys and one content have the same id', async () => {
    const keys: TestKey[][] = [[key], [key, other]];
    const ids = await Promise.all(keys.map(async (k) => (await judgeSample({ keys: k })).report.packageId));
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).toBe(sha256Hex(encodeManifest(sampleManifest())));
  });

  test('a CRC in the ZIP header that is not the content is told apart from the manifest', async () => {
    const bytes = await samplePackage({ keys: [key] });
    const wrong = replaceCrc(bytes, crc32(SAMPLE_IMAGE), 0x12345678);
    const { report } = await judge(wrong);
    expect(report.code).toBe('package.image-crc32');
    expect(report.checks.find((c) => c.id === 'image.crc32')?.facts).toMatchObject({
      where: 'ZIP header',
      expected: hex32(0x12345678),
    });
  });
});

/** Both headers, so that the container agrees with itself. */
function replaceCrc(bytes: Bytes, from: number, to: number): Bytes {
  const hex = Buffer.from(bytes).toString('latin1');
  const word = (n: number) => Buffer.from(u32le(n)).toString('latin1');
  return new Uint8Array(Buffer.from(hex.replaceAll(word(from), word(to)), 'latin1'));
}
