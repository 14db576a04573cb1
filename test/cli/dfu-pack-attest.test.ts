import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { beforeEach, describe, expect, test } from 'vitest';
import { main } from '../../src/cli/dfu-pack.ts';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { encodePublicKeyPem, type PublicKey } from '../../src/crypto/public-key.ts';
import { pae } from '../../src/format/dsse.ts';
import { decodeEnvelope, encodeEnvelope } from '../../src/format/dsse-envelope.ts';
import { toDsseSignature } from '../../src/format/dsse-signature.ts';
import { judgeAttestation } from '../../src/verify/attestation.ts';
import { testSigner } from '../pack/fixture.ts';
import { newKeyPair } from '../support/ed25519.ts';
import { testIo } from '../support/io.ts';
import { judge } from '../support/judge.ts';
import { newP256KeyPair } from '../support/p256.ts';
import { ABOUT, AT, type Bench, bench, manifestOf } from './dfu-pack-fixture.ts';

const BUILDER = ['--builder-id', 'https://ci.example.com/release'] as const;
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const TYPE = 'application/vnd.in-toto+json';

const DESCRIPTOR = ['name', 'uri', 'digest', 'content', 'downloadLocation', 'mediaType', 'annotations'];
/**
 * The fields that there are, by in-toto/attestation: protos/in_toto_attestation/v1/statement.proto and
 * predicates/provenance/v1/provenance.proto, with the names that JSON has.
 */
const SPECIFIED: [string[], string[]][] = [
  [[], ['_type', 'subject', 'predicateType', 'predicate']],
  [['subject'], DESCRIPTOR],
  [['predicate'], ['buildDefinition', 'runDetails']],
  [
    ['predicate', 'buildDefinition'],
    ['buildType', 'externalParameters', 'internalParameters', 'resolvedDependencies'],
  ],
  [['predicate', 'buildDefinition', 'resolvedDependencies'], DESCRIPTOR],
  [
    ['predicate', 'runDetails'],
    ['builder', 'metadata', 'byproducts'],
  ],
  [
    ['predicate', 'runDetails', 'builder'],
    ['id', 'version', 'builderDependencies'],
  ],
];

let b: Bench;
beforeEach(async () => {
  b = await bench();
  const source = ['--source-repository', 'https://example.com/thermo', '--source-revision', COMMIT];
  await b.write('sbom.json', '{}');
  await b.ok('app.bin', ...ABOUT, ...AT, ...source, '--sbom', 'sbom.json', '-o', 'p');
});

/** Asks sigstore's verifier; it wants a bundle around the envelope, and takes the key as trusted. */
function sigstoreVerifies(envelope: Bytes, key: PublicKey): void {
  const bundle = bundleFromJSON({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: key.keyId }, tlogEntries: [] },
    dsseEnvelope: JSON.parse(new TextDecoder().decode(envelope)),
  });
  const publicKey = createPublicKey(encodePublicKeyPem(key));
  const nothing = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
  const root = { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1', ...nothing };
  const material = {
    ...toTrustMaterial(root, {}),
    publicKey: () => ({ publicKey, validFor: () => true }),
  };
  const none = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
  new Verifier(material, none).verify(toSignedEntity(bundle));
}

