import { equalBytes, fromBase64 } from '../../../src/core/bytes.ts';
import { importPublicKey, publicKeyDer } from '../../../src/crypto/public-key.ts';
import { verifySignature } from '../../../src/crypto/signature.ts';
import { ed25519Der, p256Der } from '../engine/keys.ts';
import { vectorFiles } from '../engine/seeds.ts';
import { promised, type Target } from '../engine/target.ts';

/** A key that is taken has the encoding that was given, and a signature that nobody made is not good under it. */
export const target: Target = {
  name: 'key-der',
  maxBytes: 512,
  seeds: () =>
    [ed25519Der(1), p256Der(1)].concat(
      vectorFiles('hostile/files', '.pem').flatMap((pem) => {
        const body = new TextDecoder().decode(pem).replace(/-----[^-]*-----|\s/g, '');
        return fromBase64(body) ?? [];
      }),
    ),
  async run(bytes) {
    const key = await importPublicKey(bytes);
    promised(equalBytes(publicKeyDer(key), bytes), 'encoding gives the same bytes');
    // Zeros are R of small order and S = 0; the rest is taken from the input.
    const signature = new Uint8Array(64);
    signature.set(bytes.subarray(-Math.min(bytes.length, 32)));
    promised(!(await verifySignature(key, bytes, new Uint8Array(64))), 'zeros are no signature');
    promised(!(await verifySignature(key, bytes, signature)), 'the key itself is no signature');
    return true;
  },
};
