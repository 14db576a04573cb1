// Makes the golden corpus anew: `node test/vectors/golden/make.mjs`. The same files on every machine, on every day, and
// nothing of dfukit in their making. What a release published stays as it is: a later release adds a folder of its own.
// How each is judged is in verdicts.json, written once by `record.mjs` and compared ever after.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cases } from './make/cases.mjs';
import { KEYS } from './make/keys.mjs';
import { trustFiles, updates } from './make/trust.mjs';

export const RELEASE = 'v0.1';

/** All files with their bytes, `cases.json` among them. */
export function makeGolden() {
  const files = new Map();
  const put = (name, bytes) => {
    const known = files.get(name);
    if (known !== undefined && !known.equals(bytes)) throw new Error(`two files are called ${name}`);
    files.set(name, bytes);
    return name;
  };
  for (const [name, { pem }] of Object.entries(KEYS)) put(`${name}.pem`, Buffer.from(pem));
  for (const [name, bytes] of Object.entries(trustFiles)) put(`${name}.json`, bytes);
  const index = {
    about:
      'Made by make.mjs. Test keys: their secrets are in the script, nothing signed by them means anything.',
    packages: cases.map(({ name, bytes, attestation, verdict, code, ...asked }) => ({
      name,
      file: put(`${asked.file ?? name}.dfupkg`, bytes),
      ...(attestation === undefined ? {} : { attestation: put(`${name}.intoto.json`, attestation) }),
      trust: asked.trust,
      options: asked.options,
      verdict,
      ...(code === undefined ? {} : { code }),
    })),
    updates: updates.map(({ name, current, chain, at, result }) => ({
      name,
      current,
      chain: chain.map(({ file, bytes, signatures }) => ({
        file: put(`${file}.json`, bytes),
        ...(signatures === undefined
          ? {}
          : { signatures: put(`${name}-${file}.signatures.json`, signatures) }),
      })),
      at,
      result,
    })),
  };
  put('cases.json', Buffer.from(`${JSON.stringify(index, null, 2)}\n`));
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = new URL(`./${RELEASE}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (file !== 'verdicts.json') rmSync(new URL(file, folder));
  for (const [file, bytes] of makeGolden()) writeFileSync(new URL(file, folder), bytes);
}
