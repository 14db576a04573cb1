import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBase64, toHex, utf8 } from '../../src/core/bytes.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import { MAX_DENIED_PACKAGES, MAX_TRUST_KEYS, MAX_TRUST_RULES } from '../../src/format/limits.ts';
import { assertTrustFile, TRUST_REQUIRABLE, type TrustFileDocument } from '../../src/format/trust-file.ts';
import {
  decodeTrustFile,
  encodeTrustFile,
  loadTrustFile,
  TRUST_FILE_KEY_ORDER,
} from '../../src/format/trust-file-load.ts';
import { thrownBy } from '../support/codes.ts';
import { expectValid } from '../support/schema.ts';
import { base64Of, fullDocument } from './trust-file-fixture.ts';

const text = (document: TrustFileDocument) => new TextDecoder().decode(encodeTrustFile(document));

/** The full document with one thing in it changed; `at` as in `rules/0/threshold`, `undefined` removes. */
function changed(at: string, value: unknown): unknown {
  const document = structuredClone(fullDocument());
  const keys = at.split('/');
  const last = keys.pop() as string;
  let place = document as unknown as Record<string, unknown>;
  for (const key of keys) place = place[key] as Record<string, unknown>;
  if (value === undefined) delete place[last];
  else place[last] = value;
  return document;
}

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/trust-file-v1.schema.json', import.meta.url), 'utf8'),
);

describe('a trust file is loaded', () => {
  test('with all its keys and rules, by name and by product', async () => {
    const file = await loadTrustFile(fullDocument());
    expectValid('trust-file-v1', file.document);
    expect([...file.keys.keys()].sort()).toEqual(['builder', 'release-a', 'release-b', 'root-1', 'root-2']);
    expect(file.keys.get('release-b')).toMatchObject({
      name: 'release-b',
      notBeforeMs: Date.UTC(2024, 0, 1),
      notAfterMs: Date.UTC(2029, 0, 1),
      revoked: false,
    });
    expect(file.rules.get('thermo')?.threshold).toBe(2);
    expect(file.rules.get('Thermo')).toBeUndefined();
    expect(file.deniedPackages.has('ab'.repeat(32))).toBe(true);
    expect(file.notAfterMs).toBe(Date.UTC(2030, 0, 1));
    expect(file.digest).toBe(toHex(await sha256(encodeTrustFile(file.document))));
  });

  test('as a copy that nobody can change', async () => {
    const document = fullDocument();
    const file = await loadTrustFile(document);
    document.rules[0]?.signers.push('builder');
    expect(file.rules.get('thermo')?.signers).toEqual(['release-a', 'release-b']);
    expect(() => file.document.rules[0]?.signers.push('builder')).toThrow(TypeError);
    expect(() => Object.assign(file, { notAfterMs: 0 })).toThrow(TypeError);
    expect(() => Object.assign(file.keys.get('builder') as object, { revoked: true })).toThrow(TypeError);
    for (const map of [file.keys, file.rules]) {
      expect(() => Map.prototype.set.call(map, 'other', {})).toThrow(TypeError);
      expect(() => Object.assign(map, { get: () => undefined })).toThrow(TypeError);
    }
    expect(() => Set.prototype.delete.call(file.deniedPackages, 'ab'.repeat(32))).toThrow(TypeError);
  });

  test('and an object that only looks like one is none', async () => {
    const file = await loadTrustFile(fullDocument());
    expect(() => assertTrustFile(file)).not.toThrow();
    for (const other of [{ ...file }, Object.create(file), JSON.parse(JSON.stringify(file))]) {
      expect(() => assertTrustFile(other)).toThrow(TypeError);
    }
  });

  test('with names that every object has anyway, which are names like any other', async () => {
    const document = fullDocument({
      keys: { constructor: { publicKey: base64Of(0) } },
      rules: [{ product: 'toString', signers: ['constructor'], threshold: 1 }],
      trustRole: undefined,
      attesters: undefined,
    });
    const file = await loadTrustFile(document);
    expect(file.keys.has('constructor')).toBe(true);
    expect(file.keys.has('toString')).toBe(false);
    expect(file.rules.has('valueOf')).toBe(false);
    expect((await decodeTrustFile(encodeTrustFile(file.document))).digest).toBe(file.digest);
  });
});

