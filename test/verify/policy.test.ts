import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/format/manifest.ts';
import type { VerifyOptions } from '../../src/verify/options.ts';
import type { VerifyReport } from '../../src/verify/report.ts';
import { verifyPackage } from '../../src/verify/verify.ts';
import { AT, outcomeOf, samplePackage, testKey } from './fixture.ts';

const key = await testKey(1);

async function judge(
  manifest: Partial<Manifest>,
  options: Partial<VerifyOptions> = {},
): Promise<VerifyReport> {
  const bytes = await samplePackage({ keys: [key], manifest });
  return (await verifyPackage(bytes, { kind: 'keys', keys: [key.public] }, { at: AT, ...options })).report;
}

const ID = /^[0-9a-f]{64}$/;

describe('product and hardware', () => {
  test('the device named is the one, or the package is refused', async () => {
    expect((await judge({}, { device: { product: 'acme-thermo' } })).verdict).toBe('trusted');
    const report = await judge({}, { device: { product: 'acme-thermO' } });
    expect(report.verdict).toBe('refused');
    expect(report.exit).toBe(5);
    expect(report.code).toBe('policy.product');
  });

  test('what nobody told is skipped, and accepted all the same', async () => {
    const report = await judge({ target: { product: 'acme-thermo', hardware: ['A'] } });
    expect(report.verdict).toBe('trusted');
    for (const id of ['policy.target', 'policy.hardware', 'policy.version', 'policy.counter'] as const) {
      expect(outcomeOf(report, id)).toBe('skipped');
    }
  });

  test.each([
    ['B', ['A', 'B'], 'pass'],
    ['C', ['A', 'B'], 'policy.hardware'],
    ['a', ['A'], 'policy.hardware'],
    ['C', undefined, 'pass'],
    [undefined, undefined, 'pass'],
  ])('revision %s for a package made for %s: %s', async (hardware, made, outcome) => {
    const target = { product: 'p', ...(made === undefined ? {} : { hardware: made }) };
    const report = await judge({ target }, { device: hardware === undefined ? {} : { hardware } });
    expect(outcomeOf(report, 'policy.hardware')).toBe(outcome);
  });
});

describe('required checks', () => {
  test.each([
    ['target', 'policy.target'],
    ['hardware', 'policy.hardware'],
    ['version', 'policy.version'],
    ['counter', 'policy.counter'],
  ] as const)('%s: refused when nobody told what it compares with', async (name, id) => {
    const target = { product: 'acme-thermo', hardware: ['A'] };
    const report = await judge({ target }, { require: [name] });
    expect(report.verdict).toBe('refused');
    expect(outcomeOf(report, id)).toBe('policy.check-required');
    const device = { product: 'acme-thermo', hardware: 'A', installedVersion: '1.0.0', installedCounter: 0 };
    expect((await judge({ target }, { require: [name], device })).verdict).toBe('trusted');
  });

  test('an unknown name is an error, not an empty demand', async () => {
    await expect(judge({}, { require: ['versions'] as never })).rejects.toMatchObject({
      code: 'usage.invalid',
    });
  });
});

