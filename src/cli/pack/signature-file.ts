import { type Bytes, fromBase64, fromHex } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { ecdsaSignatureFromDer, normaliseLowS } from '../../crypto/ecdsa-signature.ts';
import type { KeyAlgorithm } from '../../crypto/public-key.ts';
import { SIGNATURE_BYTES } from '../../crypto/signature.ts';

/**
 * The signature in a file that somebody made elsewhere: as it is, or as text in hex or base64, where white space does not
 * count. Ed25519: 64 bytes. P-256: 64 bytes r and s, or DER; of s and n - s it answers the lower one, since tokens
 * choose either. `file` is the file's name, for the message. Throws `pack.signature-form`.
 */
export function decodeSignature(bytes: Bytes, file: string, algorithm: KeyAlgorithm): Bytes {
  const signature = algorithm === 'ed25519' ? plainSignature(bytes) : ecdsaSignature(bytes);
  if (signature !== undefined) return signature;
  const forms = algorithm === 'ed25519' ? '' : ', nor one in DER';
  throw new DfuError(
    'pack.signature-form',
    `${shown(file)} has ${bytes.length} bytes that are no signature of ${SIGNATURE_BYTES} bytes${forms}`,
    { facts: { file: shown(file), size: bytes.length } },
  );
}

function plainSignature(bytes: Bytes): Bytes | undefined {
  return readings(bytes).find(({ length }) => length === SIGNATURE_BYTES);
}

function ecdsaSignature(bytes: Bytes): Bytes | undefined {
  for (const reading of [plainSignature(bytes), ...readings(bytes).map(ecdsaSignatureFromDer)]) {
    if (reading !== undefined) return normaliseLowS(reading);
  }
  return undefined;
}

/** What the bytes of a file can mean: themselves, or what their text stands for. */
function readings(bytes: Bytes): Bytes[] {
  const text = new TextDecoder('latin1').decode(bytes).replace(/\s/g, '');
  return [bytes, fromHex(text), fromBase64(text)].filter((reading) => reading !== undefined);
}