/** RFC 8032, section 7.1, test 1. */
const TEST_KEY = 'MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';
const SMALL_ORDER = `MCowBQYDK2VwAyEAAQ${'A'.repeat(41)}=`;
const many = (count: number) => Array.from({ length: count }, (_, i) => i);

/**
 * Every way in which a trust file is refused; the place in the full document, what is put there, the code, and the path
 * in the facts where it is not that place.
 */
const REFUSED: readonly [at: string, value: unknown, code: ErrorCode, path?: string][] = [
  ['formatVersion', 2, 'trust.file-unsupported-version'],
  ['formatVersion', 0, 'trust.file-invalid'],
  ['formatVersion', undefined, 'trust.file-invalid'],
  ['version', 0, 'trust.file-invalid'],
  ['version', 2 ** 32, 'trust.file-invalid'],
  ['version', 1.5, 'trust.file-invalid'],
  ['version', '7', 'trust.file-invalid'],
  ['keys', {}, 'trust.file-invalid'],
  ['keys', [], 'trust.file-invalid'],
  ['rules', [], 'trust.file-invalid'],
  ['rules', null, 'trust.file-invalid'],
  ['trustRole', null, 'trust.file-invalid'],
  ['extra', 1, 'trust.file-unknown-field'],
  ['rules/0/treshold', 1, 'trust.file-unknown-field'],
  ['keys/builder/revokd', true, 'trust.file-unknown-field'],
  ['keys/2key', { publicKey: base64Of(5) }, 'trust.file-invalid', 'keys'],
  ['keys/ö', { publicKey: base64Of(5) }, 'trust.file-invalid', 'keys'],
  ['notAfter', '2030-02-30T00:00:00Z', 'trust.file-time'],
  ['notAfter', '2030-01-01T24:00:00Z', 'trust.file-time'],
  ['notAfter', '2030-01-01', 'trust.file-time'],
  ['notAfter', '2030-01-01T00:00:00+01:00', 'trust.file-time'],
  ['keys/builder/notBefore', '2029-02-29T00:00:00Z', 'trust.file-time'],
  ['keys/builder/notAfter', '2029-02-28T23:59:60Z', 'trust.file-time'],
  ['keys/release-b/notAfter', '2024-01-01T00:00:00Z', 'trust.file-validity', 'keys.release-b'],
  ['keys/release-b/notAfter', '2023-01-01T00:00:00Z', 'trust.file-validity', 'keys.release-b'],
  ['keys/release-b/publicKey', base64Of(0), 'trust.file-key-twice', 'keys.release-a'],
  ['keys/builder/publicKey', TEST_KEY, 'trust.test-key'],
  ['keys/builder/publicKey', SMALL_ORDER, 'trust.key-weak'],
  ['keys/builder/publicKey', `${base64Of(2)}\n`, 'trust.key-encoding'],
  ['keys/builder/publicKey', base64Of(2).replace(/=$/, ''), 'trust.key-encoding'],
  ['keys/builder/publicKey', 'AAAA', 'trust.key-encoding'],
  ['rules/0/signers', [], 'trust.file-no-signers'],
  ['trustRole/signers', [], 'trust.file-no-signers'],
  ['attesters', [], 'trust.file-no-signers'],
  ['rules/0/signers', ['release-a', 'release-a'], 'trust.file-signer-twice'],
  ['trustRole/signers', ['root-1', 'root-1'], 'trust.file-signer-twice'],
  ['attesters', ['builder', 'builder'], 'trust.file-signer-twice'],
  ['rules/0/signers', ['release-a', 'release-c'], 'trust.file-unknown-name', 'rules[0].signers[1]'],
  ['rules/0/signers', ['release-a', 'toString'], 'trust.file-unknown-name', 'rules[0].signers[1]'],
  ['trustRole/signers', ['root-3'], 'trust.file-unknown-name', 'trustRole.signers[0]'],
  ['attesters', ['build'], 'trust.file-unknown-name', 'attesters[0]'],
  ['rules/0/threshold', 0, 'trust.file-threshold'],
  ['rules/0/threshold', -1, 'trust.file-threshold'],
  ['rules/0/threshold', 3, 'trust.file-threshold'],
  ['rules/0/threshold', 1000, 'trust.file-threshold'],
  ['rules/0/threshold', 1.5, 'trust.file-invalid'],
  ['trustRole/threshold', 0, 'trust.file-threshold'],
  ['trustRole/threshold', 3, 'trust.file-threshold'],
  ['rules/1/product', 'thermo', 'trust.file-product-twice', 'rules[1]'],
  ['rules/1/product', '*', 'trust.file-invalid'],
  ['trustRole/signers', ['root-1', 'release-a'], 'trust.file-key-roles'],
  ['trustRole/signers', ['root-1', 'builder'], 'trust.file-key-roles'],
  ['rules/1/signers', ['root-2'], 'trust.file-key-roles', 'trustRole.signers'],
  ['rules/0/minimumVersion', 1.1, 'trust.file-version-not-quoted'],
  ['rules/0/minimumVersion', '1.2', 'trust.file-minimum-version'],
  ['rules/0/minimumVersion', '1.2.4294967296', 'trust.file-minimum-version'],
  ['rules/0/minimumVersion', null, 'trust.file-invalid'],
  ['rules/0/minimumSecurityCounter', -1, 'trust.file-invalid'],
  ['rules/0/requireHardware', 'yes', 'trust.file-invalid'],
  ['rules/0/require', ['target', 'target'], 'trust.file-invalid'],
  ['rules/0/require', ['identifiers'], 'trust.file-invalid', 'rules[0].require[0]'],
  ['deniedPackages', [], 'trust.file-invalid'],
  ['deniedPackages', ['AB'.repeat(32)], 'trust.file-invalid', 'deniedPackages[0]'],
  ['rules', many(MAX_TRUST_RULES + 1), 'trust.file-limit'],
  ['keys', Object.fromEntries(many(MAX_TRUST_KEYS + 1).map((i) => [`k${i}`, {}])), 'trust.file-limit'],
  ['deniedPackages', many(MAX_DENIED_PACKAGES + 1), 'trust.file-limit'],
  ['rules/0/signers', many(MAX_TRUST_KEYS + 1), 'trust.file-limit'],
];