describe('versions', () => {
  test.each([
    ['1.2.0', '1.2.0', 'pass'],
    ['1.2.0', '1.1.9', 'pass'],
    ['1.2.0', '1.2.1', 'policy.downgrade'],
    ['1.10.0', '1.9.0', 'pass'],
    ['1.2.0-rc.1', '1.2.0', 'policy.downgrade'],
    ['1.2.0+b', '1.2.0+a', 'pass'],
  ])('%s over %s: %s', async (version, installedVersion, outcome) => {
    const report = await judge({ version }, { device: { installedVersion } });
    expect(outcomeOf(report, 'policy.version')).toBe(outcome);
    expect(report.verdict).toBe(outcome === 'pass' ? 'trusted' : 'refused');
  });

  test('allowing a downgrade excuses that comparison, is told, and excuses nothing else', async () => {
    const device = { installedVersion: '2.0.0' };
    const excused = await judge({}, { device, allowDowngrade: true });
    expect(excused.verdict).toBe('trusted');
    expect(excused.warnings.join()).toContain('2.0.0');
    const counter = await judge({}, { device: { ...device, installedCounter: 4 }, allowDowngrade: true });
    expect(counter.code).toBe('policy.security-counter');
  });

  test.each([
    [3, 'pass'],
    [2, 'pass'],
    [4, 'policy.security-counter'],
  ])('security counter 3 over %i: %s', async (installedCounter, outcome) => {
    const report = await judge({ securityCounter: 3 }, { device: { installedCounter } });
    expect(outcomeOf(report, 'policy.counter')).toBe(outcome);
  });

  test.each(['1.2', 'v1.2.3', '1.2.3.4', '', '01.0.0', '1.0.4294967296'])(
    'an installed version of "%s" is an error',
    async (installedVersion) => {
      await expect(judge({}, { device: { installedVersion } })).rejects.toMatchObject({
        code: 'usage.invalid',
      });
    },
  );

  test.each([-1, 1.5, Number.NaN, 2 ** 32])(
    'an installed counter of %d is an error',
    async (installedCounter) => {
      await expect(judge({}, { device: { installedCounter } })).rejects.toMatchObject({
        code: 'usage.invalid',
      });
    },
  );
});

describe('expiry', () => {
  test.each([
    ['2026-05-31T23:59:59Z', 'trusted'],
    ['2026-06-01T00:00:00Z', 'refused'],
    ['2026-06-01T00:00:01Z', 'refused'],
  ])('a package not valid after 2026-06-01T00:00:00Z, judged at %s: %s', async (at, verdict) => {
    const report = await judge({ notAfter: '2026-06-01T00:00:00Z' }, { at });
    expect(report.verdict).toBe(verdict);
    if (verdict === 'refused') expect(report.code).toBe('policy.expired');
    expect(report.judgedAt).toBe(at);
  });

  test('milliseconds are taken too, and a part of a second does not prolong', async () => {
    const end = Date.parse('2026-06-01T00:00:00Z');
    const notAfter = '2026-06-01T00:00:00Z';
    expect((await judge({ notAfter }, { at: end - 1 })).verdict).toBe('trusted');
    expect((await judge({ notAfter }, { at: end })).verdict).toBe('refused');
  });

  test.each([
    '2026-02-30T00:00:00Z',
    '2026-06-01',
    '2026-06-01T00:00:00',
    '2026-06-01T00:00:00+00:00',
    '2026-06-01T24:00:00Z',
    ' 2026-06-01T00:00:00Z',
    'now',
    '',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -1,
    1e20,
  ])('"%s" is no time to judge at', async (at) => {
    await expect(judge({}, { at })).rejects.toMatchObject({ code: 'usage.invalid' });
  });
});

describe('the package id', () => {
  test('pins one release', async () => {
    const { packageId } = await judge({});
    expect(packageId).toMatch(ID);
    expect(outcomeOf(await judge({}, { packageId: packageId ?? '' }), 'policy.package-id')).toBe('pass');
    const report = await judge({}, { packageId: 'a'.repeat(64) });
    expect(report.verdict).toBe('refused');
    expect(report.code).toBe('policy.package-id');
  });

  test.each(['A'.repeat(64), 'a'.repeat(63), ''])('"%s" is none', async (packageId) => {
    await expect(judge({}, { packageId })).rejects.toMatchObject({ code: 'usage.invalid' });
  });
});

