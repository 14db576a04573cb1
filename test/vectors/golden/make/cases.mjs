// What a release makes, and how it is judged. Verdict and code are set down here, by hand; verdicts.json has every check.
import { crc32 } from 'node:zlib';
import { entries, IMAGE, imageEntry, json, OTHER_IMAGE } from '../../hostile/make/good.mjs';
import { messageOf, pae, sha256Hex, signaturesJson } from '../../hostile/make/signing.mjs';
import { zip } from '../../hostile/make/zip.mjs';
import { KEYS } from './keys.mjs';
import { trustFile, trustFiles } from './trust.mjs';

const AT = '2026-06-01T00:00:00Z';
const ORDER = [
  'formatVersion',
  'name',
  'version',
  'securityCounter',
  'target',
  'requires',
  'notAfter',
  'images',
  'provenance',
  'annotations',
];

function manifest(changes = {}) {
  const value = {
    formatVersion: 1,
    name: 'golden',
    version: '1.2.0',
    securityCounter: 3,
    target: { product: 'one' },
    images: [imageEntry(IMAGE)],
    ...changes,
  };
  return json(Object.fromEntries(ORDER.filter((name) => name in value).map((name) => [name, value[name]])));
}

function packed(manifestBytes, signers, images = [['application.bin', IMAGE]]) {
  const signatures =
    signers.length === 0
      ? null
      : signaturesJson(
          signers.map((name) => ({
            keyId: KEYS[name].keyId,
            signature: KEYS[name].sign(messageOf(manifestBytes)),
          })),
        );
  return zip(entries({ manifest: manifestBytes, signatures, images }));
}

const u32 = (...values) => Buffer.concat(values.map((value) => Buffer.from(Uint32Array.of(value).buffer)));
const tag = (id, ...payload) => Buffer.concat([u32(id, Buffer.concat(payload).length), ...payload]);
const gbl = (() => {
  const body = Buffer.concat([
    tag(0x03a617eb, u32(0x03000000, 0)),
    tag(0xf40a0af4, u32(0x20, 0x10200, 0), Buffer.alloc(16)),
    tag(0xfe0101fe, u32(0x4000), IMAGE),
    u32(0xfc0404fc, 4),
  ]);
  return Buffer.concat([body, u32(crc32(body))]);
})();
const padded = Buffer.concat([IMAGE.subarray(0, 29), Buffer.alloc(3, 0xff)]);

const plain = manifest();
const expiring = manifest({ notAfter: '2026-06-01T00:00:00Z' });
const two = manifest({ target: { product: 'two' } });
const strict = manifest({ target: { product: 'strict', hardware: ['A', 'B'] } });
const full = manifest({
  name: 'golden-full',
  version: '1.2.0-rc.1+build.5',
  securityCounter: 4294967295,
  target: {
    product: 'one',
    vendor: 'Golden & Co.',
    part: 'efr32bg22',
    hardware: ['rev-b', 'rev-a'],
    identifiers: [
      { type: 'usb-id', value: '10c4:ea60' },
      { type: 'ble-model-number', value: 'Golden 1' },
    ],
  },
  requires: { bootloader: { min: '2.4', below: '3' }, application: { min: '1.0.0.1' } },
  notAfter: '2028-02-29T23:59:59Z',
  images: [
    imageEntry(padded, {
      sourceSize: 29,
      sourceSha256: sha256Hex(IMAGE.subarray(0, 29)),
      deviceVersion: '0x00010200',
    }),
    imageEntry(gbl, { name: 'wrapped', format: 'gbl', startAddress: '0x00004000', sourceName: 'app.gbl' }),
    imageEntry(OTHER_IMAGE, {
      name: 'data',
      role: 'data',
      startAddress: '0x00009000',
      padByte: '0x00',
      alignment: 32,
    }),
  ],
  provenance: {
    sourceRepository: 'https://example.com/golden.git',
    sourceRevision: '0123456789abcdef0123456789abcdef01234567',
    sbom: 'ab'.repeat(32),
  },
  annotations: { 'example.com/a': 'quote " and backslash \\', 'example.com/b': 'x' },
});
const fullImages = [
  ['application.bin', padded],
  ['wrapped.gbl', gbl],
  ['data.bin', OTHER_IMAGE],
];
const attested = manifest({ target: { product: 'attested' } });

