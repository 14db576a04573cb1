import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, fromHex, utf8 } from '../../src/core/bytes.ts';
import { importRawPublicKey, type PublicKey } from '../../src/crypto/public-key.ts';
import {
  encodeStatement,
  type ProvenanceStatement,
  provenanceStatement,
  STATEMENT_PAYLOAD_TYPE,
} from '../../src/format/attestation.ts';
import { pae } from '../../src/format/dsse.ts';
import { type DsseSignature, decodeEnvelope, encodeEnvelope } from '../../src/format/dsse-envelope.ts';
import { decodeSignatures, signedMessage } from '../../src/format/signatures.ts';
import { openContainer } from '../../src/format/zip.ts';
import { type BuiltPackage, buildPackage } from '../../src/pack/build.ts';
import {
  type AttestationFinding,
  type AttestationSubject,
  judgeAttestation,
  judgeEnvelope,
} from '../../src/verify/attestation.ts';
import { verifyPackage } from '../../src/verify/verify.ts';
import { buildInput, imageInput } from '../pack/fixture.ts';
import { type KeyPair, newKeyPair } from '../support/ed25519.ts';

const SOURCE = { sourceRepository: 'https://example.com/thermo', sourceRevision: 'a1'.repeat(20) };
const BUILDER = { builderId: 'https://ci.example.com/release' };

const built = await buildPackage(
  buildInput({
    provenance: SOURCE,
    images: [
      imageInput(),
      imageInput({ name: 'second', bytes: Uint8Array.of(1, 2, 3, 4), startAddress: 0x8000 }),
    ],
  }),
);
const attester = await newKeyPair();
const stranger = await newKeyPair();

const statementOf = (pkg: BuiltPackage = built) => provenanceStatement(pkg.manifest, pkg.packageId, BUILDER);

function signatureBy(
  pair: KeyPair,
  payload: Bytes,
  payloadType: string = STATEMENT_PAYLOAD_TYPE,
): DsseSignature {
  return { keyid: pair.key.keyId, sig: pair.sign(pae(payloadType, payload)) };
}

/** An envelope around a payload, signed by these. */
function sealed(
  payload: Bytes,
  pairs: readonly KeyPair[] = [attester],
  payloadType = STATEMENT_PAYLOAD_TYPE,
): Bytes {
  const signatures = pairs.map((pair) => signatureBy(pair, payload, payloadType));
  return encodeEnvelope({ payloadType, payload, signatures });
}

/** The judgement of an attester's statement, changed by `change`. */
function judgeChanged(change: (statement: ProvenanceStatement) => unknown): Promise<AttestationFinding> {
  const statement = structuredClone(statementOf());
  return judge(sealed(utf8(JSON.stringify(change(statement) ?? statement))));
}

function judge(envelope: Bytes, fields: Partial<AttestationSubject> = {}): Promise<AttestationFinding> {
  const { packageId, manifest } = built;
  const subject = { packageId, imageDigests: manifest.images, provenance: SOURCE, attesters: [attester.key] };
  return judgeAttestation({ ...subject, ...fields, envelope });
}

/** `good`, or the code. */
const come = async (finding: Promise<AttestationFinding>) => {
  const found = await finding;
  return found.status === 'good' ? 'good' : found.code;
};

const sound = sealed(encodeStatement(statementOf()));

describe('an attestation', () => {
  test('by an attester about this package is good, and says who vouches for what', async () => {
    expect(await judge(sound)).toEqual({
      status: 'good',
      keyIds: [attester.key.keyId],
      builderId: BUILDER.builderId,
      buildType: 'urn:dfukit:dfu-pack-build:v1',
    });
  });

  test('has no claims longer than those of a manifest', async () => {
    const named = (length: number) =>
      come(
        judgeChanged((statement) => {
          statement.predicate.runDetails.builder.id = 'b'.repeat(length);
        }),
      );
    expect(await named(1024)).toBe('good');
    expect(await named(1025)).toBe('trust.attestation-malformed');
  });

  test('counts by one attester, whoever else signed', async () => {
    expect(await judge(sealed(encodeStatement(statementOf()), [stranger, attester]))).toMatchObject({
      status: 'good',
      keyIds: [attester.key.keyId],
    });
  });

  test('counts whatever its keyid says: that is signed by nobody', async () => {
    const { signatures, ...rest } = decodeEnvelope(sound);
    for (const keyid of ['', 'builder-2026']) {
      const envelope = encodeEnvelope({ ...rest, signatures: signatures.map(({ sig }) => ({ keyid, sig })) });
      expect(await come(judge(envelope))).toBe('good');
    }
  });

  test.each<[string, (statement: ProvenanceStatement) => unknown]>([
    [
      'more fields than are known',
      (s) => ({ ...s, more: { a: [1] }, predicate: { ...s.predicate, more: 1 } }),
    ],
    [
      'more subjects, and other digests beside',
      (s) => {
        s.subject.push({ name: 'x', digest: { sha256: '0'.repeat(64) } });
        Object.assign(s.subject[0]!.digest, { sha512: 'ab' });
      },
    ],
    [
      'other names for the same images',
      (s) => {
        for (const one of s.subject) one.name = '_';
      },
    ],
    [
      'no word about the source',
      (s) => {
        delete s.predicate.buildDefinition.resolvedDependencies;
      },
    ],
    [
      'the source by its reference',
      (s) => {
        s.predicate.buildDefinition.resolvedDependencies![0]!.uri += '.git@refs/tags/v1';
      },
    ],
  ])('may hold %s', async (_, change) => {
    expect(await come(judgeChanged(change))).toBe('good');
  });
});

