import { expect, test } from 'vitest';
import { type Bytes, toBase64 } from '../../src/core/bytes.ts';
import { publicKeyDer } from '../../src/crypto/public-key.ts';
import {
  encodeStatement,
  provenanceStatement,
  STATEMENT_PAYLOAD_TYPE,
} from '../../src/format/attestation.ts';
import { pae } from '../../src/format/dsse.ts';
import { encodeEnvelope } from '../../src/format/dsse-envelope.ts';
import { encodeManifest, type Manifest } from '../../src/format/manifest.ts';
import { loadTrustFile } from '../../src/format/trust-file-load.ts';
import { renderText } from '../../src/verify/render/text.ts';
import type { VerifyReport } from '../../src/verify/report.ts';
import { verifyPackage } from '../../src/verify/verify.ts';
import { AT, sampleManifest, samplePackage, sha256Hex, signWith, testKey } from './fixture.ts';

const [release, builder, other] = await Promise.all([testKey(1), testKey(2), testKey(3)]);
const BUILDER = 'https://ci.example.com/release';
const SOURCE = { sourceRepository: 'https://example.com/thermo', sourceRevision: 'a1'.repeat(20) };

/** Of a package with this provenance, an attestation by `builder` that says the source was `said`. */
function attestation(provenance?: Manifest['provenance'], said = provenance): Bytes {
  const manifest = sampleManifest({ manifest: provenance === undefined ? {} : { provenance } });
  const claimed = said === undefined ? manifest : { ...manifest, provenance: said };
  const statement = provenanceStatement(claimed, sha256Hex(encodeManifest(manifest)), { builderId: BUILDER });
  const payload = encodeStatement(statement);
  const sig = signWith(builder, pae(STATEMENT_PAYLOAD_TYPE, payload));
  const signatures = [{ keyid: builder.public.keyId, sig }];
  return encodeEnvelope({ payloadType: STATEMENT_PAYLOAD_TYPE, payload, signatures });
}

interface Setting {
  attesters?: string[];
  key?: { revoked?: boolean; notBefore?: string; notAfter?: string };
  provenance?: Manifest['provenance'];
  attestation?: Bytes;
}

async function judging({ attesters, key, provenance, attestation }: Setting) {
  const publicKey = (one: typeof release) => toBase64(publicKeyDer(one.public));
  const file = await loadTrustFile({
    formatVersion: 1,
    version: 1,
    notAfter: '2027-01-01T00:00:00Z',
    keys: {
      release: { publicKey: publicKey(release) },
      builder: { publicKey: publicKey(builder), ...key },
      other: { publicKey: publicKey(other) },
    },
    rules: [{ product: 'acme-thermo', signers: ['release'], threshold: 1 }],
    ...(attesters === undefined ? {} : { attesters }),
  });
  const manifest = provenance === undefined ? {} : { provenance };
  const bytes = await samplePackage({ keys: [release], manifest });
  const options = { at: AT, ...(attestation === undefined ? {} : { attestation }) };
  return async (): Promise<VerifyReport> =>
    (await verifyPackage(bytes, { kind: 'file', file }, options)).report;
}
const judge = async (setting: Setting) => (await judging({ attesters: ['builder'], ...setting }))();
const builderIn = ({ facts }: VerifyReport) => facts.filter(({ source }) => source === 'attestation');

test('a good one puts the builder among the facts, as what the attestation says', async () => {
  const report = await judge({ attestation: attestation() });
  expect(report).toMatchObject({ verdict: 'trusted' });
  expect(builderIn(report)).toEqual([{ name: 'builder', value: BUILDER, source: 'attestation' }]);
  expect(report.checks.find(({ id }) => id === 'policy.attestation')).toMatchObject({
    status: 'pass',
    message: `attested by ${BUILDER}`,
  });
  const attested = renderText(report, 'f').match(/^.*attested;.*$/gm);
  expect(attested).toEqual([`  attested; the builder, as it says: ${BUILDER}`]);
});

test.each<[string, Setting]>([
  ['no attester at all', { attesters: undefined as never }],
  ['another one', { attesters: ['other'] }],
  ['one that was revoked', { key: { revoked: true } }],
  ['one that has expired', { key: { notAfter: AT } }],
  ['one of tomorrow', { key: { notBefore: '2026-06-02T00:00:00Z' } }],
])('a trust file with %s: the attestation is one of an unknown', async (_, setting) => {
  const report = await judge({ attestation: attestation(), ...setting });
  expect(report).toMatchObject({ verdict: 'refused', code: 'trust.attestation-untrusted' });
  expect(builderIn(report)).toEqual([]);
});

test('what it says of the source is held against the manifest', async () => {
  const provenance = SOURCE;
  expect((await judge({ provenance, attestation: attestation(SOURCE) })).verdict).toBe('trusted');
  const elsewhere = { ...SOURCE, sourceRevision: 'b2'.repeat(20) };
  const report = await judge({ provenance, attestation: attestation(SOURCE, elsewhere) });
  expect(report.code).toBe('trust.attestation-contradiction');
  const check = report.checks.find(({ id }) => id === 'policy.attestation');
  expect(check?.facts).toEqual({ expected: SOURCE.sourceRevision, found: elsewhere.sourceRevision });
});

test('it is judged as it was when the judgement began', async () => {
  const given = attestation();
  const report = (await judging({ attesters: ['builder'], attestation: given }))();
  given.fill(0);
  expect((await report).verdict).toBe('trusted');
});
