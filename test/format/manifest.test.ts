import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hex32, utf8 } from '../../src/core/bytes.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import {
  decodeManifest,
  encodeManifest,
  FORMATS,
  IDENTIFIER_TYPES,
  KEY_ORDER,
  type Manifest,
  ROLES,
} from '../../src/format/manifest.ts';
import { thrownBy, valueOrRefusal } from '../support/codes.ts';
import { fullManifest, minimalImage, minimalManifest, text, written } from '../support/manifest.ts';
import { expectValid } from '../support/schema.ts';

async function codeOf(act: () => unknown): Promise<ErrorCode> {
  return (await thrownBy(act)).code;
}

/** A copy with one value replaced (or, by `undefined`, taken away); the path as `images.0.size`. */
function changed(base: Manifest, path: string, value: unknown): unknown {
  const copy = structuredClone(base) as unknown as Record<string, unknown>;
  const keys = path.split('.');
  let at = copy;
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
  const last = keys.at(-1) as string;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

describe('a manifest', () => {
  test.each([
    ['least', minimalManifest()],
    ['most', fullManifest()],
  ])('that says the %s comes back as it was, and follows its schema', (_, manifest) => {
    const bytes = encodeManifest(manifest);
    expect(decodeManifest(bytes)).toEqual(manifest);
    expect(encodeManifest(decodeManifest(bytes))).toEqual(bytes);
    expectValid('manifest-v1', JSON.parse(text(bytes)));
    expect(text(bytes).startsWith('{\n  "formatVersion": 1,\n')).toBe(true);
    expect(text(bytes).endsWith('\n}\n')).toBe(true);
  });

  test('has one form, in whatever order its values are given', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([k, v]) => [k, reversed(v)]),
      );
    };
    expect(encodeManifest(reversed(fullManifest()) as Manifest)).toEqual(encodeManifest(fullManifest()));
  });

  test('leaves out what is undefined', () => {
    const given = { ...minimalManifest(), notAfter: undefined } as unknown as Manifest;
    expect(encodeManifest(given)).toEqual(encodeManifest(minimalManifest()));
  });

  test('drops no field that its order does not know', () => {
    const keys = KEY_ORDER.image as unknown as string[];
    const last = keys.pop() ?? '';
    try {
      expect(() => encodeManifest(fullManifest())).toThrow(last);
    } finally {
      keys.push(last);
    }
  });

  test('has its keys in the order of the schema, and the values that the schema knows', () => {
    const schema = JSON.parse(
      readFileSync(new URL('../../schemas/manifest-v1.schema.json', import.meta.url), 'utf8'),
    );
    const { properties, $defs } = schema;
    const objects = {
      manifest: schema,
      target: properties.target,
      identifier: properties.target.properties.identifiers.items,
      requires: properties.requires,
      versionRange: $defs.versionRange,
      image: $defs.image,
      provenance: properties.provenance,
    };
    for (const [name, object] of Object.entries(objects)) {
      expect(KEY_ORDER[name as keyof typeof KEY_ORDER], name).toEqual(Object.keys(object.properties));
      expect(object.additionalProperties, name).toBe(false);
    }
    expect($defs.image.properties.role.enum).toEqual(ROLES);
    expect($defs.image.properties.format.enum).toEqual(FORMATS);
    expect(objects.identifier.properties.type.enum).toEqual(IDENTIFIER_TYPES);
  });
});

