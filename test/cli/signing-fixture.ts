import { createPrivateKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testKeyPem } from '../pack/fixture.ts';

/** Writes a program, to be run by Node, that signs its stdin with a test key, as `--signer` wants it. */
export async function writeSignerProgram(folder: string, name: string, seed: number): Promise<void> {
  await writeFile(
    join(folder, name),
    `const { createPrivateKey, sign } = require('node:crypto');
const { readFileSync, writeSync } = require('node:fs');
writeSync(1, sign(null, readFileSync(0), createPrivateKey(${JSON.stringify(testKeyPem(seed))})));
`,
  );
}

/** A test key encrypted by OpenSSL inside Node, with a cost that is nothing: PBKDF2 with 2048 iterations. */
export function lockedKeyPem(seed: number, passphrase: string): string {
  const key = createPrivateKey(testKeyPem(seed));
  return key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }).toString();
}
