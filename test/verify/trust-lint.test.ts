import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { TrustFileDocument } from '../../src/format/trust-file.ts';
import { loadTrustFile } from '../../src/format/trust-file-load.ts';
import { lintTrustFile, TRUST_LINT, type TrustLintCode } from '../../src/verify/trust-lint.ts';
import { base64Of } from '../format/trust-file-fixture.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const AT = Date.UTC(2027, 0, 1);
const inDays = (days: number) => new Date(AT + days * DAY_MS).toISOString().replace('.000Z', 'Z');

/** A trust file that there is nothing to say against. */
function sound(): Required<TrustFileDocument> {
  return {
    formatVersion: 1,
    version: 1,
    notAfter: inDays(400),
    keys: {
      a: { publicKey: base64Of(0) },
      b: { publicKey: base64Of(1) },
      builder: { publicKey: base64Of(2) },
      root1: { publicKey: base64Of(3) },
      root2: { publicKey: base64Of(4) },
    },
    rules: [{ product: 'thermo', signers: ['a', 'b'], threshold: 2, require: ['attestation'] }],
    trustRole: { signers: ['root1', 'root2'], threshold: 2 },
    attesters: ['builder'],
    deniedPackages: ['ab'.repeat(32)],
  };
}

type Change = (document: Required<TrustFileDocument>) => unknown;
const key = (name: string, more: object) => (document: TrustFileDocument) =>
  Object.assign(document.keys[name] as object, more);

async function lint(change: Change, withinDays = 30) {
  const document = sound();
  change(document);
  return lintTrustFile(await loadTrustFile(document), { atMs: AT, withinMs: withinDays * DAY_MS });
}

const CASES: readonly [string, Change, readonly TrustLintCode[]][] = [
  ['nothing', () => {}, []],
  ['a file that expires now', (d) => Object.assign(d, { notAfter: inDays(0) }), ['file-expired']],
  ['one that expires in 30 days', (d) => Object.assign(d, { notAfter: inDays(30) }), ['file-expires-soon']],
  ['one that expires in 31', (d) => Object.assign(d, { notAfter: inDays(31) }), []],
  ['a signer that expired', key('a', { notAfter: inDays(0) }), ['threshold-unreachable', 'key-expired']],
  ['one that will', key('a', { notAfter: inDays(3) }), ['key-expires-soon', 'threshold-soon-unreachable']],
  ['one that will in time', key('a', { notAfter: inDays(31) }), []],
  ['one not yet valid', key('a', { notBefore: inDays(1) }), ['threshold-unreachable', 'key-not-yet-valid']],
  ['one that is revoked', key('a', { revoked: true }), ['threshold-unreachable', 'key-revoked-in-use']],
  ['a revoked root', key('root1', { revoked: true }), ['threshold-unreachable', 'key-revoked-in-use']],
  ['a revoked attester', key('builder', { revoked: true }), ['attestation-impossible', 'key-revoked-in-use']],
  [
    'a revoked signer that another stands in for',
    (d) => {
      key('a', { revoked: true })(d);
      Object.assign(d.rules[0] as object, { threshold: 1 });
    },
    ['key-revoked-in-use'],
  ],
  [
    'an attestation that is asked for, and no attester',
    (d) => {
      delete (d as Partial<TrustFileDocument>).attesters;
      delete d.keys.builder;
    },
    ['attestation-impossible'],
  ],
  [
    'no trustRole',
    (d) => {
      delete (d as Partial<TrustFileDocument>).trustRole;
      delete d.keys.root1;
      delete d.keys.root2;
    },
    ['trust-role-missing'],
  ],
  [
    'a trustRole weaker than a rule',
    (d) => Object.assign(d.trustRole, { threshold: 1 }),
    ['trust-role-weaker'],
  ],
  [
    'a key that nothing uses',
    (d) => Object.assign(d.keys, { f: { publicKey: base64Of(5) } }),
    ['key-unused'],
  ],
  [
    'one that is revoked, and stays written down',
    (d) => Object.assign(d.keys, { f: { publicKey: base64Of(5), revoked: true } }),
    [],
  ],
  ['a signer that attests too', (d) => d.attesters.push('a'), ['key-two-roles']],
];