describe('the form of manifest.json', () => {
  const good = text(encodeManifest(fullManifest()));

  test.each<[string, (json: string) => string, ErrorCode]>([
    ['a byte order mark', (s) => `\ufeff${s}`, 'package.manifest-form'],
    ['no final newline', (s) => s.trimEnd(), 'package.manifest-form'],
    ['two final newlines', (s) => `${s}\n`, 'package.manifest-form'],
    ['a second value', (s) => `${s}{}\n`, 'package.manifest-form'],
    ['line ends of Windows', (s) => s.replaceAll('\n', '\r\n'), 'package.manifest-form'],
    ['tabs', (s) => s.replaceAll('  ', '\t'), 'package.manifest-form'],
    ['four spaces', (s) => s.replaceAll('  ', '    '), 'package.manifest-form'],
    ['one line', (s) => `${JSON.stringify(JSON.parse(s))}\n`, 'package.manifest-form'],
    [
      'an escape in a string',
      (s) => s.replace('"lamp-firmware"', '"\\u006camp-firmware"'),
      'package.manifest-form',
    ],
    ['an escaped key', (s) => s.replace('"name"', '"n\\u0061me"'), 'package.manifest-form'],
    ['an escaped slash', (s) => s.replace('https://', 'https:\\/\\/'), 'package.manifest-form'],
    ['a letter beyond ASCII', (s) => s.replace('Lamps', 'Lämps'), 'package.manifest-form'],
    ['a float', (s) => s.replace('"size": 4,', '"size": 4.0,'), 'package.manifest-form'],
    ['an exponent', (s) => s.replace('"size": 4096', '"size": 4.096e3'), 'package.manifest-form'],
    [
      'minus zero',
      (s) => s.replace('"securityCounter": 4294967295', '"securityCounter": -0'),
      'package.manifest-form',
    ],
    [
      'a number that rounds to a good one',
      (s) => s.replace('4294967295', '4294967295.0000000000001'),
      'package.manifest-form',
    ],
    [
      'a key twice, alike',
      (s) => s.replace('"name"', '"name": "lamp-firmware",\n  "name"'),
      'package.manifest-form',
    ],
    ['a key twice', (s) => s.replace('"name"', '"name": "other",\n  "name"'), 'package.manifest-form'],
    ['a comment', (s) => s.replace('{', '{ // hello'), 'package.manifest-form'],
    ['a comma too many', (s) => s.replace('\n}\n', ',\n}\n'), 'package.manifest-form'],
    ['nothing', () => '', 'package.manifest-form'],
    ['the first half', (s) => s.slice(0, s.length / 2), 'package.manifest-form'],
    ['null', () => 'null\n', 'package.manifest-schema'],
    ['an array', () => '[]\n', 'package.manifest-schema'],
    ['a number over 2^53', (s) => s.replace('4294967295', '99999999999999999999'), 'package.manifest-schema'],
    ['a number beyond all', (s) => s.replace('4294967295', `1${'0'.repeat(400)}`), 'package.manifest-schema'],
    [
      '__proto__',
      (s) => s.replace('"name"', '"__proto__": {"isAdmin": true},\n  "name"'),
      'package.manifest-schema',
    ],
    [
      '__proto__ inside',
      (s) => s.replace('"product"', '"__proto__": "x",\n    "product"'),
      'package.manifest-schema',
    ],
    [
      '__proto__ as an annotation',
      (s) => s.replace('"example.com/a"', '"__proto__": "x",\n    "example.com/a"'),
      'package.manifest-schema',
    ],
    ['constructor', (s) => s.replace('"name"', '"constructor": {},\n  "name"'), 'package.manifest-schema'],
    ['depth', () => '['.repeat(200_000), 'package.json-limit'],
    ['depth, closed', () => `${'['.repeat(9)}${']'.repeat(9)}`, 'package.json-limit'],
    ['a long array', () => `[${'1,'.repeat(1024)}1]`, 'package.json-limit'],
    ['too many bytes', () => ' '.repeat(256 * 1024 + 1), 'package.too-large'],
  ])('has no room for %s', async (_, change, code) => {
    const other = change(good);
    expect(other).not.toBe(good);
    expect(await codeOf(() => decodeManifest(utf8(other)))).toBe(code);
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
  });

  test('is broken by every change of one byte that does not only change a value', async () => {
    const bytes = encodeManifest(fullManifest());
    const step = 7;
    let accepted = 0;
    for (let i = 0; i < bytes.length; i += step) {
      const other = bytes.slice();
      other[i]! ^= 1;
      const manifest = valueOrRefusal(() => decodeManifest(other));
      if (manifest === undefined) continue;
      accepted++;
      expect(encodeManifest(manifest)).toEqual(other);
    }
    expect(accepted).toBeGreaterThan(0);
  });

  test('names the first byte that is not as it must be', async () => {
    const twoSpaces = good.replace('"version": ', '"version":  ');
    const at = good.indexOf('"version": ') + '"version": '.length;
    const error = await thrownBy(() => decodeManifest(utf8(twoSpaces)));
    expect(error.facts.offset).toBe(at);
    expect((await thrownBy(() => decodeManifest(utf8(`\ufeff${good}`)))).facts.offset).toBe(0);
  });

  test('counts no brackets that stand in strings', () => {
    const manifest = minimalManifest({ annotations: { 'example.com/a': '[[[[[[[[[[ \\" {{{{{{{{{{' } });
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
  });
});

