import { expect, test } from 'vitest';
import { concat, hex32, u32le } from '../../src/core/bytes.ts';
import { crc32 } from '../../src/core/crc32.ts';
import type { ErrorCode, Facts } from '../../src/core/errors.ts';
import { ERRORS } from '../../src/core/errors.ts';
import { encodeManifest } from '../../src/format/manifest.ts';
import { encodePackage } from '../../src/format/package.ts';
import { encodeGbl, wrapRaw } from '../../src/images/gbl/codec.ts';
import type { CheckId } from '../../src/verify/checks.ts';
import type { VerifyOptions } from '../../src/verify/options.ts';
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

const key = await testKey(1);
const stranger = await testKey(2);
const packageId = sha256Hex(encodeManifest(sampleManifest()));

type Setting = Sample & { options?: Partial<VerifyOptions>; trust?: Trust };
type Refusal = [
  ErrorCode,
  CheckId,
  Setting | (() => Promise<VerifyReport>),
  Facts,
  /** What must stand in the message, where it is put together. */
  string?,
];

async function judge({ options, trust, ...sample }: Setting): Promise<VerifyReport> {
  const bytes = await samplePackage({ keys: [key], ...sample });
  const by = trust ?? { kind: 'keys', keys: [key.public] };
  return (await verifyPackage(bytes, by, { at: AT, ...options })).report;
}

/** A package that names these images and holds those, well signed. */
async function judgeHeld(named: number, held: readonly string[]): Promise<VerifyReport> {
  const manifest = encodeManifest(
    sampleManifest({ images: Array.from({ length: named }, () => ({ bytes: SAMPLE_IMAGE })) }),
  );
  const signatures = await signManifest(manifest, [key]);
  const images = held.map((name) => ({ name, format: 'raw' as const, bytes: SAMPLE_IMAGE }));
  const bytes = concat(encodePackage({ manifest, signatures, images }));
  return (await verifyPackage(bytes, { kind: 'keys', keys: [key.public] }, { at: AT })).report;
}

const application = { type: 0x20, version: 0x10200, capabilities: 0, productId: new Uint8Array(16) };
const wrapped = wrapRaw({ image: SAMPLE_IMAGE, startAddress: 0x4000, application });
const gbl = (bytes: typeof wrapped, entry: NonNullable<Sample['images']>[0]['entry'] = {}): Sample => ({
  images: [{ bytes, entry: { format: 'gbl', startAddress: '0x00004000', ...entry } }],
});
const zeros = new Uint8Array(32);
const usb = (value: string) => ({ type: 'usb-id' as const, value });

