import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readTrustFile } from '../../src/cli/trust-file.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { loadTrustFile } from '../../src/format/trust-file-load.ts';
import { fullDocument } from '../format/trust-file-fixture.ts';
import { thrownBy } from '../support/codes.ts';
import { testIo } from '../support/io.ts';
import { tempFolder } from '../support/temp.ts';

async function reader(): Promise<(content: string | Uint8Array) => ReturnType<typeof readTrustFile>> {
  const folder = await tempFolder();
  return async (content) => {
    await writeFile(join(folder, 'trust.yaml'), content);
    return readTrustFile(testIo(folder), 'trust.yaml');
  };
}

describe('a trust file as a file', () => {
  test('is the same in YAML and in JSON, whatever its white space', async () => {
    const read = await reader();
    const { digest } = await loadTrustFile(fullDocument());
    for (const content of [
      stringify(fullDocument()),
      `# who signs what\n---\n${stringify(fullDocument())}`,
      JSON.stringify(fullDocument()),
      `\n\t ${JSON.stringify(fullDocument(), null, '\t').replaceAll('\n', '\r\n')}`,
    ]) {
      expect((await read(content)).digest).toBe(digest);
    }
  });

  test('says in every refusal which file it is, and where', async () => {
    const read = await reader();
    const yaml = stringify(fullDocument());
    const json = JSON.stringify(fullDocument());
    const refused: [string | Uint8Array, ErrorCode][] = [
      [`${yaml}version: 8\n`, 'trust.file-syntax'],
      [yaml.replace('threshold: 2', 'threshold: &a 2'), 'trust.file-syntax'],
      [yaml.replace('minimumVersion: 1.2.0-rc.1', 'minimumVersion: 1.10'), 'trust.file-version-not-quoted'],
      [json.replace('"version":7', '"version":1,"version":7'), 'trust.file-syntax'],
      [json.replace('"version":7', '"version":7e0'), 'trust.file-syntax'],
      [json.replace('"version"', '"\\u0076ersion"'), 'trust.file-syntax'],
      [`${json}x`, 'trust.file-syntax'],
      [`{"a":${'['.repeat(9)}${']'.repeat(9)}}`, 'trust.file-limit'],
      [Uint8Array.of(0x7b, 0xff), 'trust.file-syntax'],
      [Uint8Array.of(0xff, 0xfe), 'trust.file-syntax'],
      ['', 'trust.file-invalid'],
      ['- a\n', 'trust.file-invalid'],
      [' '.repeat(1024 * 1024 + 1), 'input.too-large'],
    ];
    for (const [content, code] of refused) {
      const error = await thrownBy(() => read(content));
      expect(error.code, String(content).slice(0, 60)).toBe(code);
      expect(error.message).toContain('trust.yaml');
    }
    expect((await thrownBy(() => read(`${yaml}version: 8\n`))).facts).toMatchObject({
      line: expect.any(Number),
    });
    expect((await thrownBy(() => readTrustFile(testIo('/'), 'no-such-file'))).code).toBe('input.not-found');
  });

  test('that is damaged anyhow ends in a trust file or a refusal', async () => {
    const read = await reader();
    const sources = [stringify(fullDocument()), JSON.stringify(fullDocument(), null, 2)];
    const piece = fc.constantFrom(
      '',
      '}',
      '[',
      '\n',
      '  ',
      '- ',
      ': ',
      '"',
      '&a ',
      '*a',
      '0',
      'null',
      '\u0000',
      '{',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sources),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(8),
        piece,
        async (source, place, length, inserted) => {
          const at = Math.floor(place * source.length);
          const damaged = source.slice(0, at) + inserted + source.slice(at + length);
          const read1 = await read(damaged).catch((error) => thrownBy(() => Promise.reject(error)));
          if (!('digest' in read1)) expect(read1.exit).toBe(2);
        },
      ),
      { numRuns: 80 },
    );
  });
});
