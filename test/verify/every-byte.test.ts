import { beforeAll, describe, expect, test } from 'vitest';
import { type Bytes, concat, toBase64 } from '../../src/core/bytes.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { publicKeyDer } from '../../src/crypto/public-key.ts';
import { loadTrustFile } from '../../src/format/trust-file-load.ts';
import { encodeContainer, openContainer } from '../../src/format/zip.ts';
import type { Trust } from '../../src/verify/trust.ts';
import { verifyPackage } from '../../src/verify/verify.ts';
import { AT, samplePackage, signManifest, testKey } from './fixture.ts';

/**
 * A package whose two signatures are both needed, changed in every place. The table of regions is written from ZIP's own
 * layout (APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12, 4.3.16), not from the reader under test.
 */
const [alice, bob] = [await testKey(1), await testKey(2)];
const trust: Trust = {
  kind: 'file',
  file: await loadTrustFile({
    formatVersion: 1,
    version: 1,
    notAfter: '2027-01-01T00:00:00Z',
    keys: {
      alice: { publicKey: toBase64(publicKeyDer(alice.public)) },
      bob: { publicKey: toBase64(publicKeyDer(bob.public)) },
    },
    rules: [{ product: 'p', signers: ['alice', 'bob'], threshold: 2 }],
  }),
};
const original = await samplePackage({
  keys: [alice, bob],
  images: [{ bytes: Uint8Array.of(1, 2, 3, 4), entry: { name: 'a', sourceName: 'a' } }],
  manifest: { name: 'n', version: '1.0.0', securityCounter: 0, target: { product: 'p' } },
});

const opened = openContainer(original);
const parts = {
  manifest: opened.manifestBytes.slice(),
  signatures: opened.signaturesBytes?.slice() ?? new Uint8Array(),
  image: opened.images[0]?.bytes.slice() ?? new Uint8Array(),
};

/** The container anew, with other contents; its checksums and sizes are right. */
function packed(changed: Partial<typeof parts>): Bytes {
  const { manifest, signatures, image } = { ...parts, ...changed };
  return concat(
    encodeContainer([
      { name: 'manifest.json', bytes: manifest },
      { name: 'signatures.json', bytes: signatures },
      { name: 'images/a.bin', bytes: image },
    ]),
  );
}

interface Region {
  /** As in the tables of codes. */
  name: string;
  from: number;
  to: number;
}

const LOCAL = { signature: 4, fixed: 10, crc32: 4, sizes: 8, 'name length': 2, 'extra length': 2 };
const CENTRAL = { signature: 4, fixed: 12, crc32: 4, sizes: 8, 'name length': 2, tail: 12, offset: 4 };
const END = { signature: 4, disks: 4, counts: 4, directory: 8, 'comment length': 2 };
const ENTRIES = ['manifest', 'signatures', 'image'];

const regions = layout(original);
const contents = regions.filter(({ name }) => name.endsWith(' content'));

function layout(bytes: Bytes): Region[] {
  const view = new DataView(bytes.buffer);
  const found: Region[] = [];
  let at = 0;
  const take = (name: string, length: number) => {
    found.push({ name, from: at, to: at + length });
    at += length;
  };
  const fields = (prefix: string, widths: Record<string, number>) => {
    for (const [field, width] of Object.entries(widths)) take(`${prefix} ${field}`, width);
  };
  for (const entry of ENTRIES) {
    const header = at;
    fields(`${entry} local`, LOCAL);
    take(`${entry} local name`, view.getUint16(header + 26, true));
    take(`${entry} content`, view.getUint32(header + 18, true));
  }
  for (const entry of ENTRIES) {
    const header = at;
    fields(`${entry} central`, CENTRAL);
    take(`${entry} central name`, view.getUint16(header + 28, true));
  }
  fields('end', END);
  return found;
}

/** What became of it; the library must agree with itself on what an accepting verdict is. */
async function judged(bytes: Bytes): Promise<string> {
  const { report, verified } = await verifyPackage(bytes, trust, { at: AT });
  const accepting = report.verdict === 'trusted' || report.verdict === 'accepted-unsigned';
  if (accepting !== (verified !== undefined)) throw new Error(`a report that says ${report.verdict}`);
  return report.code === undefined ? report.verdict : `${report.verdict} ${report.code}`;
}

/** Code and verdict of each refusal that is expected; every other answer fails the test. */
const VERDICT_OF: Partial<Record<ErrorCode, string>> = {
  'trust.signature-invalid': 'untrusted',
  'trust.threshold': 'untrusted',
  'package.image-crc32': 'corrupt',
  'package.image-size': 'corrupt',
};
const HEADER: readonly ErrorCode[] = ['package.header-field', 'package.entry-compressed'];
const DIRECTORY: readonly ErrorCode[] = ['package.directory-mismatch'];
const NAME: readonly ErrorCode[] = ['package.entry-name', 'format.unsupported-image-format', ...DIRECTORY];

/** For each region, what a changed byte in it may be answered with. The first pattern that fits counts. */
const CHANGED: readonly (readonly [RegExp, readonly ErrorCode[]])[] = [
  [/^manifest local (signature|name)$/, ['package.not-a-package']],
  [/^manifest local name length$/, ['package.not-a-package', 'package.entry-name']],
  [/ signature$/, ['package.unexpected-bytes']],
  [/ (fixed|tail|extra length|disks|comment length)$/, HEADER],
  [/^(manifest|signatures) (local crc32|content)$/, ['package.entry-crc']],
  [/^image content$/, ['package.image-crc32']],
  [/ local sizes$/, ['package.entry-size']],
  [/ local name( length)?$/, NAME],
  // Of an image the CRC is compared with its content last; before that it must be the directory's.
  [/^image local crc32$|^\w+ central |^end /, DIRECTORY],
];
const codesOf = (region: string): readonly ErrorCode[] =>
  CHANGED.find(([pattern]) => pattern.test(region))?.[1] ?? [];