describe('an attestation does not count', () => {
  const changed: [string, string, (statement: ProvenanceStatement) => unknown][] = [
    [
      'with the id of another package',
      'trust.attestation-other-package',
      (s) => {
        s.subject[0]!.digest.sha256 = '0'.repeat(64);
      },
    ],
    [
      'about this package id with another image',
      'trust.attestation-contradiction',
      (s) => {
        s.subject[1]!.digest.sha256 = '0'.repeat(64);
      },
    ],
    [
      'about this package id without one image',
      'trust.attestation-contradiction',
      (s) => {
        s.subject.pop();
      },
    ],
    [
      'that calls another content by the name of an image',
      'trust.attestation-contradiction',
      (s) => {
        s.subject.push({ name: s.subject[1]!.name, digest: { sha256: '0'.repeat(64) } });
        s.subject[1]!.name = 'images/elsewhere.bin';
      },
    ],
    [
      'with two contents of one image',
      'trust.attestation-malformed',
      (s) => {
        s.subject.push({ name: s.subject[1]!.name, digest: { sha256: '0'.repeat(64) } });
      },
    ],
    [
      'with another commit than the manifest',
      'trust.attestation-contradiction',
      (s) => {
        s.predicate.buildDefinition.resolvedDependencies![0]!.digest = { gitCommit: 'b2'.repeat(20) };
      },
    ],
    [
      'of another statement type',
      'trust.attestation-type',
      (s) => ({ ...s, _type: 'https://in-toto.io/Statement/v0.1' }),
    ],
    [
      'of another predicate',
      'trust.attestation-type',
      (s) => ({ ...s, predicateType: 'https://slsa.dev/verification_summary/v1' }),
    ],
    [
      'without a builder',
      'trust.attestation-malformed',
      (s) => {
        s.predicate.runDetails.builder.id = '';
      },
    ],
    ['without predicate', 'trust.attestation-malformed', (s) => ({ ...s, predicate: undefined })],
    ['without subjects', 'trust.attestation-malformed', (s) => ({ ...s, subject: [] })],
    [
      'with a subject without digest',
      'trust.attestation-malformed',
      (s) => ({ ...s, subject: [...s.subject, { name: 'x' }] }),
    ],
    [
      'with digests in capitals',
      'trust.attestation-malformed',
      (s) => {
        s.subject[0]!.digest.sha256 = s.subject[0]!.digest.sha256.toUpperCase();
      },
    ],
    ['as a list', 'trust.attestation-malformed', (s) => [s]],
  ];
  test.each(changed)('%s: %s', async (_, code, change) => {
    expect(await come(judgeChanged(change))).toBe(code);
  });

  test('made for another package, whole and well signed', async () => {
    const other = await buildPackage(buildInput({ version: '1.2.4', provenance: SOURCE }));
    expect(await come(judge(sealed(encodeStatement(statementOf(other)))))).toBe(
      'trust.attestation-other-package',
    );
  });

  test('with a field twice, or nested beyond measure', async () => {
    const text = JSON.stringify(statementOf());
    const twice = text.replace('"subject"', '"subject":[],"subject"');
    const deep = text.replace('"predicate":', `"x":${'['.repeat(40)}${']'.repeat(40)},"predicate":`);
    expect(await come(judge(sealed(utf8(twice))))).toBe('trust.attestation-malformed');
    expect(await come(judge(sealed(utf8(deep))))).toBe('trust.attestation-malformed');
  });

  test('under another payload type, whichever of the two was signed', async () => {
    const payload = encodeStatement(statementOf());
    const other = 'application/json';
    expect(await come(judge(sealed(payload, [attester], other)))).toBe('trust.attestation-type');
    const signatures = [signatureBy(attester, payload, other)];
    const moved = encodeEnvelope({ payloadType: STATEMENT_PAYLOAD_TYPE, payload, signatures });
    expect(await come(judge(moved))).toBe('trust.attestation-signature');
  });

  test('by a stranger, by nobody trusted, or with a signature broken beside a good one', async () => {
    const payload = encodeStatement(statementOf());
    expect(await come(judge(sealed(payload, [stranger])))).toBe('trust.attestation-untrusted');
    expect(await come(judge(sound, { attesters: [] }))).toBe('trust.attestation-untrusted');
    const good = signatureBy(attester, payload);
    const broken = { ...good, sig: good.sig.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) };
    for (const signatures of [
      [good, broken],
      [broken, good],
      [broken],
      [{ ...good, sig: Uint8Array.of(1) }],
    ]) {
      const envelope = encodeEnvelope({ payloadType: STATEMENT_PAYLOAD_TYPE, payload, signatures });
      expect(await come(judge(envelope))).toBe('trust.attestation-signature');
    }
    const posing = { keyid: attester.key.keyId, sig: signatureBy(stranger, payload).sig };
    const posed = encodeEnvelope({
      payloadType: STATEMENT_PAYLOAD_TYPE,
      payload,
      signatures: [posing, good],
    });
    expect(await come(judge(posed))).toBe('trust.attestation-signature');
  });

  test('with a signature of the package for one of its own, nor the reverse', async () => {
    const { container } = await signedPackage(attester);
    const payload = encodeStatement(statementOf());
    const [signature] = decodeSignatures(container.signaturesBytes!);
    const sig = { keyid: signature!.keyId, sig: signature!.signature };
    const bytes = encodeEnvelope({ payloadType: STATEMENT_PAYLOAD_TYPE, payload, signatures: [sig] });
    expect(await come(judge(bytes))).toBe('trust.attestation-signature');

    const moved = { key: attester.key, sign: async () => signatureBy(attester, payload).sig };
    await expect(buildPackage(buildInput({ signers: [moved] }))).rejects.toMatchObject({
      code: 'pack.signature-invalid',
    });
    const { manifestBytes } = container;
    const message = await signedMessage(manifestBytes);
    const overDigest = { keyid: attester.key.keyId, sig: attester.sign(message) };
    const swapped = encodeEnvelope({
      payloadType: STATEMENT_PAYLOAD_TYPE,
      payload: manifestBytes,
      signatures: [overDigest],
    });
    expect(await come(judge(swapped))).toBe('trust.attestation-signature');
  });

  test('with a byte of it changed: it is good only while it says the same', async () => {
    const { payload } = decodeEnvelope(sound);
    for (let at = 0; at < sound.length; at += 7) {
      const copy = sound.slice();
      copy[at] = (copy[at] as number) ^ 1;
      const finding = await judge(copy);
      // Only the hint which key signed is not covered by the signature.
      if (finding.status === 'good') expect(decodeEnvelope(copy).payload).toEqual(payload);
    }
  });
});

