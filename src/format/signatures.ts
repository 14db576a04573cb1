import { type Bytes, firstDifference, fromBase64, toBase64, toHex, utf8 } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { sha256 } from '../crypto/sha256.ts';
import { type DigestPayloadType, digestMessage, PAYLOAD_TYPES } from './dsse.ts';
import { checkJsonLimits } from './json-limits.ts';
import { MAX_SIGNATURES, MAX_SIGNATURES_BYTES } from './limits.ts';

export interface PackageSignature {
  /** SHA-256 of the signing key's SPKI DER, lower-case hex. */
  keyId: string;
  signature: Bytes;
}

/** The package id: SHA-256 of the bytes of manifest.json, lower-case hex. */
export async function packageId(manifestBytes: Bytes): Promise<string> {
  return toHex(await sha256(manifestBytes));
}

/**
 * What a key signs: DSSE v1's PAE over the payload type and the 32 bytes of SHA-256 of manifest.json,
 * `DSSEv1 41 application/vnd.dfukit.manifest-digest.v1 32 <32 bytes>`.
 */
export async function signedMessage(manifestBytes: Bytes): Promise<Bytes> {
  return digestMessage(PAYLOAD_TYPES.manifest, manifestBytes);
}

/**
 * The bytes of signatures.json, or of a trust file's detached signatures, sorted by key.
 * Throws `package.signatures-form` for what `decodeSignatures` would refuse.
 */
export function encodeSignatures(
  signatures: readonly PackageSignature[],
  payloadType: DigestPayloadType = PAYLOAD_TYPES.manifest,
): Bytes {
  const sorted = [...signatures].sort((a, b) => (a.keyId < b.keyId ? -1 : a.keyId > b.keyId ? 1 : 0));
  checkList(sorted);
  return render(sorted, payloadType);
}

/**
 * The signatures of a package, or of what `expected` says, exactly as `encodeSignatures` writes them and in no other form. None is verified here.
 * Throws `package.too-large`, `package.json-limit`, `package.signatures-form`, `format.unsupported-version`.
 */
export function decodeSignatures(
  bytes: Bytes,
  expected: DigestPayloadType = PAYLOAD_TYPES.manifest,
): PackageSignature[] {
  if (bytes.length > MAX_SIGNATURES_BYTES) {
    throw new DfuError('package.too-large', `signatures.json has ${bytes.length} bytes`, {
      facts: { size: bytes.length, limit: MAX_SIGNATURES_BYTES },
    });
  }
  checkJsonLimits(bytes, 'signatures.json');
  const envelope = parse(bytes);
  const payloadType = own(envelope, 'payloadType');
  if (typeof payloadType !== 'string') throw formError('it names no payload type');
  if (payloadType !== expected) {
    throw new DfuError(
      'format.unsupported-version',
      `signatures of the unknown type "${shown(payloadType)}"`,
      {
        facts: { payloadType: shown(payloadType) },
      },
    );
  }
  const list = own(envelope, 'signatures');
  if (!Array.isArray(list)) throw formError('it holds no list of signatures');
  const signatures = list.map((item: unknown): PackageSignature => {
    const keyId = own(item, 'keyId');
    const text = own(item, 'signature');
    const signature = typeof text === 'string' ? fromBase64(text) : undefined;
    if (typeof keyId !== 'string' || signature === undefined) throw formError('a signature is malformed');
    return { keyId, signature };
  });
  checkList(signatures);
  const canonical = render(signatures, expected);
  const offset = firstDifference(bytes, canonical);
  if (offset < Math.max(bytes.length, canonical.length)) {
    throw formError(`it is not written in its one form (offset ${offset})`, { offset });
  }
  return signatures;
}

function checkList(signatures: readonly PackageSignature[]): void {
  if (signatures.length === 0) throw formError('the list of signatures is empty');
  if (signatures.length > MAX_SIGNATURES) throw formError(`more than ${MAX_SIGNATURES} signatures`);
  let previous = '';
  for (const { keyId, signature } of signatures) {
    if (!/^[0-9a-f]{64}$/.test(keyId)) throw formError(`"${shown(keyId)}" is no key id`);
    if (signature.length === 0) throw formError(`the signature of ${keyId} is empty`);
    if (keyId === previous) throw formError(`two signatures of ${keyId}`);
    if (keyId < previous) throw formError('the signatures are not sorted by key');
    previous = keyId;
  }
}

function render(signatures: readonly PackageSignature[], payloadType: DigestPayloadType): Bytes {
  const list = signatures.map(({ keyId, signature }) => ({ keyId, signature: toBase64(signature) }));
  return utf8(JSON.stringify({ payloadType, signatures: list }));
}

function parse(bytes: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw formError('it is no JSON', {}, cause);
  }
}

function own(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function formError(what: string, facts: { offset?: number } = {}, cause?: unknown): DfuError {
  return new DfuError('package.signatures-form', `signatures.json: ${what}`, { facts, cause });
}