describe('a trust file is refused', () => {
  test.each(REFUSED)('%s: %j is %s', async (at, value, code, path) => {
    const error = await thrownBy(() => loadTrustFile(changed(at, value)));
    expect(error.code).toBe(code);
    expect(error.exit).toBe(code === 'trust.test-key' ? 4 : 2);
    const place = path ?? at.replace(/\/(\d+)/g, '[$1]').replaceAll('/', '.');
    expect(error.facts).toMatchObject(
      code === 'trust.file-unsupported-version' ? { [at]: value } : { path: place },
    );
  });

  test('when it is no mapping, or nothing that JSON can hold', async () => {
    const circle: unknown[] = [];
    circle.push(circle);
    for (const value of [null, undefined, 'x', 7, [], () => 1, circle, 1n]) {
      expect((await thrownBy(() => loadTrustFile(value))).code).toBe('trust.file-invalid');
    }
  });

  test('with a key called __proto__, which changes nothing else', async () => {
    const json = JSON.stringify(fullDocument()).replace('"builder":', '"__proto__":');
    const error = await thrownBy(() => loadTrustFile(JSON.parse(json)));
    expect(error.code).toBe('trust.file-invalid');
    expect(error.message).toContain('"__proto__"');
  });

  test('with words that say what was meant', async () => {
    const message = async (at: string, value: unknown) =>
      (await thrownBy(() => loadTrustFile(changed(at, value)))).message;
    expect(await message('rules/0/minimumVersion', 'v1.2')).toContain('perhaps "1.2.0" is meant');
    expect(await message('rules/0/minimumVersion', 1.1)).toContain(
      'rules[0].minimumVersion is the bare number 1.1',
    );
    expect(await message('keys/builder/publicKey', TEST_KEY)).toContain('keys.builder.publicKey');
    expect(await message('keys/release-b/publicKey', base64Of(0))).toMatch(
      /keys\.release-[ab] and keys\.release-[ab]/,
    );
    expect(await message('notAfter', '\u001b[2J')).not.toContain('\u001b');
    for (const secret of ['MC4CAQAwBQYDK2VwBCIEIK', 'S'.repeat(1200)]) {
      expect(await message('keys/builder/publicKey', secret)).not.toContain(secret.slice(0, 12));
    }
  });
});

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._+-]{0,8}$/);
const time = fc
  .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => `${date.toISOString().slice(0, 19)}Z`);
