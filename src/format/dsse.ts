import { type Bytes, concat, utf8 } from '../core/bytes.ts';
import { sha256 } from '../crypto/sha256.ts';

/**
 * What the signatures of this format version are over, each its own type, so that a signature made for one is worth
 * nothing for the other; docs/package-format.md, sections 4 and 6.
 */
export const PAYLOAD_TYPES = {
  manifest: 'application/vnd.dfukit.manifest-digest.v1',
  trust: 'application/vnd.dfukit.trust-digest.v1',
} as const;
export type DigestPayloadType = (typeof PAYLOAD_TYPES)[keyof typeof PAYLOAD_TYPES];

/** DSSE v1's pre-authentication encoding: `DSSEv1 <length of type> <type> <length of body> <body>`, lengths in decimal bytes. */
export function pae(payloadType: string, body: Bytes): Bytes {
  const type = utf8(payloadType);
  return concat([utf8('DSSEv1 '), utf8(`${type.length} `), type, utf8(` ${body.length} `), body]);
}

/** What a key signs for a file: PAE over the payload type and the 32 bytes of the file's SHA-256. */
export async function digestMessage(payloadType: DigestPayloadType, bytes: Bytes): Promise<Bytes> {
  return pae(payloadType, await sha256(bytes));
}
