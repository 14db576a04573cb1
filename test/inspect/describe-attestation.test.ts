import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { encodeStatement, provenanceStatement } from '../../src/format/attestation.ts';
import { encodeEnvelope } from '../../src/format/dsse-envelope.ts';
import { describeFile } from '../../src/inspect/describe.ts';
import { renderDescription } from '../../src/inspect/render-text.ts';
import { buildPackage } from '../../src/pack/build.ts';
import { buildInput } from '../pack/fixture.ts';
import { expectValid } from '../support/schema.ts';

const { manifest, packageId } = await buildPackage(
  buildInput({
    provenance: { sourceRepository: 'https://example.com/thermo', sourceRevision: 'a1'.repeat(20) },
  }),
);

const TYPE = 'application/vnd.in-toto+json';
const envelope = (payload: Bytes, payloadType = TYPE) =>
  encodeEnvelope({ payloadType, payload, signatures: [{ keyid: 'k\u001b[31m', sig: Uint8Array.of(1) }] });
const sound = envelope(encodeStatement(provenanceStatement(manifest, packageId, { builderId: 'urn:b' })));

describe('an attestation', () => {
  test('is told to a person, every line marked as what it is', async () => {
    const description = await describeFile(sound);
    expectValid('inspect-report-v1', description);
    expect([description.kind, description.problems]).toEqual(['attestation', []]);
    const text = renderDescription(description, 'f');
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    for (const claim of [
      'builder: urn:b',
      `about: ${packageId} thermo-1.2.3`,
      `gitCommit:${'a1'.repeat(20)}`,
    ]) {
      expect(text.split('\n').find((line) => line.includes(claim))).toMatch(/ {2}\[not verified\]$/);
    }
  });

  test.each([
    ['of another payload type', envelope(utf8('x'), 'text/plain'), []],
    ['that holds no statement', envelope(utf8('{}')), ['trust.attestation-malformed']],
    ['that is cut off', sound.slice(0, -9), ['trust.attestation-malformed']],
  ])('%s is described as far as it can be read', async (_, bytes, problems) => {
    const description = await describeFile(bytes as Bytes);
    expectValid('inspect-report-v1', description);
    expect(description.kind).toBe('attestation');
    expect(description.problems.map(({ code }) => code)).toEqual(problems);
  });

  test('of any statement is a description, short and without an exception', async () => {
    const digest = fc.record({ sha256: fc.constant('0'.repeat(64)) });
    const descriptor = fc.record(
      { name: fc.string(), uri: fc.string(), digest },
      { requiredKeys: ['digest'] },
    );
    const statement = fc.record({
      _type: fc.string(),
      predicateType: fc.string(),
      subject: fc.array(descriptor, { minLength: 1, maxLength: 60 }),
      predicate: fc.oneof(
        fc.jsonValue(),
        fc.record({ buildDefinition: fc.record({ resolvedDependencies: fc.array(descriptor) }) }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(statement, async (value) => {
        const text = renderDescription(await describeFile(envelope(utf8(JSON.stringify(value)))), 'f');
        expect(text).toMatch(/^[\x20-\x7e\n]*$/);
        expect(text.split('\n').length).toBeLessThan(70);
      }),
      { numRuns: 50 },
    );
  });
});
