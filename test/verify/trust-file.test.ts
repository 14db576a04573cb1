import { describe, expect, test } from 'vitest';
import { toBase64 } from '../../src/core/bytes.ts';
import type { Facts } from '../../src/core/errors.ts';
import { publicKeyDer } from '../../src/crypto/public-key.ts';
import type { Manifest } from '../../src/format/manifest.ts';
import type { TrustFileDocument, TrustFileKey, TrustFileRule } from '../../src/format/trust-file.ts';
import { loadTrustFile } from '../../src/format/trust-file-load.ts';
import type { VerifyOptions } from '../../src/verify/options.ts';
import { renderText } from '../../src/verify/render/text.ts';
import type { VerifyReport } from '../../src/verify/report.ts';
import { verifyPackage } from '../../src/verify/verify.ts';
import { expectValid } from '../support/schema.ts';
import { AT, outcomeOf, samplePackage, type TestKey, testKey } from './fixture.ts';

const [alice, bob, carol, root, stranger] = (await Promise.all([1, 2, 3, 4, 5].map(testKey))) as [
  TestKey,
  TestKey,
  TestKey,
  TestKey,
  TestKey,
];
const PRODUCT = 'acme-thermo';

interface Setting {
  keys?: Record<string, Partial<TrustFileKey>>;
  rule?: Partial<TrustFileRule>;
  file?: Partial<TrustFileDocument>;
  signed?: readonly TestKey[];
  manifest?: Partial<Manifest>;
  options?: Partial<VerifyOptions>;
}

/** The judgement by a file of three signers, of whom two are needed, and a root that signs no packages. */
async function judge(setting: Setting = {}): Promise<VerifyReport> {
  const { keys = {}, rule = {}, file = {}, signed = [alice, bob], manifest = {}, options = {} } = setting;
  const entry = (name: string, { public: key }: TestKey): [string, TrustFileKey] => [
    name,
    { publicKey: toBase64(publicKeyDer(key)), ...keys[name] },
  ];
  const trustFile = await loadTrustFile({
    formatVersion: 1,
    version: 7,
    notAfter: '2027-01-01T00:00:00Z',
    keys: Object.fromEntries([
      entry('alice', alice),
      entry('bob', bob),
      entry('carol', carol),
      entry('root', root),
    ]),
    rules: [{ product: PRODUCT, signers: ['alice', 'bob', 'carol'], threshold: 2, ...rule }],
    trustRole: { signers: ['root'], threshold: 1 },
    ...file,
  });
  const bytes = await samplePackage({ keys: signed, manifest });
  const { report, verified } = await verifyPackage(
    bytes,
    { kind: 'file', file: trustFile },
    { at: AT, ...options },
  );
  expect(verified !== undefined).toBe(report.verdict === 'trusted');
  return report;
}