describe('dfu-pack attest', () => {
  test('writes what the manifest says of the source and the operator of the builder', async () => {
    const before = await b.read('p');
    const document = await b.json('attest', 'p', ...BUILDER, '--key', 'a.pem', '-o', 'p.intoto.json');
    const manifest = manifestOf(before);
    const [image] = manifest.images;
    const statement = {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [
        { name: 'acme-thermo-1.2.3', digest: { sha256: document.package.packageId } },
        { name: 'images/application.bin', digest: { sha256: image!.sha256 } },
      ],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {
        buildDefinition: {
          buildType: 'urn:dfukit:dfu-pack-build:v1',
          externalParameters: {
            name: 'acme-thermo',
            version: '1.2.3',
            securityCounter: 0,
            product: 'acme-thermo',
          },
          resolvedDependencies: [
            { name: 'source', uri: 'git+https://example.com/thermo', digest: { gitCommit: COMMIT } },
            { name: 'sbom', digest: { sha256: manifest.provenance!.sbom } },
          ],
        },
        runDetails: { builder: { id: 'https://ci.example.com/release' } },
      },
    };
    const envelope = decodeEnvelope(await b.read('p.intoto.json'));
    expect(envelope.payloadType).toBe(TYPE);
    expect(JSON.parse(new TextDecoder().decode(envelope.payload))).toEqual(statement);
    for (const [path, fields] of SPECIFIED) {
      const at = path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], statement);
      for (const one of Array.isArray(at) ? at : [at])
        expect(fields).toEqual(expect.arrayContaining(Object.keys(one)));
    }
    expect(document).toMatchObject({
      command: 'attest',
      statement,
      signedBy: [(await testSigner(1)).key.keyId],
    });
    expect(await b.read('p')).toEqual(before);
  });

  test('gives the same bytes for the same input, and tells of the run only what it is told', async () => {
    const run = [
      ...['--invocation-id', 'run 7', '--build-type', 'https://example.com/build/v1'],
      ...['--started-on', '2026-01-02T03:04:05Z', '--finished-on', '2026-01-02T03:05:00Z'],
    ];
    for (const file of ['1', '2'])
      await b.ok('attest', 'p', ...BUILDER, ...run, '--key', 'a.pem', '-o', file);
    expect(await b.read('1')).toEqual(await b.read('2'));
    const statement = JSON.parse(new TextDecoder().decode(decodeEnvelope(await b.read('1')).payload));
    expect(statement.predicate.buildDefinition.buildType).toBe('https://example.com/build/v1');
    expect(statement.predicate.runDetails.metadata).toEqual({
      invocationId: 'run 7',
      startedOn: '2026-01-02T03:04:05Z',
      finishedOn: '2026-01-02T03:05:00Z',
    });
  });

  test('takes builder and run from the CI system where it is asked to', async () => {
    const variables = {
      GITHUB_ACTIONS: 'true',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'acme/thermo',
      GITHUB_WORKFLOW_REF: 'acme/thermo/.github/workflows/release.yml@refs/tags/v1',
      GITHUB_RUN_ID: '17',
      GITHUB_RUN_ATTEMPT: '2',
    };
    const io = testIo(b.folder, { variables });
    const exit = await main(['attest', 'p', '--provenance', '--key', 'a.pem', '-o', 'a', '--json'], io);
    expect([exit, JSON.parse(io.stdout()).statement.predicate.runDetails]).toEqual([
      0,
      {
        builder: { id: 'https://github.com/acme/thermo/.github/workflows/release.yml@refs/tags/v1' },
        metadata: { invocationId: 'https://github.com/acme/thermo/actions/runs/17/attempts/2' },
      },
    ]);
    const elsewhere = testIo(b.folder, { variables: { CIRCLECI: 'true' } });
    expect(await main(['attest', 'p', '--provenance', '--key', 'a.pem', '-o', 'x'], elsewhere)).toBe(2);
    expect(elsewhere.stderr()).toContain('[pack.provenance-missing]');
  });

  const refused: [string, string, string[]][] = [
    ['without a builder', 'usage.invalid', ['--key', 'a.pem']],
    ['without a key', 'usage.invalid', [...BUILDER]],
    ['with a builder that is no URI', 'usage.invalid', ['--key', 'a.pem', '--builder-id', 'release']],
    [
      'with a password in the builder',
      'usage.invalid',
      ['--key', 'a.pem', '--builder-id', 'https://u:s3cr3t@h/'],
    ],
    [
      'with a time that there is not',
      'usage.invalid',
      [...BUILDER, '--key', 'a.pem', '--started-on', '2026-02-30T00:00:00Z'],
    ],
    ['with the same key twice', 'pack.already-signed', [...BUILDER, '--key', 'a.pem', '--key', 'a.pem']],
    ['over its package', 'usage.invalid', [...BUILDER, '--key', 'a.pem', '-o', 'p', '--force']],
  ];
  test.each(refused)('is refused %s', async (_, code, argv) => {
    const output = argv.includes('-o') ? [] : ['-o', 'out'];
    expect(await b.refused(2, code, 'attest', 'p', ...argv, ...output)).not.toContain('s3cr3t');
  });

  test('vouches for no package that is not sound', async () => {
    const bytes = await b.read('p');
    await b.write('p', bytes.slice(0, -1));
    await b.refused(3, 'package.truncated', 'attest', 'p', ...BUILDER, '--key', 'a.pem', '-o', 'out');
  });
});

