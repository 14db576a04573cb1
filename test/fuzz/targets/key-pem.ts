import { decodePublicKeyPem, encodePublicKeyPem } from '../../../src/crypto/public-key.ts';
import { ed25519Der, p256Der, pemOf } from '../engine/keys.ts';
import { vectorFiles } from '../engine/seeds.ts';
import { promised, type Target } from '../engine/target.ts';

/** A key file that is taken is the one PEM form of its key, but for the line ends. */
export const target: Target = {
  name: 'key-pem',
  maxBytes: 2048,
  seeds: () => [pemOf(ed25519Der(1)), pemOf(p256Der(1)), ...vectorFiles('hostile/files', '.pem')],
  repair: (bytes) =>
    pemOf(
      new Uint8Array(
        Buffer.from(new TextDecoder('latin1').decode(bytes).replace(/-----[^-]*-----/g, ''), 'base64'),
      ),
    ),
  words: [
    '-----BEGIN PUBLIC KEY-----',
    '-----END PUBLIC KEY-----',
    '-----BEGIN PRIVATE KEY-----',
    '\r\n',
    '\n\n',
    '=',
    '==',
  ],
  async run(bytes) {
    const text = new TextDecoder('latin1').decode(bytes);
    const key = await decodePublicKeyPem(text);
    const lines = (pem: string) => pem.replaceAll('\r\n', '\n').replace(/\n$/, '');
    promised(lines(encodePublicKeyPem(key)) === lines(text), 'encoding gives the same text');
    return true;
  },
};