const REFUSALS: readonly Refusal[] = [
  ['trust.unsigned', 'signatures.present', { keys: [] }, {}],
  ['trust.no-trusted-signature', 'signatures.good', { keys: [stranger] }, { signatures: 1 }],
  [
    'trust.signature-invalid',
    'signatures.good',
    { keys: [{ ...key, private: stranger.private }] },
    { keyId: key.public.keyId },
  ],
  [
    'trust.signatures-not-judged',
    'signatures.good',
    { trust: { kind: 'allow-unsigned' }, keys: [key, stranger] },
    { signatures: 2 },
  ],

  [
    'package.image-missing',
    'images.listed',
    () => judgeHeld(2, ['application']),
    { entry: 'images/image1.bin' },
  ],
  [
    'package.image-unlisted',
    'images.listed',
    () => judgeHeld(1, ['application', 'image1']),
    { entry: 'images/image1.bin' },
  ],
  [
    'package.image-order',
    'images.listed',
    () => judgeHeld(3, ['application', 'image2', 'image1']),
    { image: 2 },
    'from image 2 on',
  ],
  [
    'package.image-size',
    'image.size',
    { images: [{ bytes: SAMPLE_IMAGE, held: SAMPLE_IMAGE.slice(0, 28) }] },
    { expected: 32, found: 28 },
  ],
  [
    'package.image-padding',
    'image.padding',
    { images: [{ bytes: SAMPLE_IMAGE, entry: { sourceSize: 30 } }] },
    { offset: 30 },
    '0xff at offset 0x0000001e',
  ],
  [
    'package.image-padding',
    'image.padding',
    {
      images: [
        {
          bytes: concat([SAMPLE_IMAGE, Uint8Array.of(0x5a, 0x5a, 0x5a, 0xff)]),
          entry: { sourceSize: 33, padByte: '0x5a' },
        },
      ],
    },
    { offset: 35 },
  ],
  [
    'package.image-padding',
    'image.padding',
    gbl(wrapped, { sourceSize: wrapped.length + 1 }),
    { size: wrapped.length, sourceSize: wrapped.length + 1 },
  ],
  [
    'package.image-crc32',
    'image.crc32',
    { images: [{ bytes: SAMPLE_IMAGE, entry: { crc32: '0x00000000' } }] },
    { expected: '0x00000000', found: hex32(crc32(SAMPLE_IMAGE)), where: 'manifest' },
  ],
  [
    'package.image-sha256',
    'image.sha256',
    { images: [{ bytes: SAMPLE_IMAGE, held: zeros }] },
    { expected: sha256Hex(SAMPLE_IMAGE), found: sha256Hex(zeros) },
  ],
  [
    'package.image-tail',
    'image.structure',
    gbl(concat([wrapped, Uint8Array.of(0, 0, 0, 0)])),
    { offset: wrapped.length, cause: 'image.gbl-tail' },
  ],
  [
    'package.image-role',
    'image.structure',
    gbl(
      encodeGbl([
        { name: 'bootloader', payload: concat([u32le(0x10000), u32le(0), SAMPLE_IMAGE]) },
        { name: 'prog', payload: concat([u32le(0x4000), SAMPLE_IMAGE]) },
      ]),
    ),
    { role: 'application' },
    'holds a bootloader',
  ],
  [
    'package.image-address',
    'image.structure',
    gbl(wrapped, { startAddress: '0x00004004' }),
    { expected: '0x00004004', found: '0x00004000' },
    'programmed address 0x00004000; the manifest says 0x00004004',
  ],
  [
    'package.image-address',
    'image.structure',
    gbl(encodeGbl([{ name: 'metadata', payload: SAMPLE_IMAGE }])),
    { expected: '0x00004000', found: 'none that can be read' },
  ],
  [
    'package.image-overlap',
    'images.apart',
    {
      images: [
        { bytes: SAMPLE_IMAGE },
        ...(gbl(
          encodeGbl([0x100, 0x6004].map((at) => ({ name: 'prog', payload: concat([u32le(at), zeros]) }))),
          { startAddress: '0x00000100' },
        ).images ?? []),
      ],
    },
    { address: '0x00006004' },
  ],

  [
    'policy.package-id',
    'policy.package-id',
    { options: { packageId: 'a'.repeat(64) } },
    { expected: 'a'.repeat(64), found: packageId },
  ],
  [
    'policy.product',
    'policy.target',
    { options: { device: { product: 'pump' } } },
    { expected: 'pump', found: 'acme-thermo' },
  ],
  [
    'policy.hardware',
    'policy.hardware',
    {
      manifest: { target: { product: 'p', hardware: ['A', 'B'] } },
      options: { device: { hardware: 'C' } },
    },
    { expected: 'C', found: 'A, B' },
  ],
  [
    'policy.identifier',
    'policy.identifiers',
    {
      manifest: { target: { product: 'p', identifiers: [usb('0001:0001'), usb('0001:0002')] } },
      options: { told: { identifiers: [usb('0002:0001'), usb('0002:0002')] } },
    },
    { type: 'usb-id', found: '0002:0001, 0002:0002' },
    'made for usb-id 0001:0001, 0001:0002',
  ],
  [
    'policy.requires',
    'policy.requires',
    {
      manifest: { requires: { bootloader: { min: '1.12', below: '3' } } },
      options: { device: { bootloaderVersion: '1.9' } },
    },
    { part: 'bootloader', found: '1.9' },
    'requires bootloader 1.12 or newer and older than 3; the device has 1.9',
  ],
  [
    'policy.requires',
    'policy.requires',
    {
      manifest: { requires: { application: { min: '2' } } },
      options: { device: { applicationVersion: '1.0' } },
    },
    { part: 'application', found: '1.0' },
    'requires application 2 or newer; the device has 1.0',
  ],
  [
    'policy.requires',
    'policy.requires',
    {
      manifest: { requires: { apploader: { below: '2' } } },
      options: { device: { apploaderVersion: '2.0' } },
    },
    { part: 'apploader', found: '2.0' },
    'requires apploader older than 2; the device has 2.0',
  ],
  [
    'policy.downgrade',
    'policy.version',
    { options: { device: { installedVersion: '1.3.0' } } },
    { installed: '1.3.0', found: '1.2.0' },
  ],
  [
    'policy.security-counter',
    'policy.counter',
    { options: { device: { installedCounter: 4 } } },
    { installed: 4, found: 3 },
  ],
  [
    'policy.expired',
    'policy.expiry',
    { manifest: { notAfter: '2026-05-31T00:00:00Z' } },
    { notAfter: '2026-05-31T00:00:00Z', judgedAt: AT },
  ],
  ['policy.check-required', 'policy.counter', { options: { require: ['counter'] } }, { check: 'counter' }],
  [
    'policy.contradiction',
    'policy.counter',
    { options: { told: { installedCounter: 1 }, device: { installedCounter: 2 } } },
    { device: '1', operator: '2' },
    'the installed counter is 1 by the device, 2 by the operator',
  ],
  [
    'policy.contradiction',
    'policy.identifiers',
    {
      manifest: { target: { product: 'p', identifiers: [usb('0001:0001')] } },
      options: {
        told: { identifiers: [usb('0001:0001')] },
        device: { identifiers: [usb('0002:0001')] },
      },
    },
    {
      device: '[{"type":"usb-id","value":"0001:0001"}]',
      operator: '[{"type":"usb-id","value":"0002:0001"}]',
    },
  ],
];

test.each<Refusal>([...REFUSALS])(
  '%s of %s: machines read its facts',
  async (code, id, setting, facts, message = '') => {
    const report = await (typeof setting === 'function' ? setting() : judge(setting));
    const check = report.checks.find((one) => one.id === id);
    expect(check).toMatchObject({ status: 'fail', code, facts, cure: ERRORS[code].cure });
    expect(check?.message).toContain(message);
    expect(Object.keys(check?.facts ?? {}).length > 0).toBe(Object.keys(facts).length > 0);
  },
);