describe('trust check', () => {
  test.each(CASES)('tells of %s', async (_, change, codes) => {
    const findings = await lint(change);
    expect(findings.map(({ code }) => code)).toEqual(codes);
    for (const { code, severity } of findings) expect(severity).toBe(TRUST_LINT[code]);
  });

  test('tells of two that expire one after the other when the threshold falls, not before', async () => {
    const two: Change = (document) => {
      Object.assign(document.rules[0] as object, { threshold: 1 });
      key('a', { notAfter: inDays(5) })(document);
      key('b', { notAfter: inDays(9) })(document);
    };
    const soon = (await lint(two)).find(({ code }) => code === 'threshold-soon-unreachable');
    expect(soon?.path).toBe('rules[0].threshold');
    expect(soon?.message).toContain('in 9 days');
    expect((await lint(two, 8)).map(({ code }) => code)).toEqual(['key-expires-soon']);
  });

  test.each<[string, Change, string]>([
    [
      'where a revoked key is still listed',
      (d) => {
        key('a', { revoked: true })(d);
        d.attesters.push('a');
      },
      'revoked, and still listed in rules[0], attesters, where it never counts',
    ],
    [
      'when a key expired',
      key('a', { notAfter: '2026-12-01T00:00:00Z' }),
      'expired at 2026-12-01T00:00:00Z: it counts no more',
    ],
    [
      'from when on one counts',
      key('a', { notBefore: '2027-02-01T00:00:00Z' }),
      'counts from 2027-02-01T00:00:00Z on',
    ],
    [
      'that the file ends within a day',
      (d) => Object.assign(d, { notAfter: '2027-01-01T23:59:59Z' }),
      'expires at 2027-01-01T23:59:59Z, in less than a day',
    ],
    [
      'how many still can sign',
      key('a', { revoked: true }),
      'product thermo needs 2 signatures, and 1 of 2 signers can count',
    ],
    [
      'how many can from when on',
      key('a', { notAfter: '2027-01-03T00:00:00Z' }),
      'product thermo needs 2 signatures; from 2027-01-03T00:00:00Z on, in 2 days, only 1 can count',
    ],
    [
      'the strictest rule that a weaker trustRole can change',
      (d) => {
        d.rules.unshift({ product: 'pump', signers: ['a'], threshold: 1 });
        Object.assign(d.trustRole, { threshold: 1 });
      },
      '1 can change rules that ask for 2: the weaker number decides',
    ],
  ])('says %s', async (_, change, message) => {
    expect((await lint(change)).map((finding) => finding.message)).toContain(message);
  });

  test('of an attester that nobody can be names only the rules that demand one', async () => {
    const findings = await lint((d) => {
      key('builder', { revoked: true })(d);
      d.rules.push({ product: 'pump', signers: ['a', 'b'], threshold: 2 });
    });
    const impossible = findings.filter(({ code }) => code === 'attestation-impossible');
    expect(impossible.map(({ path }) => path)).toEqual(['rules[0].require']);
  });

  test('tells of the first of several moments at which the threshold falls, in any order of the signers', async () => {
    const three: Change = (document) => {
      document.keys.c = { publicKey: base64Of(5), notAfter: inDays(2) };
      document.rules[0] = { product: 'thermo', signers: ['a', 'b', 'c'], threshold: 2 };
      key('a', { notAfter: inDays(30) })(document);
      key('b', { notAfter: inDays(7) })(document);
      document.attesters = ['builder'];
    };
    const soon = (await lint(three)).find(({ code }) => code === 'threshold-soon-unreachable');
    expect(soon?.message).toContain('in 7 days, only 1 can count');
    expect((await lint(three, 7)).map(({ code }) => code)).toContain('threshold-soon-unreachable');
  });

  test('has a case for every code, and the schema knows all', () => {
    const schema = JSON.parse(
      readFileSync(new URL('../../schemas/trust-check-v1.schema.json', import.meta.url), 'utf8'),
    );
    const all = Object.keys(TRUST_LINT).sort();
    expect([...schema.properties.findings.items.properties.code.enum].sort()).toEqual(all);
    expect([...new Set(CASES.flatMap(([, , codes]) => codes))].sort()).toEqual(all);
  });

  test('judges loaded trust files alone, at a time', async () => {
    const file = await loadTrustFile(sound());
    expect(() => lintTrustFile({ ...file }, { atMs: AT, withinMs: 0 })).toThrow(TypeError);
    expect(() => lintTrustFile(file, { atMs: Number.NaN, withinMs: 0 })).toThrow(TypeError);
    expect(() => lintTrustFile(file, { atMs: AT, withinMs: -1 })).toThrow(TypeError);
    expect(lintTrustFile(file, { atMs: AT, withinMs: 0 })).toEqual([]);
  });
});
