import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { main } from '../../src/cli/dfu-pack.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import { encodePublicKeyPem } from '../../src/crypto/public-key.ts';
import { decodeManifest, type Manifest } from '../../src/format/manifest.ts';
import { decodeSignatures } from '../../src/format/signatures.ts';
import { openContainer } from '../../src/format/zip.ts';
import { cortexImage, testKeyPem, testSigner } from '../pack/fixture.ts';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { tempFolder } from '../support/temp.ts';

export interface Run {
  exit: number;
  stdout: string;
  stderr: string;
}

/** What the documents of --json may hold; the schema says which has what. */
export interface Document {
  command: string;
  output: string;
  size: number;
  package: Record<string, string | number>;
  signedBy: string[];
  images: Record<string, string | number>[];
  warnings: { code: string; message: string; image?: string }[];
  message: string;
  keyId: string;
  privateKey: string;
  publicKey: string;
  templates: { name: string; title: string }[];
  values: { path: string; value: unknown; origin: string }[];
}

export interface Bench {
  folder: string;
  /** Runs dfu-pack in the folder. */
  run(...argv: string[]): Promise<Run>;
  /** Runs it and expects success. */
  ok(...argv: string[]): Promise<Run>;
  /** Runs it, expects this exit code and error code, and answers what was said. */
  refused(exit: number, code: string, ...argv: string[]): Promise<string>;
  /** Runs it with --json, and holds the document against its schema. */
  json(...argv: string[]): Promise<Document>;
  read(file: string): Promise<Bytes>;
  write(file: string, content: Uint8Array | string): Promise<void>;
}

/** A folder with an image (app.bin, linked for 0x6000) and two private keys (a.pem, b.pem; public: a.pub, b.pub). */
export async function bench(now?: Date): Promise<Bench> {
  const folder = await tempFolder();
  const write = (file: string, content: Uint8Array | string) => writeFile(join(folder, file), content);
  await write('app.bin', cortexImage({ size: 201 }));
  for (const [name, seed] of [
    ['a', 1],
    ['b', 2],
  ] as const) {
    await writeFile(join(folder, `${name}.pem`), testKeyPem(seed), { mode: 0o600 });
    await write(`${name}.pub`, encodePublicKeyPem((await testSigner(seed)).key));
  }
  const run = async (...argv: string[]): Promise<Run> => {
    const io = testIo(folder, now === undefined ? {} : { now });
    const exit = await main(argv, io);
    return { exit, stdout: io.stdout(), stderr: io.stderr() };
  };
  return {
    folder,
    run,
    async ok(...argv) {
      const result = await run(...argv);
      expect([result.exit, result.exit === 0 ? '' : result.stderr]).toEqual([0, '']);
      return result;
    },
    async refused(exit, code, ...argv) {
      const result = await run(...argv);
      expect([result.exit, result.stderr]).toEqual([exit, expect.stringContaining(`[${code}]`)]);
      expect(result.stdout).toBe('');
      return result.stderr;
    },
    async json(...argv) {
      const { exit, stdout, stderr } = await run(...argv, '--json');
      expect([exit, exit === 0 ? '' : stderr]).toEqual([0, '']);
      const document = JSON.parse(stdout);
      expectValid('pack-report-v1', document);
      return document;
    },
    read: async (file) => new Uint8Array(await readFile(join(folder, file))),
    write,
  };
}

/** The least that says what a package is. */
export const ABOUT = ['--product', 'acme-thermo', '--fw-version', '1.2.3'] as const;
export const AT = ['--start-address', '0x6000'] as const;

export function manifestOf(bytes: Bytes): Manifest {
  return decodeManifest(openContainer(bytes).manifestBytes);
}

export function keyIdsOf(bytes: Bytes): string[] {
  const { signaturesBytes } = openContainer(bytes);
  return signaturesBytes === undefined ? [] : decodeSignatures(signaturesBytes).map(({ keyId }) => keyId);
}