describe('the threshold', () => {
  test('enough distinct signers: trusted, and the report says who counted', async () => {
    const report = await judge();
    expect(report).toMatchObject({ verdict: 'trusted', exit: 0 });
    expect(report.trust).toEqual({
      kind: 'file',
      version: 7,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      rule: { product: PRODUCT, threshold: 2, signers: ['alice', 'bob', 'carol'] },
    });
    expect(report.signatures?.map(({ name, weight }) => `${name} ${weight}`).sort()).toEqual([
      'alice counts',
      'bob counts',
    ]);
  });

  const rule = { product: PRODUCT, threshold: 2 };
  test.each<[string, Setting, string, number, Facts]>([
    ['one of two', { signed: [alice] }, 'trust.threshold', 4, { ...rule, signed: 1 }],
    ['one and a stranger', { signed: [alice, stranger] }, 'trust.threshold', 4, { ...rule, signed: 1 }],
    [
      'one and the root, which signs no packages',
      { signed: [alice, root] },
      'trust.threshold',
      4,
      { ...rule, signed: 1 },
    ],
    ['only a stranger', { signed: [stranger] }, 'trust.no-trusted-signature', 4, { signatures: 1 }],
    [
      'one and one of another rule',
      { rule: { signers: ['alice', 'bob'] }, signed: [alice, carol] },
      'trust.threshold',
      4,
      { ...rule, signed: 1 },
    ],
    ['nobody', { signed: [] }, 'trust.unsigned', 4, {}],
    ['another product', { rule: { product: 'acme-thermO' } }, 'trust.no-rule', 4, { product: PRODUCT }],
    ['one revoked', { keys: { bob: { revoked: true } } }, 'trust.key-revoked', 5, { ...rule, valid: 1 }],
    ['one expired', { keys: { bob: { notAfter: AT } } }, 'trust.key-expired', 5, { ...rule, valid: 1 }],
    [
      'one of tomorrow',
      { keys: { bob: { notBefore: '2026-06-01T00:00:01Z' } } },
      'trust.key-not-yet-valid',
      5,
      { ...rule, valid: 1 },
    ],
    [
      'one revoked, too few anyhow',
      { signed: [bob], keys: { bob: { revoked: true } } },
      'trust.threshold',
      4,
      { ...rule, signed: 1 },
    ],
    [
      'both revoked',
      { keys: { alice: { revoked: true }, bob: { revoked: true } } },
      'trust.key-revoked',
      5,
      { ...rule, valid: 0 },
    ],
  ])('%s', async (_, setting, code, exit, facts) => {
    const report = await judge(setting);
    expect(report).toMatchObject({ code, exit, warnings: [] });
    expect(report.checks.find(({ status }) => status === 'fail')?.facts).toStrictEqual(facts);
    expectValidReport(report);
  });

  test('keys that lost their standing are named, what can never be mended first', async () => {
    const keys = { alice: { notAfter: AT }, bob: { revoked: true }, carol: { revoked: true } };
    const report = await judge({ signed: [alice, bob, carol], keys });
    expect(report.checks.find(({ id }) => id === 'trust.validity')?.message).toMatch(
      /needs 2 signatures by valid keys and has 0: (bob, carol|carol, bob) revoked$/,
    );
  });

  test('a revoked one beside enough others does no harm', async () => {
    const report = await judge({ signed: [alice, bob, carol], keys: { carol: { revoked: true } } });
    expect(report.verdict).toBe('trusted');
    expect(report.signatures?.find(({ name }) => name === 'carol')?.weight).toBe('revoked');
  });

  test('the first and the last second of a key', async () => {
    const until = await judge({ keys: { bob: { notBefore: AT, notAfter: '2026-06-01T00:00:01Z' } } });
    expect(until.verdict).toBe('trusted');
  });

  test('enough good signatures, and one under the name of another trusted key that is not: refused', async () => {
    for (const forged of [carol, root]) {
      const impostor: TestKey = { ...forged, private: stranger.private };
      expect((await judge({ signed: [alice, bob, impostor] })).code).toBe('trust.signature-invalid');
    }
  });

  test('too few: the text names every signature, and why it does not count', async () => {
    const setting = { rule: { signers: ['alice', 'bob'] }, signed: [alice, carol, stranger] };
    const text = renderText(await judge(setting), 'f');
    expect(text).toContain('  judged by version 7 of the trust file, which asks for 2 of 2 signers\n');
    expect(text).toContain(`  signed by alice, key ${alice.public.keyId}\n`);
    expect(text).toContain(
      `  signed by carol, key ${carol.public.keyId}; it does not count: no signer of this product\n`,
    );
    expect(text).toContain(
      `  signed, as it says, by key ${stranger.public.keyId}; the trust file does not have it\n`,
    );
    const forged = { ...carol, private: stranger.private };
    expect(renderText(await judge({ signed: [alice, bob, forged] }), 'f')).toContain(
      `  not signed by key ${carol.public.keyId}: it does not verify\n`,
    );
    expect(renderText(await judge({ signed: [alice, bob, stranger] }), 'f')).toContain(
      '  1 other signature ignored: by keys that the trust file does not have\n',
    );
    const refused = renderText(await judge({ options: { device: { product: 'other' } } }), 'f');
    expect(refused).not.toContain('signed by');
  });

  test('a rule that failed leaves policy unjudged', async () => {
    const report = await judge({ signed: [alice] });
    expect(outcomeOf(report, 'trust.validity')).toBe('skipped');
    expect(outcomeOf(report, 'policy.expiry')).toBe('skipped');
  });
});

const { packageId = '' } = await judge();