describe('an attestation, to others', () => {
  test("is good to sigstore's verifier, each of two signatures for itself; and not when a byte of it differs", async () => {
    await b.ok('attest', 'p', ...BUILDER, '--key', 'a.pem', '--key', 'b.pem', '-o', 'p.intoto.json');
    const { payload, payloadType, signatures } = decodeEnvelope(await b.read('p.intoto.json'));
    expect(signatures).toHaveLength(2);
    for (const [index, seed] of [1, 2].entries()) {
      const { key } = await testSigner(seed);
      // Its bundles hold one signature; an envelope of several stands for as many of one (envelope.md).
      const alone = { payloadType, signatures: [signatures[index]!] };
      sigstoreVerifies(encodeEnvelope({ ...alone, payload }), key);
      const changed = payload.map((byte, at) => (at === 9 ? byte ^ 1 : byte));
      expect(() => sigstoreVerifies(encodeEnvelope({ ...alone, payload: changed }), key)).toThrow(
        /signature/,
      );
    }
  });

  test("is good to sigstore's verifier under a P-256 key too, whose signatures others write as DER", async () => {
    const pair = await newP256KeyPair();
    const payload = utf8('{}');
    const sig = toDsseSignature('ecdsa-p256', pair.sign(pae(TYPE, payload)));
    sigstoreVerifies(
      encodeEnvelope({ payloadType: TYPE, payload, signatures: [{ keyid: '', sig }] }),
      pair.key,
    );
  });

  test('is good to OpenSSL over the pre-authentication encoding', async () => {
    await b.ok('attest', 'p', ...BUILDER, '--key', 'a.pem', '-o', 'p.intoto.json');
    const { payload, signatures } = decodeEnvelope(await b.read('p.intoto.json'));
    const header = Buffer.from(`DSSEv1 28 ${TYPE} ${payload.length} `);
    await b.write('message', Buffer.concat([header, payload]));
    await b.write('sig', signatures[0]!.sig);
    const args = [
      'pkeyutl',
      '-verify',
      '-rawin',
      '-pubin',
      '-inkey',
      'a.pub',
      '-in',
      'message',
      '-sigfile',
      'sig',
    ];
    expect(judge('openssl', args, { cwd: b.folder }).status).toBe(0);
  });
});

describe('an attestation of others', () => {
  test('counts here: by another writer of DSSE, in its own order and with the fields of its own', async () => {
    const bytes = await b.read('p');
    const manifest = manifestOf(bytes);
    const { package: facts } = await b.json('attest', 'p', ...BUILDER, '--key', 'a.pem', '-o', 'own');
    const packageId = String(facts.packageId);
    const payload = Buffer.from(
      JSON.stringify(
        {
          predicateType: 'https://slsa.dev/provenance/v1',
          _type: 'https://in-toto.io/Statement/v1',
          subject: [
            { digest: { sha256: packageId } },
            ...manifest.images.map(({ sha256 }) => ({ name: 'out/app.bin', digest: { sha256 } })),
          ],
          predicate: {
            buildDefinition: {
              buildType: 'https://example.com/b/v1',
              externalParameters: {},
              internalParameters: {},
            },
            runDetails: { builder: { id: 'https://example.com/builder', version: { a: '1' } } },
          },
        },
        null,
        2,
      ),
    );
    for (const [pair, key] of await signers()) {
      const message = Buffer.from(`DSSEv1 ${TYPE.length} ${TYPE} ${payload.length} ${payload}`);
      const sig = sign(key.asymmetricKeyType === 'ec' ? 'sha256' : null, message, key).toString('base64url');
      const padded = sig.padEnd(Math.ceil(sig.length / 4) * 4, '=');
      const envelope = {
        payload: payload.toString('base64'),
        payloadType: TYPE,
        signatures: [{ sig: padded, cert: 'x' }],
      };
      const finding = await judgeAttestation({
        envelope: utf8(JSON.stringify(envelope)),
        attesters: [pair],
        packageId,
        imageDigests: manifest.images,
      });
      expect(finding).toMatchObject({ status: 'good', builderId: 'https://example.com/builder' });
    }
  });
});

/** One Ed25519 key, and P-256 often enough to meet an s in the upper half. */
async function signers(): Promise<[PublicKey, KeyObject][]> {
  const ed25519 = await newKeyPair();
  const p256 = await newP256KeyPair();
  return [
    [ed25519.key, ed25519.privateKey],
    ...Array.from({ length: 8 }, (): [PublicKey, KeyObject] => [p256.key, p256.privateKey]),
  ];
}