function attestation(manifestBytes, signer, changes = {}) {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [
      { name: 'golden-1.2.0', digest: { sha256: sha256Hex(manifestBytes) } },
      { name: 'images/application.bin', digest: { sha256: sha256Hex(IMAGE) } },
    ],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: { buildType: 'urn:dfukit:dfu-pack-build:v1', externalParameters: { name: 'golden' } },
      runDetails: { builder: { id: 'https://example.com/builder' } },
    },
    ...changes,
  };
  const type = 'application/vnd.in-toto+json';
  const payload = Buffer.from(JSON.stringify(statement));
  const sig = KEYS[signer].sign(pae(type, payload)).toString('base64');
  const signatures = [{ keyid: KEYS[signer].keyId, sig }];
  return Buffer.from(
    `${JSON.stringify({ payloadType: type, payload: payload.toString('base64'), signatures })}\n`,
  );
}

export const cases = [];
function judge(name, bytes, trust, verdict, code, options = {}, more = {}) {
  const { file, attestation: envelope } = more;
  cases.push({
    name,
    file,
    bytes,
    trust,
    options: { at: AT, ...options },
    verdict,
    code,
    attestation: envelope,
  });
}
const keys = (...names) => ({ kind: 'keys', keys: names.map((name) => `${name}.pem`) });
const file = (name = 'trust-7') => ({ kind: 'file', file: `${name}.json` });
const unsigned = { kind: 'allow-unsigned' };
/** The same file, judged once more. */
const again = (of) => ({ file: of });

judge('unsigned', packed(plain, []), unsigned, 'accepted-unsigned');
judge(
  'unsigned-by-key',
  packed(plain, []),
  keys('alice'),
  'unsigned',
  'trust.unsigned',
  {},
  again('unsigned'),
);
judge('unsigned-by-file', packed(plain, []), file(), 'unsigned', 'trust.unsigned', {}, again('unsigned'));
const ed25519 = packed(plain, ['alice']);
judge('ed25519', ed25519, keys('alice'), 'trusted');
judge('ed25519-by-either', ed25519, keys('bob', 'alice'), 'trusted', undefined, {}, again('ed25519'));
judge('ed25519-by-file', ed25519, file(), 'trusted', undefined, {}, again('ed25519'));
judge(
  'ed25519-by-other-key',
  ed25519,
  keys('stranger'),
  'untrusted',
  'trust.no-trusted-signature',
  {},
  again('ed25519'),
);
judge(
  'ed25519-not-judged',
  ed25519,
  unsigned,
  'untrusted',
  'trust.signatures-not-judged',
  {},
  again('ed25519'),
);
judge('p256', packed(plain, ['bob']), keys('bob'), 'trusted');
judge('p256-by-file', packed(plain, ['bob']), file(), 'trusted', undefined, {}, again('p256'));

const device = { product: 'one', installedVersion: '1.1.9', installedCounter: 3 };
judge('upgrade', ed25519, keys('alice'), 'trusted', undefined, { device }, again('ed25519'));
const newer = { ...device, installedVersion: '1.2.1' };
judge(
  'downgrade',
  ed25519,
  keys('alice'),
  'refused',
  'policy.downgrade',
  { device: newer },
  again('ed25519'),
);
judge(
  'downgrade-allowed',
  ed25519,
  keys('alice'),
  'trusted',
  undefined,
  { device: newer, allowDowngrade: true },
  again('ed25519'),
);
judge(
  'counter',
  ed25519,
  keys('alice'),
  'refused',
  'policy.security-counter',
  { device: { ...device, installedCounter: 4 } },
  again('ed25519'),
);
judge(
  'other-product',
  ed25519,
  keys('alice'),
  'refused',
  'policy.product',
  { device: { product: 'One' } },
  again('ed25519'),
);
judge(
  'other-package',
  ed25519,
  keys('alice'),
  'refused',
  'policy.package-id',
  { packageId: '0'.repeat(64) },
  again('ed25519'),
);
judge(
  'this-package',
  ed25519,
  keys('alice'),
  'trusted',
  undefined,
  { packageId: sha256Hex(plain) },
  again('ed25519'),
);
judge(
  'version-untold',
  ed25519,
  keys('alice'),
  'refused',
  'policy.check-required',
  { require: ['version'] },
  again('ed25519'),
);

judge('last-second', packed(expiring, ['alice']), keys('alice'), 'trusted', undefined, {
  at: '2026-05-31T23:59:59Z',
});
judge(
  'expired',
  packed(expiring, ['alice']),
  keys('alice'),
  'refused',
  'policy.expired',
  {},
  again('last-second'),
);

