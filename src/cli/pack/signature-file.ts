import { type Bytes, fromBase64, fromHex } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { SIGNATURE_BYTES } from '../../crypto/signature.ts';

/**
 * 64 bytes as they are, or as text: 128 digits of hex, or base64. White space does not count. `file` is the file's name, for the
 * message. Throws `pack.signature-form`.
 */
export function decodeSignature(bytes: Bytes, file: string): Bytes {
  if (bytes.length === SIGNATURE_BYTES) return bytes;
  const text = new TextDecoder('latin1').decode(bytes).replace(/\s/g, '');
  const decoded = text.length === 2 * SIGNATURE_BYTES ? fromHex(text) : fromBase64(text);
  if (decoded?.length === SIGNATURE_BYTES) return decoded;
  throw new DfuError(
    'pack.signature-form',
    `${shown(file)} has ${bytes.length} bytes that are no signature of ${SIGNATURE_BYTES} bytes`,
    { facts: { file: shown(file), size: bytes.length } },
  );
}
