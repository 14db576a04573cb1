import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { encodeManifest } from '../../src/format/manifest.ts';
import { encodePackage } from '../../src/format/package.ts';
import { encodeGbl } from '../../src/images/gbl/codec.ts';
import { CHECKS, VERDICTS } from '../../src/verify/checks.ts';
import type { VerifyOptions } from '../../src/verify/options.ts';
import { renderText } from '../../src/verify/render/text.ts';
import type { VerifyReport } from '../../src/verify/report.ts';
import type { Trust } from '../../src/verify/trust.ts';
import { verifyPackage } from '../../src/verify/verify.ts';
import {
  AT,
  SAMPLE_IMAGE,
  type Sample,
  sampleManifest,
  samplePackage,
  sha256Hex,
  signManifest,
  testKey,
} from './fixture.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/verify-report-v1.schema.json', import.meta.url), 'utf8'),
);
const ajv = new Ajv2020.default({ strict: true, allErrors: true });
ajv.addSchema(schema);
const validate = ajv.getSchema(`${schema.$id}#/$defs/report`);

const key = await testKey(1);
const byKey: Trust = { kind: 'keys', keys: [key.public] };

async function judge(
  sample: Sample,
  options: Partial<VerifyOptions> = {},
  trust = byKey,
): Promise<VerifyReport> {
  const bytes = await samplePackage({ keys: [key], ...sample });
  return (await verifyPackage(bytes, trust, { at: AT, ...options })).report;
}

const full: Sample = {
  images: [{ bytes: SAMPLE_IMAGE, entry: { deviceVersion: '0x00010200' } }, { bytes: SAMPLE_IMAGE }],
  manifest: {
    target: {
      product: 'acme-thermo',
      vendor: 'Acme',
      part: 'efr32bg22',
      hardware: ['A', 'B'],
      identifiers: [{ type: 'usb-id', value: '1234:5678' }],
    },
    notAfter: '2027-01-01T00:00:00Z',
    requires: { bootloader: { min: '1.0' } },
  },
};
const device = { product: 'acme-thermo', hardware: 'A', installedVersion: '1.0.0', installedCounter: 0 };

const reports: [string, () => Promise<VerifyReport>][] = [
  ['trusted', () => judge(full, { device })],
  ['nothing told', () => judge(full)],
  ['accepted-unsigned', () => judge({ keys: [] }, {}, { kind: 'allow-unsigned' })],
  ['not judged', () => judge({}, {}, { kind: 'allow-unsigned' })],
  ['unsigned', () => judge({ keys: [] })],
  ['corrupt', () => judge({ images: [{ bytes: SAMPLE_IMAGE, held: new Uint8Array(32) }] })],
  ['refused', () => judge(full, { device: { product: 'x' }, told: { product: 'y' } })],
  ['identifiers', () => judge(full, { told: { identifiers: [{ type: 'usb-id', value: '1234:5678' }] } })],
  ['malformed', async () => (await verifyPackage(new Uint8Array(3), byKey, { at: AT })).report],
];

describe('a report follows its schema', () => {
  test.each(reports)('%s', async (_, make) => {
    const report = await make();
    validate?.(JSON.parse(JSON.stringify(report)));
    expect(validate?.errors ?? []).toEqual([]);
    // No field that holds undefined either: what is not known is not there.
    expect(JSON.parse(JSON.stringify(report))).toStrictEqual(report);
  });

  test('which knows the same verdicts and checks', () => {
    expect(schema.$defs.verdict.enum).toEqual(VERDICTS);
    expect(schema.$defs.check.properties.id.enum).toEqual(CHECKS.map((rule) => rule.id));
  });
});

test('a report holds what the manifest says of the package', async () => {
  const gbl = encodeGbl([{ name: 'metadata', payload: SAMPLE_IMAGE }]);
  const bytes = await samplePackageWithoutAddress(gbl);
  const report = (await verifyPackage(bytes, byKey, { at: AT })).report;
  const sha256 = sha256Hex(SAMPLE_IMAGE);
  expect(report.package).toStrictEqual({
    name: 'thermo',
    version: '1.2.0',
    securityCounter: 3,
    product: 'acme-thermo',
    vendor: 'Acme',
    part: 'efr32bg22',
    hardware: ['A', 'B'],
    notAfter: '2027-01-01T00:00:00Z',
    images: [
      {
        name: 'application',
        role: 'application',
        format: 'raw',
        startAddress: '0x00006000',
        size: 32,
        sha256,
        deviceVersion: '0x00010200',
      },
      { name: 'image1', role: 'data', format: 'gbl', size: gbl.length, sha256: sha256Hex(gbl) },
    ],
  });
  expect(report.facts).toStrictEqual([
    { name: 'product', value: 'acme-thermo', source: 'package' },
    { name: 'hardware', value: ['A', 'B'], source: 'package' },
    { name: 'version', value: '1.2.0', source: 'package' },
    { name: 'securityCounter', value: 3, source: 'package' },
    { name: 'notAfter', value: '2027-01-01T00:00:00Z', source: 'package' },
  ]);
  const text = renderText(report, 'f');
  expect(text).toContain(
    '  thermo 1.2.0 for acme-thermo, security counter 3, valid until 2027-01-01T00:00:00Z\n',
  );
  expect(text).toContain('  image application: raw, 32 bytes at 0x00006000\n');
  expect(text).toContain(`  image image1 (data): gbl, ${gbl.length} bytes\n`);
});

