import type { Bytes } from '../core/bytes.ts';
import { decodeStatement, STATEMENT_PAYLOAD_TYPE } from '../format/attestation.ts';
import { decodeEnvelope } from '../format/dsse-envelope.ts';
import { MAX_ATTESTATION_BYTES } from '../format/limits.ts';
import type { AttestationDescription } from './description.ts';

const BRACE = 0x7b;

/** Whether it looks like a DSSE envelope: a JSON object with a payload type. */
export function looksLikeEnvelope(bytes: Bytes): boolean {
  return (
    bytes[0] === BRACE &&
    bytes.length <= MAX_ATTESTATION_BYTES &&
    new TextDecoder().decode(bytes).includes('"payloadType"')
  );
}

/** What an envelope says, and the statement in it. Throws `trust.attestation-malformed`. */
export function describeAttestation(bytes: Bytes): AttestationDescription {
  const { payloadType, payload, signatures } = decodeEnvelope(bytes);
  const envelope = { verified: false, payloadType, keyIds: signatures.map(({ keyid }) => keyid) } as const;
  if (payloadType !== STATEMENT_PAYLOAD_TYPE) return envelope;
  const { type, predicateType, subjects, buildType, builderId, invocationId, dependencies } =
    decodeStatement(payload);
  return {
    ...envelope,
    statement: {
      type,
      predicateType,
      subjects,
      ...(buildType === undefined ? {} : { buildType }),
      ...(builderId === undefined ? {} : { builderId }),
      ...(invocationId === undefined ? {} : { invocationId }),
      dependencies: dependencies.map(({ uri, digests }) => ({
        ...(uri === undefined ? {} : { uri }),
        digests: [...digests].map(([algorithm, value]) => `${algorithm}:${value}`),
      })),
    },
  };
}