describe('the policy of a rule', () => {
  const versions = { minimum: '1.2.1', found: '1.2.0' };
  test.each<[string, Setting, string, Facts]>([
    ['older than the minimum', { rule: { minimumVersion: '1.2.1' } }, 'policy.minimum-version', versions],
    [
      'older than the minimum, downgrades allowed',
      { rule: { minimumVersion: '1.2.1' }, options: { allowDowngrade: true } },
      'policy.minimum-version',
      versions,
    ],
    [
      'a counter below the minimum',
      { rule: { minimumSecurityCounter: 4 } },
      'policy.minimum-counter',
      { minimum: 4, found: 3 },
    ],
    [
      'no hardware named',
      { rule: { requireHardware: true } },
      'policy.hardware-missing',
      { product: PRODUCT },
    ],
    [
      'a required check that nobody can make',
      { rule: { require: ['version'] } },
      'policy.check-required',
      { check: 'version' },
    ],
    [
      'an attestation demanded and not given',
      { rule: { require: ['attestation'] } },
      'trust.attestation-missing',
      {},
    ],
    [
      'an attestation demanded by the operator',
      { options: { require: ['attestation'] } },
      'trust.attestation-missing',
      {},
    ],
    ['denied', { file: { deniedPackages: [packageId] } }, 'policy.denied', { found: packageId }],
  ])('%s', async (_, setting, code, facts) => {
    const report = await judge(setting);
    expect(report).toMatchObject({ verdict: 'refused', exit: 5, code });
    expect(report.checks.find(({ status }) => status === 'fail')?.facts).toStrictEqual(facts);
    expectValidReport(report);
  });

  test('a check that the trust file demands is told from one that the operator asks for', async () => {
    const demanded = await judge({ rule: { require: ['version'] } });
    expect(renderText(demanded, 'f')).toContain(
      'must be compared, as the trust file demands, and nobody told it',
    );
    const asked = await judge({ rule: { require: ['version'] }, options: { require: ['version'] } });
    expect(renderText(asked, 'f')).toContain('must be compared, and nobody told it');
  });

  test('exactly the minimum, the hardware named, the check made, another package denied: trusted', async () => {
    const report = await judge({
      rule: {
        minimumVersion: '1.2.0',
        minimumSecurityCounter: 3,
        requireHardware: true,
        require: ['version'],
      },
      file: { deniedPackages: ['0'.repeat(64)] },
      manifest: { target: { product: PRODUCT, hardware: ['A'] } },
      options: { device: { installedVersion: '1.0.0' } },
    });
    expect(report.verdict).toBe('trusted');
    for (const id of ['policy.denied', 'policy.minimum-version', 'policy.minimum-counter'] as const) {
      expect(outcomeOf(report, id)).toBe('pass');
    }
  });
});

describe('what can not be judged by', () => {
  test.each(['2027-01-01T00:00:00Z', '2030-01-01T00:00:00Z'])(
    'a trust file that has expired judges nothing (%s)',
    async (at) => {
      await expect(judge({ options: { at } })).rejects.toMatchObject({
        code: 'trust.file-expired',
        exit: 5,
        facts: { notAfter: '2027-01-01T00:00:00Z', version: 7 },
      });
    },
  );

  test('an object that only looks like a trust file', async () => {
    const file = await loadTrustFile({
      formatVersion: 1,
      version: 1,
      notAfter: '2027-01-01T00:00:00Z',
      keys: { alice: { publicKey: toBase64(publicKeyDer(alice.public)) } },
      rules: [{ product: PRODUCT, signers: ['alice'], threshold: 1 }],
    });
    const bytes = await samplePackage({ keys: [alice] });
    await expect(verifyPackage(bytes, { kind: 'file', file: { ...file } }, { at: AT })).rejects.toThrow(
      TypeError,
    );
  });

  test('an attestation without a trust file', async () => {
    const bytes = await samplePackage({ keys: [alice] });
    const call = verifyPackage(
      bytes,
      { kind: 'keys', keys: [alice.public] },
      { at: AT, attestation: new Uint8Array(2) },
    );
    await expect(call).rejects.toMatchObject({ code: 'usage.invalid' });
  });
});

function expectValidReport(report: VerifyReport): void {
  const document = {
    formatVersion: 1,
    tool: { name: 'dfukit', version: '0' },
    exit: report.exit,
    verdict: report.verdict,
    packages: [{ file: 'x', report }],
  };
  expectValid('verify-report-v1', document);
}
