import type { Bytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';

/** WebCrypto as both Node's types and the browser's call it. */
export type Subtle = typeof globalThis.crypto.subtle;

/** SHA-256, 32 bytes. The bytes are read at once: what the caller does with them afterwards does not matter. Throws `trust.webcrypto-missing`. */
export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtleCrypto().digest('SHA-256', bytes));
}

/** WebCrypto's functions. Browsers have them only on pages served securely. Throws `trust.webcrypto-missing`. */
export function subtleCrypto(): Subtle {
  const subtle = globalThis.crypto?.subtle as Subtle | undefined;
  if (subtle === undefined) throw new DfuError('trust.webcrypto-missing', 'WebCrypto is not available');
  return subtle;
}
