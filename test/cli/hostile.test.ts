import { cpSync, existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main as dfuFlash } from '../../src/cli/dfu-flash.ts';
import { main as dfuVerify } from '../../src/cli/dfu-verify.ts';
import { wrapRaw } from '../../src/images/gbl/codec.ts';
import type { VerifyReport } from '../../src/verify/report.ts';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { tempFolder } from '../support/temp.ts';
import { CORPUS_FOLDER, corpus, type HostilePackage, programOptions } from '../verify/corpus.ts';
import { SAMPLE_IMAGE, samplePackage } from '../verify/fixture.ts';

/** A port that only counts who opens it. */
let opened = 0;
const bridge = createServer((socket) => {
  opened += 1;
  socket.destroy();
});
beforeAll(() => new Promise<void>((resolve) => void bridge.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise<void>((resolve) => void bridge.close(() => resolve())));
const port = () => `tcp://127.0.0.1:${(bridge.address() as AddressInfo).port}`;

const now = new Date(corpus.at);
const byKey = ['--key', corpus.trusted];

describe('dfu-verify refuses', () => {
  test.each(corpus.packages)('$file with $exit', async (hostile) => {
    const io = testIo(CORPUS_FOLDER, { now });
    expect(await dfuVerify([hostile.file, ...programOptions(hostile)], io)).toBe(hostile.exit);
    expect(io.stdout()).toContain(`[${hostile.code}]`);
    expect(io.stdout() + io.stderr()).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test('all of them in one call, which accepts the good one among them', async () => {
    const plain = corpus.packages.filter((hostile) => programOptions(hostile).join() === byKey.join());
    const io = testIo(CORPUS_FOLDER, { now });
    const files = [...plain.map(({ file }) => file), corpus.good];
    expect(await dfuVerify([...files, ...byKey, '--json'], io)).toBe(3);
    const document = JSON.parse(io.stdout());
    expectValid('verify-report-v1', document);
    const found = document.packages.map(({ report }: { report: VerifyReport }) => [
      report.verdict,
      report.code,
    ]);
    expect(found).toEqual([...plain.map(({ verdict, code }) => [verdict, code]), ['trusted', undefined]]);
  });

  test.each(corpus.keys)('the key $file with 2', async (hostile) => {
    const io = testIo(CORPUS_FOLDER, { now });
    expect(await dfuVerify([corpus.good, '--key', corpus.trusted, '--key', hostile.file], io)).toBe(2);
    expect(io.stderr()).toContain(`[${hostile.code}]`);
    expect(io.stdout()).toBe('');
  });

  test('to extract anything', async () => {
    const folder = await tempFolder();
    cpSync(CORPUS_FOLDER, folder, { recursive: true });
    for (const hostile of corpus.packages.filter(({ options }) => Object.keys(options).length === 0)) {
      const io = testIo(folder, { now });
      const argv = ['extract', hostile.file, ...programOptions(hostile), '-o', 'out', '--json'];
      expect([hostile.file, await dfuVerify(argv, io)]).toEqual([hostile.file, hostile.exit]);
      expect(JSON.parse(io.stdout()).packages[0].extracted).toEqual([]);
    }
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });

  describe('nothing that is only inspected, and shows each without harm:', () => {
    test.each(corpus.packages)('$file', async (hostile) => {
      const text = testIo(CORPUS_FOLDER, { now });
      const exit = await dfuVerify(['inspect', hostile.file], text);
      expect(text.stdout() + text.stderr()).toMatch(/^[\x20-\x7e\n]*$/);
      expect(text.stdout()).toContain('NOT VERIFIED');
      expect(text.stdout()).not.toMatch(/\b(TRUSTED|ACCEPTED)\b/);

      const io = testIo(CORPUS_FOLDER, { now });
      expect(await dfuVerify(['inspect', hostile.file, '--json'], io)).toBe(exit);
      const document = JSON.parse(io.stdout());
      expectValid('inspect-report-v1', document);
      const { exit: expected, problem } = inspected(hostile);
      expect(exit).toBe(expected);
      expect(document.problems[0]?.code ?? '').toMatch(problem);
      expect(document.kind === 'package').toBe(hostile.code !== 'package.not-a-package');
    });
  });
});

/** Refused for who signed them, yet not sound in themselves either. */
const UNSOUND: Readonly<Record<string, { exit: number; problem: RegExp }>> = {
  'manifest-space-added.dfupkg': { exit: 3, problem: /^package\.manifest-form$/ },
  'image-other-format.dfupkg': { exit: 2, problem: /^image\.gbl-header$/ },
};
const NO_PROBLEM = /^$/;

/** With what `inspect` ends, and the code of the first thing that it finds wrong. */
function inspected({ file, verdict, code }: HostilePackage): { exit: number; problem: RegExp } {
  const unsound = UNSOUND[file];
  if (unsound !== undefined) return unsound;
  // Described as the other file that it is.
  if (code === 'package.not-a-package') return { exit: 0, problem: NO_PROBLEM };
  if (verdict === 'malformed') return { exit: 3, problem: new RegExp(`^${code}$`) };
  if (code === 'package.image-structure' || code === 'package.image-tail') {
    return { exit: 2, problem: /^image\.gbl-/ };
  }
  // Sound in itself; whether it is what was signed, and for whom, is not for `inspect` to say.
  return { exit: 0, problem: NO_PROBLEM };
}

describe('dfu-flash refuses, and opens no port for', () => {
  test.each(corpus.packages)('$file', async (hostile) => {
    const io = testIo(CORPUS_FOLDER, { now });
    const argv = [hostile.file, ...programOptions(hostile), '--port', port(), '--retries', '0', '--json'];
    expect(await dfuFlash(argv, io)).toBe(hostile.exit);
    expect(io.stdout()).toContain(`"${hostile.code}"`);
    expect(opened).toBe(0);
  });

  test('but does open it for a good package', async () => {
    const folder = await tempFolder();
    const application = { type: 0x20, version: 1, capabilities: 0, productId: new Uint8Array(16) };
    const bytes = wrapRaw({ image: SAMPLE_IMAGE, startAddress: 0x4000, application });
    const entry = { format: 'gbl' as const, startAddress: '0x00004000' };
    await writeFile(join(folder, 'p'), await samplePackage({ images: [{ bytes, entry }] }));
    const io = testIo(folder, { now });
    expect(await dfuFlash(['p', '--allow-unsigned', '--port', port(), '--retries', '0'], io)).toBe(6);
    expect(opened).toBeGreaterThan(0);
  });
});
