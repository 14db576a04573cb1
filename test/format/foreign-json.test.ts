import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import { own, readForeignJson } from '../../src/format/foreign-json.ts';

const read = (text: string, limits = { maxDepth: 3, maxItems: 3 }) => readForeignJson(utf8(text), limits);

test('JSON of others is read as JSON.parse reads it, in whatever form', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), fc.nat(4), (text, indent) => {
      // A field that stands twice is refused; what is written anew has none.
      const value = JSON.parse(JSON.stringify(JSON.parse(text)));
      const written = JSON.stringify(value, null, indent);
      expect(read(written, { maxDepth: 50, maxItems: 5000 })).toEqual({ value });
    }),
    { numRuns: 30 },
  );
});

test.each<[string, unknown]>([
  ['[[[1]]]', [[[1]]]],
  ['[1,2,3]', [1, 2, 3]],
  ['{"a":1,"b":2,"c":3}', { a: 1, b: 2, c: 3 }],
  ['[[1,2,3],[1,2,3],[1,2,3]]', Array(3).fill([1, 2, 3])],
  // Neither depth, nor items, nor a field is what stands in a string.
  ['["[[[[",",,,,","]"]', ['[[[[', ',,,,', ']']],
  ['["\\\\",["]]]]"]]', ['\\', [']]]]']]],
  // One name in different objects is not twice, nor is a value that is like a name.
  ['[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
  ['{"a":{"a":"a"},"b":"a"}', { a: { a: 'a' }, b: 'a' }],
  ['{"a":["a","a"],"b":1}', { a: ['a', 'a'], b: 1 }],
])('%s is read', (text, value) => {
  expect(read(text)).toEqual({ value });
});

test.each<[string, string, number?]>([
  ['[[[[', 'it is more than 3 levels deep', 3],
  ['[{"a":[{}]}]', 'it is more than 3 levels deep', 7],
  ['[1,2,3,4]', 'it has more than 3 items in one place', 6],
  ['{"a":1,"b":2,"c":3,"d":4}', 'it has more than 3 items in one place', 18],
  ['[[1,2],[1,2],[1,2],1]', 'it has more than 3 items in one place', 18],
  ['{"a":1,"a":1}', 'a field stands twice in one object', 7],
  ['{"a":1,"\\u0061":1}', 'a field stands twice in one object', 7],
  ['{"a":1,"b":{"a":1},"a" \t\r\n:1}', 'a field stands twice in one object', 19],
  ['[{"a":{},"a":1}]', 'a field stands twice in one object', 9],
  ['{"\\"":1,"\\"":1}', 'a field stands twice in one object', 8],
  ['', 'it is no JSON'],
  ['{"a":1', 'it is no JSON'],
  ['"a', 'it is no JSON'],
  ['"a\\', 'it is no JSON'],
  ['\ufeff{}', 'it is no JSON'],
])('%j is refused', (text, fault, offset) => {
  expect(read(text)).toStrictEqual(offset === undefined ? { fault } : { fault, offset });
});

test('bytes that are no UTF-8 are refused', () => {
  expect(readForeignJson(Uint8Array.of(0x22, 0xff, 0x22), { maxDepth: 1, maxItems: 1 })).toEqual({
    fault: 'it is no JSON',
  });
});

test('a field is what the object has itself', () => {
  expect(own({ a: 1 }, 'a')).toBe(1);
  for (const value of [null, undefined, 'text', 1, {}, []]) {
    expect(own(value, 'toString'), String(value)).toBeUndefined();
  }
  expect(own('text', 'length')).toBeUndefined();
});
