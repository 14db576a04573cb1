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

  test.each([
    ['a CR alone, a new line to others', 'a: 1 #\r\nb: 1 # x\r  c: 2\n', 2, 9],
    ["Unicode's new line", 'a: 1 #\u0085b: 2\n', 1, 7],
    ['its line separator', 'a: 1\nb: 1 #\u2028c: 2\n', 2, 7],
    ['a mark that turns what is written around', 'a: 1 # \u202e2 :a\n', 1, 8],
    ['a command to a terminal', 'a: 1 # \u001b[8m\n', 1, 8],
    ['a byte order mark within', 'a: 1\n\ufeffb: 1\n', 2, 1],
  ])('refuses a text that seems to say something else: %s', async (_, text, line, column) => {
    const error = await thrownBy(() => parse(text));
    expect(error).toMatchObject({ code: 'recipe.yaml', facts: { line, column } });
    expect(error.message).toContain('not allowed');
  });

  test('takes a byte order mark at the beginning, CR LF, tabs, and comments in any language', async () => {
    expect(await parse('\ufeffa: 1 # größer, 更大\r\nb:\tx\r\n')).toEqual({ a: 1, b: 'x' });
  });

  test.each([
    ['plainly', 'a: 1\nb: 2\na: 3\n', 3],
    ['quoted', 'a: 1\n"a": 2\n', 2],
    ['escaped', 'a: 1\n"\\x61": 2\n', 2],
    ['in a flow', 'x: { a: 1,\n a: 2 }\n', 2],
    ['called as what objects inherit', '__proto__: 1\n__proto__: 2\n', 2],
  ])('refuses a key that stands there twice: %s', async (_, text, line) => {
    const error = await thrownBy(() => parse(text));
    expect(error).toMatchObject({ code: 'recipe.yaml', facts: { line } });
    expect(error.message).toContain('twice');
  });

  test('refuses a text of too many pieces before it parses, and compares no key with all others', async () => {
    const keys = (count: number) => `{ ${Array.from({ length: count }, (_, i) => `k${i}: 0`).join(', ')} }`;
    const error = await thrownBy(() => parse(keys(60_000)));
    expect(error).toMatchObject({ code: 'recipe.yaml', facts: { line: 1 } });
    expect(error.message).toContain('longer than anything');
    // Each with each, these would take half a minute.
    expect(Object.keys((await parse(keys(40_000))) as object)).toHaveLength(40_000);
  });

  test.each(['0x10', '0o10', '010', '1e1', '+10', '.5', '.inf'])(
    'refuses the number %s in a trust file, which others read otherwise',
    async (number) => {
      const text = utf8(`a: ${number}\n`);
      const error = await thrownBy(() => parseYaml(text, 'trust.yaml', 'trust.file-syntax'));
      expect(error).toMatchObject({ code: 'trust.file-syntax', facts: { line: 1, column: 4 } });
      expect(await parseYaml(text, 'dfu.yaml')).toEqual({ a: expect.any(Number) });
    },
  );

  test('takes a plain number in a trust file, and a text that looks like one', async () => {
    const text = utf8('a: 10\nb: 1.10\nc: "0x10"\n');
    expect(await parseYaml(text, 'trust.yaml', 'trust.file-syntax')).toEqual({ a: 10, b: 1.1, c: '0x10' });
  });
});