async function signedPackage(pair: KeyPair) {
  const signer = { key: pair.key, sign: async (message: Bytes) => pair.sign(message) };
  const { segments } = await buildPackage(buildInput({ signers: [signer] }));
  const bytes = concat(segments);
  const { report } = await verifyPackage(bytes, { kind: 'keys', keys: [pair.key] }, { at: 0 });
  expect(report.verdict).toBe('trusted');
  return { bytes, container: openContainer(bytes) };
}

interface Vector {
  id: string;
  envelope: { payloadType: string };
  trustedKeys: string[];
  threshold: number;
  supportedPayloadTypes: string[];
  expect: 'accept' | 'reject';
}

describe('the vectors of DSSE', () => {
  const { keys, vectors }: { keys: Record<string, string>; vectors: Vector[] } = JSON.parse(
    readFileSync(new URL('../vectors/dsse/vectors.json', import.meta.url), 'utf8'),
  );
  test.each(vectors)(
    '$id: $expect',
    async ({ envelope, trustedKeys, threshold, supportedPayloadTypes, expect: expected }) => {
      const trusted: PublicKey[] = [];
      for (const name of trustedKeys) trusted.push(await importRawPublicKey(fromHex(keys[name]!)!));
      const good = await (async () => {
        if (!supportedPayloadTypes.includes(envelope.payloadType)) return [];
        return (await judgeEnvelope(decodeEnvelope(utf8(JSON.stringify(envelope))), trusted)).good;
      })();
      expect(good.length >= threshold ? 'accept' : 'reject').toBe(expected);
    },
  );
});