const uint32 = fc.integer({ min: 1, max: 2 ** 32 - 1 });

/** Any trust file that is sound: its keys are those of the fixture, under any names. */
const document: fc.Arbitrary<TrustFileDocument> = fc
  .record({
    version: uint32,
    notAfter: time,
    names: fc.uniqueArray(name, { minLength: 2, maxLength: 6 }),
    products: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
    counter: fc.option(uint32, { nil: undefined }),
    minimumVersion: fc.constantFrom(undefined, '0.0.0', '1.2.3-rc.1+b'),
    hardware: fc.constantFrom(undefined, true, false),
    require: fc.option(fc.uniqueArray(fc.constantFrom(...TRUST_REQUIRABLE), { minLength: 1 }), {
      nil: undefined,
    }),
    notBefore: fc.option(time, { nil: undefined }),
    role: fc.boolean(),
  })
  .map(
    ({ version, notAfter, names, products, counter, minimumVersion, hardware, require, notBefore, role }) => {
      const [root, ...signers] = names as [string, ...string[]];
      const rule = { signers, threshold: signers.length, minimumVersion, minimumSecurityCounter: counter };
      return {
        formatVersion: 1,
        rules: products.map((product) => ({ requireHardware: hardware, require, product, ...rule })),
        keys: Object.fromEntries(names.map((n, i) => [n, { notBefore, publicKey: base64Of(i) }])),
        version,
        notAfter,
        ...(role ? { trustRole: { threshold: 1, signers: [root] }, attesters: signers } : {}),
      } as TrustFileDocument;
    },
  );

