import { equalBytes } from '../../../src/core/bytes.ts';
import { decodeManifest, encodeManifest } from '../../../src/format/manifest.ts';
import { fullManifest } from '../../support/manifest.ts';
import { rewriteJson } from '../engine/json.ts';
import { partsOfPackages } from '../engine/seeds.ts';
import { promised, type Target } from '../engine/target.ts';

/** A manifest that is read is the one form of what it says. */
export const target: Target = {
  name: 'manifest',
  maxBytes: 8192,
  seeds: () => [encodeManifest(fullManifest()), ...partsOfPackages(({ manifestBytes }) => [manifestBytes])],
  rewrite: (bytes, random) => rewriteJson(bytes, random, 2),
  words: [
    '__proto__',
    'constructor',
    'toString',
    '\\u0041',
    '1e1',
    '-0',
    '0.5',
    '9007199254740993',
    '2028-02-29T23:59:59Z',
  ],
  run(bytes) {
    const manifest = decodeManifest(bytes);
    promised(equalBytes(encodeManifest(manifest), bytes), 'encoding gives the same bytes');
    promised(Object.getPrototypeOf(manifest) === Object.prototype, 'nothing is inherited');
    return true;
  },
};
