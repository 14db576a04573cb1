import { createECDH, createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import type { Bytes } from '../../../src/core/bytes.ts';

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const P256_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

const secretOf = (seed: number): Buffer => createHash('sha256').update(`dfukit fuzz key ${seed}`).digest();

/** The SPKI DER of an Ed25519 key, always the same for a number. */
export function ed25519Der(seed: number): Bytes {
  const key = Buffer.concat([PKCS8_PREFIX, secretOf(seed)]);
  const pub = createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  return new Uint8Array(pub.export({ format: 'der', type: 'spki' }));
}

/** The SPKI DER of a P-256 key, always the same for a number. */
export function p256Der(seed: number): Bytes {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(secretOf(seed));
  return new Uint8Array(Buffer.concat([P256_PREFIX, pair.getPublicKey()]));
}

export function pemOf(der: Bytes): Bytes {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return new Uint8Array(Buffer.from(`-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n`));
}