describe('each field', () => {
  const full = fullManifest();

  test.each<[string, unknown[]]>([
    ['formatVersion', [undefined, 0, '1', null, 1.5]],
    ['name', [undefined, '', 'a b', '-a', 'a'.repeat(65), 1, 'a/b']],
    ['version', [undefined, '1.2', 'v1.2.3', '01.2.3', `1.2.3-${'a'.repeat(60)}`]],
    ['securityCounter', [undefined, -1, 4294967296, 1.5, '0', null]],
    ['target', [undefined, null, 'lamp', {}, []]],
    ['target.product', [undefined, '', '*', 'lamp\n', ' lamp', 'lamp*', 'l/p']],
    ['target.vendor', ['', ' x', 'x ', 'a\tb', 'x'.repeat(1025), 7, 'a\u007f']],
    ['target.part', ['', 'a b', null]],
    ['target.hardware', [[], ['a', 'a'], [''], 'a', Array.from({ length: 33 }, (_, i) => `r${i}`)]],
    ['target.identifiers', [[], [{}], [{ type: 'mac', value: 'x' }], [{ type: 'usb-id', value: '' }]]],
    ['requires', [{}, { kernel: { min: '1' } }, []]],
    ['requires.bootloader', [{}, { min: '' }, { min: '1.2.3.4.5' }, { min: 2 }, { max: '1' }]],
    ['notAfter', ['2028-02-29', '2028-02-29T23:59:59+00:00', '2028-02-29T23:59:59.0Z', 'never', 0]],
    ['images', [undefined, [], {}, Array.from({ length: 17 }, (_, i) => minimalImage({ name: `i${i}` }))]],
    ['images.0.name', [undefined, '', 'App', '_a', '../a', 'a.b', 'a'.repeat(64)]],
    ['images.0.role', [undefined, '', 'App', 1, 'a b']],
    ['images.0.format', [undefined, '', 'RAW', null]],
    ['images.0.startAddress', ['0', '0x0', '0x0000000G', '0x0000000A', 0, '0x000000000']],
    ['images.0.sourceName', [undefined, '', 'a/b', 'a\\b', ' a', 'ä', 'a'.repeat(1025)]],
    ['images.0.sourceSize', [undefined, 0, 134217729, '4']],
    ['images.0.sourceSha256', [undefined, '', '1'.repeat(63), 'A'.repeat(64)]],
    ['images.0.size', [undefined, 0, -4, 134217732, 4.5]],
    ['images.0.alignment', [undefined, 0, 1, 2, 3, 8192, 12]],
    ['images.0.padByte', [undefined, 'ff', '0xFF', '0xfff', 255]],
    ['images.0.crc32', [undefined, '0', 0]],
    ['images.0.sha256', [undefined, '2'.repeat(65)]],
    ['images.0.deviceVersion', ['1.2.3', 1]],
    ['images.0.extra', ['x']],
    ['provenance', [{}, { buildId: '7' }]],
    ['provenance.sbom', ['none']],
    ['annotations', [{}, { key: 'x' }, { 'a.b/': 'x' }, { 'a/b': 'x' }, { 'A.b/c': 'x' }, { 'a.b/c': '' }]],
    ['annotations', [Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`a.b/k${i}`, 'x']))]],
    ['unknown', [null, true]],
  ])('%s has its grammar', async (path, values) => {
    for (const value of values) {
      const wrong = changed(full, path, value);
      const what = `${path} = ${JSON.stringify(value)}`.slice(0, 120);
      expect(await codeOf(() => encodeManifest(wrong as Manifest)), what).toBe('package.manifest-schema');
      const read = await codeOf(() => decodeManifest(written(wrong)));
      expect(['package.manifest-schema', 'package.manifest-form'], what).toContain(read);
    }
  });

  test('is named in the error', async () => {
    const facts = async (path: string, value: unknown) =>
      (await thrownBy(() => encodeManifest(changed(full, path, value) as Manifest))).facts.path;
    expect(await facts('images.1.size', 'x')).toBe('images[1].size');
    expect(await facts('target.product', 1)).toBe('target.product');
    expect(await facts('unknown', 1)).toBe('the manifest');
  });

  test('may be as large as it may be', () => {
    const manifest = minimalManifest({
      name: 'a'.repeat(64),
      version: `1.0.0-${'a'.repeat(58)}`,
      target: { product: 'p'.repeat(64), hardware: Array.from({ length: 32 }, (_, i) => `r${i}`) },
      images: Array.from({ length: 16 }, (_, i) =>
        minimalImage({ name: `i${i}`, startAddress: hex32(4 * i) }),
      ),
      annotations: Object.fromEntries(
        Array.from({ length: 32 }, (_, i) => [`a.b/k${i + 10}`, 'x'.repeat(1024)]),
      ),
    });
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
  });
});

