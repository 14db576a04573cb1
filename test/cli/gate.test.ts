import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { main as dfuFlash } from '../../src/cli/dfu-flash.ts';
import { main as dfuVerify } from '../../src/cli/dfu-verify.ts';
import { type Bytes, concat, toBase64 } from '../../src/core/bytes.ts';
import { publicKeyDer } from '../../src/crypto/public-key.ts';
import { digestMessage, PAYLOAD_TYPES } from '../../src/format/dsse.ts';
import { encodeManifest } from '../../src/format/manifest.ts';
import { encodePackage } from '../../src/format/package.ts';
import { encodeSignatures } from '../../src/format/signatures.ts';
import type { TrustFileDocument } from '../../src/format/trust-file.ts';
import { loadTrustFile } from '../../src/format/trust-file-load.ts';
import { verifyPackage } from '../../src/verify/verify.ts';
import { testIo } from '../support/io.ts';
import { tempFolder } from '../support/temp.ts';
import {
  AT,
  SAMPLE_IMAGE,
  sampleManifest,
  samplePackage,
  signManifest,
  signWith,
  type TestKey,
  testKey,
} from '../verify/fixture.ts';

const [alice, bob, carol, stranger] = (await Promise.all([11, 12, 13, 14].map(testKey))) as [
  TestKey,
  TestKey,
  TestKey,
  TestKey,
];
const PRODUCT = 'acme-thermo';

const entry = ({ public: key }: TestKey) => ({ publicKey: toBase64(publicKeyDer(key)) });

/** Three signers of whom two are needed; carol is revoked. */
function trustFile(rule: object = {}): TrustFileDocument {
  return {
    formatVersion: 1,
    version: 1,
    notAfter: '2027-01-01T00:00:00Z',
    keys: { alice: entry(alice), bob: entry(bob), carol: { ...entry(carol), revoked: true } },
    rules: [{ product: PRODUCT, signers: ['alice', 'bob', 'carol'], threshold: 2, ...rule }],
  };
}

/** A package around this manifest, with these bytes as its signatures.json. */
async function sealed(signatures: (manifest: Bytes) => Promise<Bytes>): Promise<Bytes> {
  const manifest = encodeManifest(sampleManifest());
  const images = [{ name: 'application', format: 'raw' as const, bytes: SAMPLE_IMAGE }];
  return concat(encodePackage({ manifest, signatures: await signatures(manifest), images }));
}

/** Both sign, but what the second signs is something else. */
function withOther(message: (manifest: Bytes) => Promise<Bytes>): Promise<Bytes> {
  return sealed(async (manifest) => {
    const own = await digestMessage(PAYLOAD_TYPES.manifest, manifest);
    return encodeSignatures([
      { keyId: alice.public.keyId, signature: signWith(alice, own) },
      { keyId: bob.public.keyId, signature: signWith(bob, await message(manifest)) },
    ]);
  });
}