describe('canonical JSON', () => {
  test('has one form for a document, whatever the order it came in, and reads back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(document, async (written) => {
        const file = await loadTrustFile(written);
        const bytes = encodeTrustFile(file.document);
        const again = await decodeTrustFile(bytes);
        expect(again.document).toEqual(file.document);
        expect(again.digest).toBe(file.digest);
        const reversed = Object.fromEntries(
          Object.entries(written).reverse(),
        ) as unknown as TrustFileDocument;
        expect(encodeTrustFile((await loadTrustFile(reversed)).document)).toEqual(bytes);
        expectValid('trust-file-v1', JSON.parse(text(file.document)));
        expect(Object.keys(again.document.keys)).toEqual(Object.keys(written.keys).sort());
      }),
      { numRuns: 25 },
    );
  });

  test('has the keys of each object in the order of the schema', () => {
    const { trustRole } = schema.properties;
    expect(TRUST_FILE_KEY_ORDER).toEqual({
      trustFile: Object.keys(schema.properties),
      key: Object.keys(schema.$defs.key.properties),
      rule: Object.keys(schema.$defs.rule.properties),
      trustRole: Object.keys(trustRole.properties),
    });
  });

  test('is the only form in which a signed trust file is taken', async () => {
    const canonical = text(fullDocument());
    const others: [string, ErrorCode][] = [
      [canonical.trimEnd(), 'trust.file-form'],
      [`${canonical}\n`, 'trust.file-form'],
      [`\ufeff${canonical}`, 'trust.file-form'],
      [JSON.stringify(JSON.parse(canonical)), 'trust.file-form'],
      [canonical.replaceAll('\n', '\r\n'), 'trust.file-form'],
      [canonical.replace('"version": 7', '"version": 7.0'), 'trust.file-form'],
      [canonical.replace('"version": 7', '"version": 1, "version": 7'), 'trust.file-form'],
      [canonical.replace('"valve"', '"\\u0076alve"'), 'trust.file-form'],
      [canonical.replace('{', '{"__proto__": {},'), 'trust.file-unknown-field'],
      [`${'['.repeat(9)}${']'.repeat(9)}`, 'trust.file-limit'],
      ['formatVersion: 1\n', 'trust.file-form'],
      [' '.repeat(1024 * 1024 + 1), 'trust.file-limit'],
      ['', 'trust.file-form'],
    ];
    for (const [other, code] of others) {
      expect((await thrownBy(() => decodeTrustFile(utf8(other)))).code, other.slice(0, 40)).toBe(code);
    }
  });

  test('of a file that would be over 1 MiB is not made', async () => {
    const signers = many(MAX_TRUST_KEYS).map((i) => `${'n'.repeat(60)}${i}`);
    const big = fullDocument({ rules: many(64).map((i) => ({ product: `p${i}`, signers, threshold: 1 })) });
    expect((await thrownBy(() => encodeTrustFile(big))).code).toBe('trust.file-limit');
  });

  test('changed at any place is another file or none', async () => {
    const file = await loadTrustFile(fullDocument());
    const bytes = encodeTrustFile(file.document);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const other = bytes.slice();
        other[at] = (other[at] as number) ^ flip;
        const read = await decodeTrustFile(other).catch((error) => thrownBy(() => Promise.reject(error)));
        if ('digest' in read) expect(read.digest).not.toBe(file.digest);
        else expect(read.exit).toBe(2);
      }),
      { numRuns: 60 },
    );
  });
});

test.each([
  [
    'threshold',
    'treshold',
    'there is no field rules[0].treshold in a trust file; perhaps threshold is meant',
  ],
  ['rules', 'rule', 'there is no field rule in a trust file; perhaps rules is meant'],
  ['publicKey', 'pem', 'there is no field keys.release-b.pem in a trust file'],
])('%s written as %s: what stands there is named, not what is missing', async (right, wrong, message) => {
  const json = JSON.stringify(fullDocument()).replace(`"${right}"`, `"${wrong}"`);
  const error = await thrownBy(() => loadTrustFile(JSON.parse(json)));
  expect(error).toMatchObject({ code: 'trust.file-unknown-field', message });
});

describe('a private key in a place where no key belongs', () => {
  const secret = toBase64(Uint8Array.from({ length: 48 }, (_, i) => i * 5));
  test.each<[string, (document: TrustFileDocument) => unknown]>([
    ['as a key', (document) => ({ ...document, keys: { ...document.keys, builder: secret } })],
    [
      'as a short key',
      (document) => ({ ...document, keys: { ...document.keys, builder: secret.slice(0, 20) } }),
    ],
    ['as the name of a key', (document) => ({ ...document, keys: { ...document.keys, [`${secret}=`]: {} } })],
    ['as the keys', (document) => ({ ...document, keys: secret })],
    ['as a signer', (document) => ({ ...document, attesters: [secret.replaceAll('/', '-')] })],
    [
      'as a product',
      (document) => ({ ...document, rules: [{ ...document.rules[0], product: `${secret} ` }] }),
    ],
    ['as a time', (document) => ({ ...document, notAfter: secret })],
    [
      'as a version',
      (document) => ({ ...document, rules: [{ ...document.rules[0], minimumVersion: secret }] }),
    ],
  ])('%s is not shown', async (_, misplaced) => {
    const error = await thrownBy(() => loadTrustFile(misplaced(fullDocument())));
    expect(error.code).toMatch(/^trust\.file-/);
    expect(JSON.stringify([error.message, error.facts])).not.toContain(secret.slice(0, 12));
  });
});