/** `full`, its second image a GBL of no address that can be read. */
async function samplePackageWithoutAddress(gbl: Bytes): Promise<Bytes> {
  const value = sampleManifest({
    ...full,
    images: [full.images![0]!, { bytes: gbl, entry: { role: 'data', format: 'gbl' } }],
  });
  delete value.images[1]?.startAddress;
  const manifest = encodeManifest(value);
  const signatures = await signManifest(manifest, [key]);
  const images = [SAMPLE_IMAGE, gbl].map((bytes, i) => {
    const { name, format } = value.images[i]!;
    return { name, format, bytes };
  });
  return concat(encodePackage({ manifest, signatures, images }));
}

test('a report holds what was told of the device, with who said it', async () => {
  const identifiers = [{ type: 'usb-id' as const, value: '1234:5678' }];
  const report = await judge(full, {
    device: { installedCounter: 1, hardware: 'A' },
    told: { installedCounter: 2, identifiers },
  });
  expect(report.facts.filter(({ source }) => source !== 'package')).toStrictEqual([
    { name: 'hardware', value: 'A', source: 'operator' },
    { name: 'installedCounter', value: 2, source: 'device' },
    { name: 'installedCounter', value: 1, source: 'operator' },
    { name: 'identifiers', value: '[{"type":"usb-id","value":"1234:5678"}]', source: 'device' },
  ]);
});

describe('a report as text', () => {
  test('says the verdict first, then what it is, then what was not checked', async () => {
    expect(renderText(await judge({}), 'thermo.dfupkg')).toMatchInlineSnapshot(`
      "TRUSTED: thermo.dfupkg
        thermo 1.2.0 for acme-thermo, security counter 3
        package id 988d9e9b59472b527a060916b6de6d653ae6ba1c972b475ac2b1df7082db6a41
        image application: raw, 32 bytes at 0x00006000
        signed by key 5c00ce275496f8f8150e9330338feb680e2b5d30005a060a71376b7042e9b160
        Not checked:
          policy.package-id: no package id was given to compare with
          policy.denied, policy.minimum-version, policy.minimum-counter: there is no trust file that says it
          policy.target: nobody told the product of the device
          policy.version: nobody told the version that is installed
          policy.counter: nobody told the security counter of what is installed
          policy.attestation: no attestation was given
      "
    `);
  });

  test('says that everything was checked only when it was', async () => {
    const report = await judge(full, { device });
    expect(renderText(report, 'f')).toContain('policy.package-id');
    const checks = report.checks.map((check) => ({ ...check, status: 'pass' as const }));
    expect(renderText({ ...report, checks }, 'f')).toContain('Everything was checked.');
  });

  test('of a failure says what is wrong, what to do, and the code', async () => {
    const text = renderText(await judge({}, { device: { product: 'acme-pump' } }), 'thermo.dfupkg');
    expect(text).toMatchInlineSnapshot(`
      "REFUSED: thermo.dfupkg
        thermo 1.2.0 for acme-thermo, security counter 3
        package id 988d9e9b59472b527a060916b6de6d653ae6ba1c972b475ac2b1df7082db6a41
        image application: raw, 32 bytes at 0x00006000
        policy.target: made for product acme-thermo; the device is acme-pump [policy.product]
        Use the package made for this product; check --product.
      "
    `);
  });

  test('of several failures gives the cure of the first alone: it decided the verdict', async () => {
    const text = renderText(await judge({}, { device: { product: 'x', installedVersion: '9.0.0' } }), 'f');
    expect(text.split('\n').slice(4)).toEqual([
      '  policy.target: made for product acme-thermo; the device is x [policy.product]',
      '  Use the package made for this product; check --product.',
      '  policy.version: 1.2.0 is older than 9.0.0, which is installed [policy.downgrade]',
      '',
    ]);
  });

  test('of a package whose manifest was not read says its id, and no more of it', async () => {
    const report = await judge({ keys: [] });
    expect(renderText(report, 'f').split('\n').slice(0, 2)).toEqual([
      'UNSIGNED: f',
      `  package id ${report.packageId}`,
    ]);
    const { report: none } = await verifyPackage(new Uint8Array(3), byKey, { at: AT });
    expect(renderText(none, 'f').split('\n')[1]).toMatch(/^ {2}container: /);
  });

  test('counts the signatures by other keys, and says a cure of its own where the failure has one', async () => {
    const others = [key, await testKey(2), await testKey(3)];
    expect(renderText(await judge({ keys: others }), 'f')).toContain(
      '  2 other signatures ignored: by keys that were not given\n',
    );
    expect(renderText(await judge({}), 'f')).not.toContain('ignored');
    const report = await judge({ keys: [] });
    const checks = report.checks.map((check) =>
      check.status === 'fail' ? { ...check, cure: 'Do x.' } : check,
    );
    expect(renderText({ ...report, checks }, 'f')).toContain('[trust.unsigned]\n  Do x.\n');
  });

  test('of a package that no given key signed says so of each signature', async () => {
    const { keyId } = key.public;
    const untrusted = await judge({}, {}, { kind: 'keys', keys: [(await testKey(2)).public] });
    expect(renderText(untrusted, 'f')).toContain(`  signed, as it says, by key ${keyId}; it was not given\n`);
    const unjudged = await judge({}, {}, { kind: 'allow-unsigned' });
    expect(renderText(unjudged, 'f')).toContain(`  signed, as it says, by key ${keyId}; not judged\n`);
  });

  test('of an unsigned package warns', async () => {
    const report = await judge({ keys: [] }, {}, { kind: 'allow-unsigned' });
    expect(renderText(report, 'x')).toContain('ACCEPTED WITHOUT SIGNATURE: x\n');
    expect(renderText(report, 'x')).toContain('Warning: ');
  });

  test('lets nothing through that could act on a terminal', async () => {
    const report = await judge({});
    const text = renderText(report, 'a\u001b[2Jb\n\u0085.dfupkg');
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text.split('\n')[0]).toBe('TRUSTED: a\\x1b[2Jb\\x0a\\xc2\\x85.dfupkg');
  });
});
