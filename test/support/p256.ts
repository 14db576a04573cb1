import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Bytes } from '../../src/core/bytes.ts';
import { normaliseLowS } from '../../src/crypto/ecdsa-signature.ts';
import { importPublicKey, type PublicKey } from '../../src/crypto/public-key.ts';
import { hexBytes } from './ed25519.ts';

export const P256_N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
/** What stands before 0x04, X and Y in the SPKI of a P-256 key. */
export const P256_SPKI = '3059301306072a8648ce3d020106082a8648ce3d030107034200';

export interface P256KeyPair {
  key: PublicKey;
  privateKey: KeyObject;
  /** As OpenSSL makes it: r and s, s low or high. */
  signAnyS(message: Uint8Array): Bytes;
  /** With the low s. */
  sign(message: Uint8Array): Bytes;
}

/** A new key pair, by OpenSSL inside Node. */
export async function newP256KeyPair(): Promise<P256KeyPair> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = await importPublicKey(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })));
  const signAnyS = (message: Uint8Array) =>
    new Uint8Array(sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }));
  return { key, privateKey, signAnyS, sign: (message) => normaliseLowS(signAnyS(message)) };
}

/** The key with these 65 bytes as its point. */
export function keyOfP256Point(pointHex: string): Promise<PublicKey> {
  return importPublicKey(hexBytes(`${P256_SPKI}${pointHex}`));
}

/** A number below 2^256 as 64 digits of hex. */
export function hex256(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

/** r and s in DER, written apart from the code under test: by way of hex. */
export function derOfSignature(signature: Uint8Array): Bytes {
  const numbers = [signature.subarray(0, 32), signature.subarray(32)].map((bytes) => {
    const digits = BigInt(`0x${Buffer.from(bytes).toString('hex')}`).toString(16);
    const even = digits.length % 2 === 0 ? digits : `0${digits}`;
    const content = /^[89a-f]/.test(even) ? `00${even}` : even;
    return `02${(content.length / 2).toString(16).padStart(2, '0')}${content}`;
  });
  const content = numbers.join('');
  return hexBytes(`30${(content.length / 2).toString(16).padStart(2, '0')}${content}`);
}
