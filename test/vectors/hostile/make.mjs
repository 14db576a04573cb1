// Makes the hostile corpus anew: `node test/vectors/hostile/make.mjs`. The same files on every machine, on every day.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import container from './make/container.mjs';
import { AT, entries, json, manifestValue, signed, TRUSTED, TRUSTED_P256 } from './make/good.mjs';
import images from './make/images.mjs';
import keys from './make/keys.mjs';
import manifest from './make/manifest.mjs';
import p256 from './make/p256.mjs';
import policy from './make/policy.mjs';
import signatures from './make/signatures.mjs';
import { zip } from './make/zip.mjs';

const EXIT = { malformed: 3, corrupt: 3, unsigned: 4, untrusted: 4, refused: 5 };

/** All files with their bytes, and the index that says what is expected of each. */
export function makeCorpus() {
  const packages = [...container, ...signatures, ...p256, ...manifest, ...images, ...policy];
  const files = new Map([
    ['good.dfupkg', zip(entries())],
    ['trusted.pem', Buffer.from(TRUSTED.pem)],
    [
      'good-both.dfupkg',
      zip(entries({ signatures: signed(json(manifestValue()), [TRUSTED, TRUSTED_P256]) })),
    ],
    ['trusted-p256.pem', Buffer.from(TRUSTED_P256.pem)],
    ...[...packages, ...keys].map(({ file, bytes }) => [file, bytes]),
  ]);
  if (files.size !== packages.length + keys.length + 4) throw new Error('two files of one name');
  const index = {
    about:
      'Made by make.mjs. Each package is refused with its code; trusted.pem (Ed25519) and trusted-p256.pem are the trusted keys. good.dfupkg is accepted; good-both.dfupkg, signed by both, is accepted by either key.',
    at: AT,
    good: 'good.dfupkg',
    goodBoth: 'good-both.dfupkg',
    trusted: 'trusted.pem',
    trustedP256: 'trusted-p256.pem',
    packages: packages.map(({ file, threat, what, verdict, code, trust = 'keys', options = {} }) => ({
      file,
      threat,
      what,
      trust,
      options,
      verdict,
      code,
      exit: EXIT[verdict],
    })),
    keys: keys.map(({ file, threat, what, code }) => ({ file, threat, what, code, exit: 2 })),
  };
  files.set('index.json', Buffer.from(`${JSON.stringify(index, null, 2)}\n`));
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = new URL('./files/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) rmSync(new URL(file, folder));
  for (const [file, bytes] of makeCorpus()) writeFileSync(new URL(file, folder), bytes);
}