/** A byte too many or too few moves all that follows it, so any part of the container may be what is found wrong. */
const MOVED: readonly ErrorCode[] = [
  ...NAME,
  ...HEADER,
  'package.not-a-package',
  'package.entry-crc',
  'package.entry-size',
  'package.unexpected-bytes',
  'package.trailing-bytes',
  'package.truncated',
];

async function expectRefusal(bytes: Bytes, codes: readonly ErrorCode[], what: () => string): Promise<void> {
  const answer = await judged(bytes);
  const expected = codes.map((code) => `${VERDICT_OF[code] ?? 'malformed'} ${code}`);
  if (!expected.includes(answer)) throw new Error(`${what()}: ${answer}, expected ${expected.join(' or ')}`);
}

// Thousands of errors are made, and nobody reads where.
beforeAll(() => {
  Error.stackTraceLimit = 0;
});

describe('a package by two signers, both needed', () => {
  test('is trusted as it is, and every byte of it belongs to a region', async () => {
    expect(await judged(original)).toBe('trusted');
    expect(regions.at(-1)?.to).toBe(original.length);
    for (const { name } of regions) expect([name, codesOf(name).length > 0]).toEqual([name, true]);
  });

  test('is trusted by neither signer alone', async () => {
    for (const signer of [alice, bob]) {
      const signatures = await signManifest(parts.manifest, [signer]);
      expect(await judged(packed({ signatures }))).toBe('untrusted trust.threshold');
    }
  });

  test('is refused with any byte of a header set to any other value', async () => {
    const bytes = original.slice();
    for (const { name, from, to } of regions.filter((region) => !contents.includes(region))) {
      const codes = codesOf(name);
      for (let at = from; at < to; at++) {
        const was = bytes[at] as number;
        for (let value = 0; value < 256; value++) {
          if (value === was) continue;
          bytes[at] = value;
          await expectRefusal(bytes, codes, () => `${name}, offset ${at} set to ${value}`);
        }
        bytes[at] = was;
      }
    }
  });

  test('is refused with any bit of its contents turned', async () => {
    const bytes = original.slice();
    for (const { name, from, to } of contents) {
      const codes = codesOf(name);
      for (let bit = 8 * from; bit < 8 * to; bit++) {
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        await expectRefusal(bytes, codes, () => `${name}, bit ${bit & 7} of offset ${bit >> 3}`);
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      }
    }
  });

  test('is refused with a byte taken out or put in, wherever', async () => {
    for (let at = 0; at <= original.length; at++) {
      const [before, after] = [original.subarray(0, at), original.subarray(at)];
      const what = () => `at offset ${at}`;
      if (after.length > 0) await expectRefusal(concat([before, after.subarray(1)]), MOVED, what);
      for (const value of new Set([0x00, 0x20, 0xff, after[0] ?? 0x50])) {
        await expectRefusal(concat([before, Uint8Array.of(value), after]), MOVED, what);
      }
    }
  });
});

/** An attacker makes the checksums right. */
describe('in a container made anew around it', () => {
  test('a manifest with any byte changed, taken out or put in, is signed by nobody', async () => {
    for (const [manifest, what] of variants(parts.manifest, 1)) {
      await expectRefusal(packed({ manifest }), ['trust.signature-invalid'], what);
    }
  });

  test('signatures with any bit turned, a byte taken out or put in, never count for two', async () => {
    const codes: readonly ErrorCode[] = [
      'package.signatures-form',
      'package.json-limit',
      'format.unsupported-version',
      'trust.signature-invalid',
      // A key id that nobody knows: its signature is another's business, and one is too few.
      'trust.threshold',
    ];
    for (const [signatures, what] of variants(parts.signatures, 8)) {
      await expectRefusal(packed({ signatures }), codes, what);
    }
  });

  test('an image with any bit turned, a byte taken out or put in, is not the one that was signed', async () => {
    const codes: readonly ErrorCode[] = ['package.image-crc32', 'package.image-size'];
    for (const [image, what] of variants(parts.image, 8)) {
      await expectRefusal(packed({ image }), codes, what);
    }
  });
});

/** With each byte changed in some of its bits, taken out, doubled, or a space put in. Signatures cost, so not all bits of a manifest. */
function* variants(content: Bytes, bitsOfEachByte: 1 | 8): Generator<[Bytes, () => string]> {
  for (let bit = 0; bit < 8 * content.length; bit++) {
    const at = bit >> 3;
    if (bitsOfEachByte === 1 && (bit & 7) !== (at & 7)) continue;
    const bytes = content.slice();
    bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
    yield [bytes, () => `bit ${bit & 7} of offset ${at}`];
  }
  for (let at = 0; at <= content.length; at++) {
    const [before, after] = [content.subarray(0, at), content.subarray(at)];
    if (after.length > 0 && content.length > 1)
      yield [concat([before, after.subarray(1)]), () => `without ${at}`];
    for (const value of new Set([0x20, after[0] ?? 0x0a])) {
      yield [concat([before, Uint8Array.of(value), after]), () => `with ${value} at ${at}`];
    }
  }
}
