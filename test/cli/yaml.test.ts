import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseYaml } from '../../src/cli/yaml.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { thrownBy } from '../support/codes.ts';

const parse = (text: string) => parseYaml(utf8(text), 'dfu.yaml');

/** What a text means; for a refusal its code, and anything but a DfuError fails the test. */
async function outcome(bytes: Uint8Array): Promise<unknown> {
  return parseYaml(bytes, 'dfu.yaml').catch(async (error: unknown) => {
    const { code } = await thrownBy(() => Promise.reject(error));
    expect(code).toBe('recipe.yaml');
    return code;
  });
}

const PIECES = [
  'a',
  'b: ',
  '"',
  "'",
  '- ',
  '? ',
  ': ',
  '[',
  ']',
  '{',
  '}',
  ',',
  '\n',
  '\n  ',
  '\t',
  '#',
].concat([
  '&a ',
  '*a',
  '!t ',
  '<<: ',
  '---\n',
  '...\n',
  '%YAML 1.2\n',
  '|\n',
  '>-\n',
  '0x10',
  '1e9',
  '~',
  '\0',
  '\ufeff',
]);

describe('the reader of recipes', () => {
  test('reads back plain values', async () => {
    const values = fc.object({
      key: fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9]{0,8}$/),
      maxDepth: 3,
      values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null)],
    });
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        // Null prototypes of the generator are plain objects to YAML.
        expect(await parse(stringify(value, { schema: 'core' }))).toEqual(structuredClone({ ...value }));
      }),
    );
  });

  test('ends with a value or a refusal, whatever it is given', async () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ maxLength: 200 }).map(utf8),
      fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => utf8(pieces.join(''))),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (bytes) => void (await outcome(bytes))),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['lists', '['.repeat(30_000), 1],
    ['closed lists', `a: 1\nb: ${'['.repeat(2000)}${']'.repeat(2000)}`, 2],
    ['mappings', '{a: '.repeat(10_000), 1],
    ['lists by dashes', '- '.repeat(20_000), 1],
    ['keys by question marks', '? '.repeat(20_000), 1],
    ['both in turn', '- ? '.repeat(10_000), 1],
    [
      'mappings by indentation',
      Array.from({ length: 200 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''),
      66,
    ],
  ])('refuses what is nested without end, before it descends: %s', async (_, text, line) => {
    const error = await thrownBy(() => parse(text));
    expect(error).toMatchObject({ code: 'recipe.yaml', facts: { file: 'dfu.yaml', line } });
    expect(error.message).toContain('nested deeper');
  });

  test('takes brackets in texts and comments, long lines and indented blocks as what they are', async () => {
    const brackets = '['.repeat(100);
    const block = `${' '.repeat(80)}far`;
    const text = `a: "${brackets}"\nb: '${brackets}' # ${brackets}\nc: |1\n ${block}\nd: x${brackets}\n${'k'.repeat(90)}: 1\n`;
    expect(await parse(text)).toEqual({
      a: brackets,
      b: brackets,
      c: `${block}\n`,
      d: `x${brackets}`,
      ['k'.repeat(90)]: 1,
    });
    const list = Array.from({ length: 100 }, () => '{ a: [1] }').join(', ');
    expect(await parse(`a: [${list}]`)).toEqual({ a: Array.from({ length: 100 }, () => ({ a: [1] })) });
  });
});