describe('what only a later version can know', () => {
  test.each<[string, unknown, ErrorCode]>([
    ['formatVersion', 2, 'format.unsupported-version'],
    ['formatVersion', 1000, 'format.unsupported-version'],
    ['images.0.role', 'modem', 'format.unsupported-role'],
    ['images.1.format', 'zephyr-slot', 'format.unsupported-image-format'],
  ])('%s = %j is called so', async (path, value, code) => {
    expect(await codeOf(() => decodeManifest(written(changed(fullManifest(), path, value))))).toBe(code);
  });

  test('comes first for the version: whatever else the manifest holds', async () => {
    const later = { formatVersion: 2, novelty: [] };
    expect(await codeOf(() => decodeManifest(written(later)))).toBe('format.unsupported-version');
  });
});

const shortText = fc.stringMatching(/^[!-~]([ -~]{0,10}[!-~])?$/);
const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const anyManifest: fc.Arbitrary<Manifest> = fc
  .record({
    version: fc.constantFrom('0.0.0', '1.2.3-rc.1+a', '4294967295.0.1'),
    securityCounter: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    vendor: fc.option(shortText, { nil: undefined }),
    notAfter: fc.option(
      fc.date({ min: new Date(0), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true }),
      {
        nil: undefined,
      },
    ),
    requires: fc.option(fc.constantFrom({ bootloader: { min: '1.2' } }, { application: { below: '7' } }), {
      nil: undefined,
    }),
    annotations: fc.option(
      fc.dictionary(fc.stringMatching(/^[a-z]\.[a-z]\/[A-Z0-9]{1,3}$/), shortText, {
        minKeys: 1,
        maxKeys: 5,
      }),
      {
        nil: undefined,
      },
    ),
    images: fc.array(fc.record({ words: fc.integer({ min: 1, max: 1000 }), sha: hash, crc: fc.nat() }), {
      minLength: 1,
      maxLength: 16,
    }),
  })
  .map(({ version, securityCounter, vendor, notAfter, requires, annotations, images }) => ({
    ...minimalManifest({
      version,
      securityCounter,
      images: images.map(({ words, sha, crc }, i) =>
        minimalImage({
          name: `image-${i}`,
          startAddress: hex32(i * 0x1000),
          sourceSize: 4 * words,
          size: 4 * words,
          sha256: sha,
          sourceSha256: sha,
          crc32: hex32(crc),
        }),
      ),
    }),
    target: vendor === undefined ? { product: 'lamp' } : { product: 'lamp', vendor },
    ...(notAfter === undefined ? {} : { notAfter: `${notAfter.toISOString().slice(0, 19)}Z` }),
    ...(requires === undefined ? {} : { requires }),
    ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
  }));

describe('for all manifests', () => {
  test('decoding undoes encoding, and there is one form', () => {
    fc.assert(
      fc.property(anyManifest, (manifest) => {
        const bytes = encodeManifest(manifest);
        const again = decodeManifest(bytes);
        expect(again).toEqual(manifest);
        expect(encodeManifest(again)).toEqual(bytes);
      }),
    );
  });

  test('bytes that are none end in a refusal, and what is accepted is in its one form', () => {
    const mutated = fc.tuple(anyManifest, fc.nat(), fc.nat(255)).map(([m, at, byte]) => {
      const bytes = encodeManifest(m);
      bytes[at % bytes.length] = byte;
      return bytes;
    });
    const json = fc.json({ maxDepth: 4 }).map((s) => utf8(s));
    const any = fc.uint8Array({ maxLength: 300 }).map((b) => Uint8Array.from(b));
    fc.assert(
      fc.property(fc.oneof(mutated, json, any), (bytes) => {
        const manifest = valueOrRefusal(() => decodeManifest(bytes));
        if (manifest !== undefined) expect(encodeManifest(manifest)).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });
});
