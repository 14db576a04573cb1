import { type Bytes, fromBase64, toBase64, utf8 } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { own, readForeignJson } from './foreign-json.ts';
import {
  MAX_ATTESTATION_BYTES,
  MAX_ATTESTATION_JSON_DEPTH,
  MAX_JSON_ARRAY_ITEMS,
  MAX_SIGNATURES,
} from './limits.ts';

/** A signed message in transport: DSSE v1's JSON envelope (secure-systems-lab/dsse, envelope.md, version 1.0.2). */
export interface DsseEnvelope {
  readonly payloadType: string;
  /** The bytes that were signed, behind their type (`pae`). */
  readonly payload: Bytes;
  readonly signatures: readonly DsseSignature[];
}

export interface DsseSignature {
  /** Which key to try first; signed by nobody, so it decides nothing. Empty where there is none. */
  readonly keyid: string;
  readonly sig: Bytes;
}

/**
 * The bytes of an envelope: one line with its line feed, standard base64, signatures in the order given. A file of one such
 * line is an in-toto bundle too (JSON Lines). Throws `trust.attestation-malformed` for what `decodeEnvelope` would refuse.
 */
export function encodeEnvelope({ payloadType, payload, signatures }: DsseEnvelope): Bytes {
  const bytes = utf8(
    `${JSON.stringify({
      payloadType,
      payload: toBase64(payload),
      signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: toBase64(sig) })),
    })}\n`,
  );
  decodeEnvelope(bytes);
  return bytes;
}

/**
 * An envelope that we or others wrote. None of its signatures is verified here. As the specification demands, either
 * alphabet of base64 is taken (padded, canonical, not mixed), `keyid` may be absent, and fields it does not know are passed
 * over: what stands outside the payload is signed by nobody, and nothing here decides by it. Refused: a field that stands
 * twice, no signature or more than 8, an empty one, an empty payload type, and what is over the limits.
 * Throws `trust.attestation-malformed`.
 */
export function decodeEnvelope(bytes: Bytes): DsseEnvelope {
  if (bytes.length > MAX_ATTESTATION_BYTES) {
    throw malformed(`it has ${bytes.length} bytes, more than ${MAX_ATTESTATION_BYTES}`);
  }
  const value = jsonOf(bytes, 'the envelope');
  const payloadType = own(value, 'payloadType');
  if (typeof payloadType !== 'string' || payloadType === '') throw malformed('it names no payload type');
  const payload = base64Of(own(value, 'payload'));
  if (payload === undefined) throw malformed('its payload is no base64');
  const list = own(value, 'signatures');
  if (!Array.isArray(list) || list.length === 0) throw malformed('it holds no signature');
  if (list.length > MAX_SIGNATURES) throw malformed(`it holds more than ${MAX_SIGNATURES} signatures`);
  return { payloadType, payload, signatures: list.map(signatureOf) };
}

function signatureOf(item: unknown): DsseSignature {
  const keyid = own(item, 'keyid') ?? '';
  const sig = base64Of(own(item, 'sig'));
  if (typeof keyid !== 'string' || sig === undefined || sig.length === 0) {
    throw malformed('a signature of it is malformed');
  }
  return { keyid, sig };
}

/** Either alphabet of RFC 4648, with padding, in its one canonical form; never a mixture of both. */
function base64Of(value: unknown): Bytes | undefined {
  if (typeof value !== 'string') return undefined;
  if (!/[-_]/.test(value)) return fromBase64(value);
  return /[+/]/.test(value) ? undefined : fromBase64(value.replaceAll('-', '+').replaceAll('_', '/'));
}

/** JSON of an attestation, envelope or statement. Throws `trust.attestation-malformed`. */
export function jsonOf(bytes: Bytes, what: string): unknown {
  const read = readForeignJson(bytes, {
    maxDepth: MAX_ATTESTATION_JSON_DEPTH,
    maxItems: MAX_JSON_ARRAY_ITEMS,
  });
  if ('value' in read) return read.value;
  const { fault, offset } = read;
  const at = offset === undefined ? '' : ` (offset ${offset})`;
  throw malformed(`${what} can not be read: ${fault}${at}`, offset === undefined ? {} : { offset });
}

/** The error for whatever is wrong with the form of an attestation. */
export function malformed(what: string, facts: { offset?: number } = {}): DfuError {
  return new DfuError('trust.attestation-malformed', `the attestation: ${what}`, { facts });
}
