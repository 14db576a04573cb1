import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Bytes, concat, fromHex } from '../../src/core/bytes.ts';
import { importPublicKey, type PublicKey } from '../../src/crypto/public-key.ts';

/** The bytes of a hex string that stands in a test. */
export function hexBytes(hex: string): Bytes {
  const value = fromHex(hex);
  if (value === undefined) throw new Error(`no hex: ${hex}`);
  return value;
}

/** The key with these 32 bytes as its point. */
export function keyOfPoint(rawHex: string): Promise<PublicKey> {
  return importPublicKey(concat([hexBytes('302a300506032b6570032100'), hexBytes(rawHex)]));
}

export interface KeyPair {
  key: PublicKey;
  privateKey: KeyObject;
  sign(message: Uint8Array): Bytes;
}

/** A new key pair, by OpenSSL inside Node. */
export async function newKeyPair(): Promise<KeyPair> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = await importPublicKey(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })));
  return { key, privateKey, sign: (message) => new Uint8Array(sign(null, message, privateKey)) };
}