/** signatures.json with the first signature twice: no writer of ours makes it. */
async function twice(manifest: Bytes): Promise<Bytes> {
  const text = new TextDecoder().decode(await signManifest(manifest, [alice]));
  return new TextEncoder().encode(text.replace(/\{"keyId[^}]*\}/, '$&,$&'));
}

interface Case {
  bytes: () => Promise<Bytes>;
  trust?: TrustFileDocument;
  code: string;
  exit: number;
}

const CASES: Record<string, Case> = {
  'one signer counted twice': { bytes: () => sealed(twice), code: 'package.signatures-form', exit: 3 },
  'a signature moved from another package': {
    bytes: () =>
      withOther(() =>
        digestMessage(
          PAYLOAD_TYPES.manifest,
          encodeManifest(sampleManifest({ manifest: { name: 'other' } })),
        ),
      ),
    code: 'trust.signature-invalid',
    exit: 4,
  },
  "a trust file's signature used for a manifest": {
    bytes: () => withOther((manifest) => digestMessage(PAYLOAD_TYPES.trust, manifest)),
    code: 'trust.signature-invalid',
    exit: 4,
  },
  'enough trusted signatures, and a broken one': {
    bytes: () => samplePackage({ keys: [alice, bob, { ...carol, private: stranger.private }] }),
    code: 'trust.signature-invalid',
    exit: 4,
  },
  'the threshold filled only by a revoked key': {
    bytes: () => samplePackage({ keys: [alice, carol] }),
    code: 'trust.key-revoked',
    exit: 5,
  },
  'the threshold filled only by a stranger': {
    bytes: () => samplePackage({ keys: [alice, stranger] }),
    code: 'trust.threshold',
    exit: 4,
  },
  'a product that looks alike': {
    bytes: () => samplePackage({ keys: [alice, bob] }),
    trust: trustFile({ product: 'acme-therm0' }),
    code: 'trust.no-rule',
    exit: 4,
  },
  'a product of another case': {
    bytes: () => samplePackage({ keys: [alice, bob], manifest: { target: { product: 'Acme-thermo' } } }),
    code: 'trust.no-rule',
    exit: 4,
  },
};

describe('each with its own code, by library and programs', () => {
  test.each(Object.entries(CASES))('%s', async (_, { bytes, trust = trustFile(), code, exit }) => {
    const content = await bytes();
    const judged = await verifyPackage(
      content,
      { kind: 'file', file: await loadTrustFile(trust) },
      { at: AT },
    );
    expect(judged.report).toMatchObject({ code, exit });
    expect(judged.verified).toBeUndefined();

    const folder = await tempFolder();
    await writeFile(join(folder, 'p.dfupkg'), content);
    await writeFile(join(folder, 'trust.json'), JSON.stringify(trust));
    for (const program of [dfuVerify, dfuFlash]) {
      const io = testIo(folder, { now: new Date(AT) });
      const port = program === dfuFlash ? ['--port', '/dev/null/none'] : [];
      expect(await program(['p.dfupkg', '--trust', 'trust.json', ...port], io)).toBe(exit);
      expect(io.stdout() + io.stderr()).toContain(`[${code}]`);
    }
  });

  test('one secret as two keys', async () => {
    const keys = { ...trustFile().keys, mallory: entry(alice) };
    await expect(loadTrustFile({ ...trustFile(), keys })).rejects.toMatchObject({
      code: 'trust.file-key-twice',
    });
  });

  test('exactly the threshold: accepted', async () => {
    const file = await loadTrustFile(trustFile());
    const bytes = await samplePackage({ keys: [alice, bob] });
    expect((await verifyPackage(bytes, { kind: 'file', file }, { at: AT })).report.verdict).toBe('trusted');
  });
});

describe('by the command line', () => {
  async function run(
    program: typeof dfuVerify,
    args: string[],
    trust: object = trustFile(),
    at = AT,
  ): Promise<{ exit: number; text: string }> {
    const folder = await tempFolder();
    await writeFile(join(folder, 'p.dfupkg'), await samplePackage({ keys: [alice, bob] }));
    await writeFile(join(folder, 'trust.json'), JSON.stringify(trust));
    await writeFile(join(folder, 'alice.pem'), alice.pem);
    const io = testIo(folder, { now: new Date(at) });
    const exit = await program(['p.dfupkg', ...args], io);
    return { exit, text: io.stdout() + io.stderr() };
  }

  test.each([
    [['--key', 'alice.pem', '--trust', 'trust.json'], '--key and --trust exclude each other'],
    [['--trust', 'trust.json', '--allow-unsigned'], '--trust and --allow-unsigned exclude each other'],
    [['--key', 'alice.pem', '--attestation', 'a.json'], '--attestation needs --trust'],
    [['--key', 'alice.pem', '--require', 'attestation'], 'judged by a trust file alone'],
  ])('%s is a usage error', async (args, message) => {
    for (const program of [dfuVerify, dfuFlash]) {
      const port = program === dfuFlash ? ['--simulate', 'gecko'] : [];
      const { exit, text } = await run(program, [...args, ...port]);
      expect(exit).toBe(2);
      expect(text).toContain(message);
    }
  });

  test('a trust file that has expired judges nothing', async () => {
    const { exit, text } = await run(
      dfuVerify,
      ['--trust', 'trust.json'],
      trustFile(),
      '2027-01-01T00:00:00Z',
    );
    expect(exit).toBe(5);
    expect(text).toContain('[trust.file-expired]');
  });

  test('who counted stands in the text', async () => {
    const { exit, text } = await run(dfuVerify, ['--trust', 'trust.json']);
    expect(exit).toBe(0);
    expect(text).toContain(`signed by alice, key ${alice.public.keyId}`);
  });

  test('dfu-flash with rules for several products wants to know which the device is', async () => {
    const [rule] = trustFile().rules;
    const several = { ...trustFile(), rules: [rule, { ...rule, product: 'acme-pump' }] };
    const simulated = ['--trust', 'trust.json', '--simulate', 'gecko', '--dry-run'];
    const untold = await run(dfuFlash, simulated, several);
    expect(untold.exit).toBe(2);
    expect(untold.text).toContain('rules for 2 products');
    const station: typeof dfuFlash = (argv, io) => dfuFlash(['station', ...argv], io);
    const unready = await run(station, [...simulated.slice(0, -1), '--trigger', 'stdin'], several);
    expect(unready.exit).toBe(2);
    expect(unready.text).toContain('rules for 2 products');
    const other = await run(dfuFlash, [...simulated, '--product', 'acme-pump'], several);
    expect(other.text).toContain('[policy.product]');
    expect(other.exit).toBe(5);
  });
});
