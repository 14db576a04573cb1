import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { ERRORS } from '../../src/core/errors.ts';
import { decodePublicKeyPem } from '../../src/crypto/public-key.ts';
import type { Trust } from '../../src/verify/trust.ts';
import { verifyPackage } from '../../src/verify/verify.ts';
import { thrownBy } from '../support/codes.ts';
import { CORPUS_FOLDER, corpus, libraryOptions, readCorpusFile } from './corpus.ts';

const text = (bytes: Bytes) => new TextDecoder('latin1').decode(bytes);
const trustOf = async (file: string): Promise<Trust> => ({
  kind: 'keys',
  keys: [await decodePublicKeyPem(text(readCorpusFile(file)))],
});
const byKey = await trustOf(corpus.trusted);
const byP256Key = await trustOf(corpus.trustedP256);
const TRUST = { keys: byKey, 'p256-key': byP256Key, 'allow-unsigned': { kind: 'allow-unsigned' } } as const;

describe('the hostile corpus', () => {
  test('is what its script makes, byte for byte', async () => {
    const script = new URL('../vectors/hostile/make.mjs', import.meta.url).href;
    const made: Map<string, Uint8Array> = (await import(script)).makeCorpus();
    expect(readdirSync(CORPUS_FOLDER).sort()).toEqual([...made.keys()].sort());
    for (const [file, bytes] of made) {
      const same = Buffer.compare(readCorpusFile(file), bytes) === 0;
      expect([file, same]).toEqual([file, true]);
    }
  });

  test('is built around a package that is good', async () => {
    const { report } = await verifyPackage(readCorpusFile(corpus.good), byKey, { at: corpus.at });
    expect(report.verdict).toBe('trusted');
    for (const trust of [byKey, byP256Key]) {
      const both = await verifyPackage(readCorpusFile(corpus.goodBoth), trust, { at: corpus.at });
      expect(both.report.verdict).toBe('trusted');
    }
  });

  test.each(corpus.packages)('$file, $what: $code', async (hostile) => {
    const bytes = readCorpusFile(hostile.file);
    const { report, verified } = await verifyPackage(bytes, TRUST[hostile.trust], libraryOptions(hostile));
    expect([report.verdict, report.code, report.exit]).toEqual([hostile.verdict, hostile.code, hostile.exit]);
    expect(verified).toBeUndefined();
    expect(ERRORS[hostile.code].exit).toBe(hostile.exit);
    expect(Object.prototype).not.toHaveProperty('polluted');
  });

  test.each(corpus.keys)('$file, $what: $code', async ({ file, code, exit }) => {
    const error = await thrownBy(() => decodePublicKeyPem(text(readCorpusFile(file))));
    expect([error.code, error.exit]).toEqual([code, exit]);
  });
});