describe('requirements and identifiers', () => {
  const requires = { bootloader: { min: '1.12', below: '3' } };

  test.each([
    ['1.12.0', 'pass'],
    ['2.4.1', 'pass'],
    ['1.9', 'policy.requires'],
    ['3.0', 'policy.requires'],
    [undefined, 'skipped'],
  ])('a bootloader %s where 1.12 up to 3 is required: %s', async (bootloaderVersion, outcome) => {
    const device = bootloaderVersion === undefined ? {} : { bootloaderVersion };
    expect(outcomeOf(await judge({ requires }, { device }), 'policy.requires')).toBe(outcome);
  });

  test('a requirement that fails is refused also where another was not told', async () => {
    const both = { bootloader: { min: '2' }, application: { min: '2' } };
    const report = await judge({ requires: both }, { told: { applicationVersion: '1.0' } });
    expect(report.code).toBe('policy.requires');
  });

  test.each([
    ['1234:5678', 'pass'],
    ['1234:5679', 'policy.identifier'],
  ])('a device that says usb-id %s: %s', async (value, outcome) => {
    const target = { product: 'p', identifiers: [{ type: 'usb-id' as const, value: '1234:5678' }] };
    const told = { identifiers: [{ type: 'usb-id' as const, value }] };
    expect(outcomeOf(await judge({ target }, { told }), 'policy.identifiers')).toBe(outcome);
  });

  test('one of several that the device tells suffices', async () => {
    const usb = (value: string) => ({ type: 'usb-id' as const, value });
    const target = { product: 'p', identifiers: [usb('1234:5678')] };
    const told = { identifiers: [usb('0000:0000'), usb('1234:5678')] };
    expect(outcomeOf(await judge({ target }, { told }), 'policy.identifiers')).toBe('pass');
  });

  test('kinds that the device does not tell are not counted against it, nor for it', async () => {
    const target = { product: 'p', identifiers: [{ type: 'usb-id' as const, value: '1234:5678' }] };
    const told = { identifiers: [{ type: 'ble-model-number' as const, value: 'x' }] };
    expect(outcomeOf(await judge({ target }, { told }), 'policy.identifiers')).toBe('skipped');
  });
});

describe('what the device tells', () => {
  test('beats the operator, and both stand in the report with their source', async () => {
    const report = await judge({}, { device: { hardware: 'A' }, told: { product: 'acme-thermo' } });
    expect(report.facts).toContainEqual({ name: 'hardware', value: 'A', source: 'operator' });
    expect(report.facts).toContainEqual({ name: 'product', value: 'acme-thermo', source: 'device' });
    expect(report.facts).toContainEqual({ name: 'product', value: 'acme-thermo', source: 'package' });
  });

  test.each([
    ['product', 'a', 'b', 'policy.target'],
    ['hardware', 'a', 'b', 'policy.hardware'],
    ['installedVersion', '1.0.0', '1.0.1', 'policy.version'],
    ['installedCounter', 0, 1, 'policy.counter'],
    ['bootloaderVersion', '1.0', '1.1', 'policy.requires'],
  ] as const)('a %s of %s by the device and %s by the operator is refused', async (name, told, said, id) => {
    const manifest = { requires: { bootloader: { min: '0' } } };
    const report = await judge(manifest, { told: { [name]: told }, device: { [name]: said } });
    expect(outcomeOf(report, id)).toBe('policy.contradiction');
    expect(report.verdict).toBe('refused');
  });

  test('and contradicts the operator: refused, even where the device fits the package', async () => {
    const report = await judge({}, { device: { product: 'acme-pump' }, told: { product: 'acme-thermo' } });
    expect(report.verdict).toBe('refused');
    expect(report.code).toBe('policy.contradiction');
  });
});

test('every policy check is made, also behind one that failed', async () => {
  const device = { product: 'x', hardware: 'Z', installedVersion: '9.0.0', installedCounter: 9 };
  const target = { product: 'acme-thermo', hardware: ['A'] };
  const report = await judge({ target, notAfter: '2026-01-01T00:00:00Z' }, { device });
  const failed = report.checks.filter((check) => check.status === 'fail').map((check) => check.code);
  expect(failed).toEqual([
    'policy.product',
    'policy.hardware',
    'policy.downgrade',
    'policy.security-counter',
    'policy.expired',
  ]);
  expect(report.code).toBe('policy.product');
});
