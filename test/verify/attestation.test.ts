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
import { derOfSignature, newP256KeyPair } from '../support/p256.ts';

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

  test('names the run it comes from, where it does', async () => {
    const finding = await judgeChanged((s) => {
      s.predicate.runDetails.metadata = { invocationId: 'https://ci.example.com/runs/7' };
    });
    expect(finding).toMatchObject({ status: 'good', invocationId: 'https://ci.example.com/runs/7' });
    expect(await judge(sound)).not.toHaveProperty('invocationId');
  });

  test('by several attesters names them all, sorted, each once', async () => {
    const pairs = await Promise.all([newKeyPair(), newKeyPair(), newKeyPair()]);
    const ids = pairs.map(({ key }) => key.keyId).sort();
    const descending = pairs.toSorted((a, b) => (a.key.keyId < b.key.keyId ? 1 : -1));
    const envelope = sealed(encodeStatement(statementOf()), [...descending, descending[0]!]);
    expect(await judge(envelope, { attesters: pairs.map(({ key }) => key) })).toMatchObject({ keyIds: ids });
  });

  test('by a P-256 key counts with r and s or DER, of either s, and not once a byte differs', async () => {
    const p256 = await newP256KeyPair();
    const payload = encodeStatement(statementOf());
    const message = pae(STATEMENT_PAYLOAD_TYPE, payload);
    for (const sig of Array.from({ length: 4 }, () => p256.signAnyS(message))) {
      for (const form of [sig, derOfSignature(sig)]) {
        const broken = form.slice();
        broken[12] = (broken[12] as number) ^ 1;
        for (const keyid of ['', p256.key.keyId]) {
          const come256 = (one: Bytes) =>
            come(
              judge(
                encodeEnvelope({
                  payloadType: STATEMENT_PAYLOAD_TYPE,
                  payload,
                  signatures: [{ keyid, sig: one }],
                }),
                { attesters: [attester.key, p256.key] },
              ),
            );
          expect(await come256(form)).toBe('good');
          expect(await come256(broken)).toMatch(/^trust\.attestation-(untrusted|signature)$/);
        }
      }
    }
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

  test('under the name of one attester and by another', async () => {
    const payload = encodeStatement(statementOf());
    const swapped = { keyid: attester.key.keyId, sig: signatureBy(stranger, payload).sig };
    const parts = { payloadType: STATEMENT_PAYLOAD_TYPE, payload, signatures: [swapped] };
    const keys = [attester.key, stranger.key];
    expect(await come(judge(encodeEnvelope(parts), { attesters: keys }))).toBe('trust.attestation-signature');
    expect(await judgeEnvelope(parts, keys)).toEqual({ good: [], broken: attester.key.keyId });
  });

  test.each<[string, (statement: ProvenanceStatement) => unknown, Record<string, unknown>, string]>([
    [
      'another package',
      (s) => s.subject.shift(),
      { packageId: built.packageId },
      `the attestation does not count: package ${built.packageId} is not among its subjects`,
    ],
    [
      'no word of an image',
      (s) => s.subject.pop(),
      { image: 'images/second.bin', expected: built.manifest.images[1]!.sha256, found: 'none' },
      'the attestation does not count: it does not name the image images/second.bin',
    ],
    [
      'another image of that name',
      (s) => {
        s.subject[2]!.digest.sha256 = '0'.repeat(64);
      },
      { image: 'images/second.bin', expected: built.manifest.images[1]!.sha256, found: '0'.repeat(64) },
      'the attestation does not count: it names another content of images/second.bin',
    ],
    [
      'another commit',
      (s) => {
        s.predicate.buildDefinition.resolvedDependencies![0]!.digest = { gitCommit: 'b2'.repeat(20) };
      },
      { expected: SOURCE.sourceRevision, found: 'b2'.repeat(20) },
      'the attestation does not count: it names another source revision than the manifest',
    ],
    [
      'no build type',
      (s) => {
        s.predicate.buildDefinition.buildType = '';
      },
      {},
      'the attestation names no builder, or no build type',
    ],
  ])('with %s: its facts say what differs', async (_, change, facts, message) => {
    const finding = await judgeChanged((s) => void change(s));
    expect(finding).toMatchObject({ status: 'bad', message });
    expect(finding.status === 'bad' && finding.facts).toStrictEqual(facts);
  });

  test('whose signature is wrong or unknown: the facts say which and how many', async () => {
    const payload = encodeStatement(statementOf());
    const wrong = { keyid: attester.key.keyId, sig: signatureBy(stranger, payload).sig };
    const envelope = encodeEnvelope({
      payloadType: STATEMENT_PAYLOAD_TYPE,
      payload,
      signatures: [wrong],
    });
    expect(await judge(envelope)).toMatchObject({ facts: { keyId: attester.key.keyId } });
    expect(await judge(sealed(payload, [stranger, stranger]))).toMatchObject({ facts: { signatures: 2 } });
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

describe('the source that manifest and attestation name', () => {
  const OTHER = 'b2'.repeat(20);
  /** The judgement of an attestation that says this uri was at another commit than the manifest's. */
  const told = (sourceRepository: string | undefined, uri: string | undefined, digest: object) =>
    come(
      (async () => {
        const statement = structuredClone(statementOf());
        const dependency = { name: 'source', ...(uri === undefined ? {} : { uri }), digest };
        Object.assign(statement.predicate.buildDefinition, { resolvedDependencies: [dependency] });
        const provenance = {
          sourceRevision: SOURCE.sourceRevision,
          ...(sourceRepository === undefined ? {} : { sourceRepository }),
        };
        return judge(sealed(encodeStatement(statement)), { provenance });
      })(),
    );

  test.each<[string, string, 'one' | 'another']>([
    ['https://h.example/a', 'git+https://h.example/a', 'one'],
    ['https://h.example/a.git', 'https://h.example/a', 'one'],
    ['https://h.example/a', 'git+https://h.example/a.git@refs/tags/v1', 'one'],
    ['git+ssh://git@h.example/a', 'git+ssh://git@h.example/a.git@refs/heads/main', 'one'],
    ['https://h.example/a', 'https://h.example/b', 'another'],
    ['https://h.example/a', 'https://h.example/a.gitx', 'another'],
    ['https://h.example/.git-a', 'https://h.example/.git-b', 'another'],
    ['git+ssh://git@h.example/a', 'git+ssh://git@h.example/b', 'another'],
    ['git+ssh://git@h.example/a', 'git+ssh://git@i.example/a', 'another'],
    ['https://me@h.example', 'https://me@i.example', 'another'],
  ])('%s and %s are %s repository', async (repository, uri, are) => {
    const code = are === 'one' ? 'trust.attestation-contradiction' : 'good';
    expect(await told(repository, uri, { gitCommit: OTHER })).toBe(code);
    expect(await told(repository, uri, { gitCommit: SOURCE.sourceRevision })).toBe('good');
  });

  test('is compared only where both name repository and commit', async () => {
    const repository = SOURCE.sourceRepository;
    expect(await told(undefined, repository, { gitCommit: OTHER })).toBe('good');
    expect(await told(repository, undefined, { gitCommit: OTHER })).toBe('good');
    expect(await told(repository, repository, { sha512: 'ab' })).toBe('good');
    expect(await told(repository, repository, { sha1: OTHER })).toBe('trust.attestation-contradiction');
    const unsaid = judge(
      sealed(
        encodeStatement(
          provenanceStatement(
            { ...built.manifest, provenance: { ...SOURCE, sourceRevision: OTHER } },
            built.packageId,
            BUILDER,
          ),
        ),
      ),
      { provenance: { sourceRepository: repository } },
    );
    expect(await come(unsaid)).toBe('good');
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
