import { type Bytes, equalBytes, toBase64, utf8 } from '../../../src/core/bytes.ts';
import {
  decodeStatement,
  PROVENANCE_TYPE,
  STATEMENT_PAYLOAD_TYPE,
  STATEMENT_TYPE,
} from '../../../src/format/attestation.ts';
import { decodeEnvelope, encodeEnvelope } from '../../../src/format/dsse-envelope.ts';
import { rewriteJson } from '../engine/json.ts';
import { promised, type Target } from '../engine/target.ts';

/** An attestation, envelope and statement: what is read of an envelope is read again when it is written. */
export const target: Target = {
  name: 'attestation',
  maxBytes: 4096,
  seeds: () => {
    const plain = statement();
    return [envelope(plain), envelope(plain).slice(0, -1), plain];
  },
  rewrite: (bytes, random) => rewriteJson(bytes, random, 0),
  words: ['__proto__', '\\u0061', '=', '-_', '+/', 'AA==', 'AB=='],
  run(bytes) {
    // A statement is what a key signed, yet its key may belong to someone else's tools.
    if (bytes[1] === 0x22 && bytes[2] === 0x5f) {
      for (const { sha256 } of decodeStatement(bytes).subjects) {
        promised(sha256 === undefined || /^[0-9a-f]{64}$/.test(sha256), 'digests are digests');
      }
      return true;
    }
    const read = decodeEnvelope(bytes);
    const again = decodeEnvelope(encodeEnvelope(read));
    promised(equalBytes(again.payload, read.payload), 'the payload stays');
    promised(again.payloadType === read.payloadType, 'the type stays');
    const told = (e: typeof read) => e.signatures.map(({ keyid, sig }) => [keyid, toBase64(sig)]);
    promised(JSON.stringify(told(again)) === JSON.stringify(told(read)), 'the signatures stay');
    promised(read.signatures.length > 0, 'it is signed');
    return true;
  },
};

function envelope(payload: Bytes): Bytes {
  const signatures = [{ keyid: 'a'.repeat(64), sig: new Uint8Array(64).fill(7) }];
  return encodeEnvelope({ payloadType: STATEMENT_PAYLOAD_TYPE, payload, signatures });
}

function statement(): Bytes {
  return utf8(
    JSON.stringify({
      _type: STATEMENT_TYPE,
      subject: [
        { name: 'lamp-1.2.3', digest: { sha256: '1'.repeat(64) } },
        { name: 'images/app.bin', digest: { sha256: '2'.repeat(64), sha512: '3' } },
      ],
      predicateType: PROVENANCE_TYPE,
      predicate: {
        buildDefinition: {
          buildType: 'urn:x',
          externalParameters: { name: 'lamp' },
          resolvedDependencies: [
            { name: 'source', uri: 'git+https://example.com/x', digest: { gitCommit: '4'.repeat(40) } },
          ],
        },
        runDetails: { builder: { id: 'https://example.com/ci' }, metadata: { invocationId: 'run-1' } },
      },
    }),
  );
}