const told = { product: 'one', hardware: 'rev-a', bootloaderVersion: '2.4.1', applicationVersion: '1.0.0.1' };
const everything = packed(full, ['alice', 'bob'], fullImages);
judge('full', everything, keys('alice', 'bob'), 'trusted', undefined, { device: told });
judge('full-nothing-told', everything, file(), 'trusted', undefined, {}, again('full'));
judge(
  'full-bootloader',
  everything,
  keys('bob'),
  'refused',
  'policy.requires',
  { device: { ...told, bootloaderVersion: '3.0' } },
  again('full'),
);
judge(
  'full-hardware',
  everything,
  keys('bob'),
  'refused',
  'policy.hardware',
  { device: { ...told, hardware: 'rev-c' } },
  again('full'),
);
judge(
  'full-identifier',
  everything,
  keys('bob'),
  'refused',
  'policy.identifier',
  { device: { ...told, identifiers: [{ type: 'usb-id', value: '10c4:ea61' }] } },
  again('full'),
);

judge('two-signers', packed(two, ['alice', 'bob']), file(), 'trusted');
judge('one-of-two', packed(two, ['alice']), file(), 'untrusted', 'trust.threshold');
judge('one-and-a-stranger', packed(two, ['alice', 'stranger']), file(), 'untrusted', 'trust.threshold');
judge('one-and-a-root', packed(two, ['alice', 'root-1']), file(), 'untrusted', 'trust.threshold');
judge('one-and-a-revoked', packed(two, ['alice', 'dave']), file(), 'refused', 'trust.key-revoked');
const late = packed(two, ['alice', 'carol']);
judge('one-and-an-expired', late, file(), 'refused', 'trust.key-expired');
judge(
  'one-and-one-in-its-time',
  late,
  file(),
  'trusted',
  undefined,
  { at: '2026-02-28T23:59:59Z' },
  again('one-and-an-expired'),
);
judge(
  'one-and-one-too-early',
  late,
  file(),
  'refused',
  'trust.key-not-yet-valid',
  { at: '2025-12-31T23:59:59Z' },
  again('one-and-an-expired'),
);
judge(
  'no-rule',
  packed(manifest({ target: { product: 'three' } }), ['alice']),
  file(),
  'untrusted',
  'trust.no-rule',
);
judge('revoked-later', ed25519, file('trust-9'), 'refused', 'trust.key-revoked', {}, again('ed25519'));

trustFiles['trust-denies'] = trustFile({ denied: [sha256Hex(plain)] });
judge('denied', ed25519, file('trust-denies'), 'refused', 'policy.denied', {}, again('ed25519'));

const onDevice = { device: { product: 'strict', hardware: 'A', installedVersion: '1.2.0' } };
judge('strict', packed(strict, ['alice']), file(), 'trusted', undefined, onDevice);
judge(
  'strict-untold',
  packed(strict, ['alice']),
  file(),
  'refused',
  'policy.check-required',
  {},
  again('strict'),
);
const bare = manifest({ target: { product: 'strict' } });
judge('strict-no-hardware', packed(bare, ['alice']), file(), 'refused', 'policy.hardware-missing', onDevice);
const old = manifest({ version: '1.2.0-rc.1', target: { product: 'strict', hardware: ['A'] } });
judge('strict-too-old', packed(old, ['alice']), file(), 'refused', 'policy.downgrade', onDevice);
judge(
  'strict-below-minimum',
  packed(old, ['alice']),
  file(),
  'refused',
  'policy.minimum-version',
  { device: { ...onDevice.device, installedVersion: '1.1.0' } },
  again('strict-too-old'),
);
const low = manifest({ securityCounter: 2, target: { product: 'strict', hardware: ['A'] } });
judge('strict-low-counter', packed(low, ['alice']), file(), 'refused', 'policy.minimum-counter', onDevice);

const byAlice = packed(attested, ['alice']);
judge(
  'attested',
  byAlice,
  file(),
  'trusted',
  undefined,
  {},
  { attestation: attestation(attested, 'builder') },
);
judge('attestation-missing', byAlice, file(), 'refused', 'trust.attestation-missing', {}, again('attested'));
judge(
  'attested-by-stranger',
  byAlice,
  file(),
  'refused',
  'trust.attestation-untrusted',
  {},
  {
    file: 'attested',
    attestation: attestation(attested, 'stranger'),
  },
);
judge(
  'attested-other-package',
  byAlice,
  file(),
  'refused',
  'trust.attestation-other-package',
  {},
  {
    file: 'attested',
    attestation: attestation(plain, 'builder'),
  },
);
