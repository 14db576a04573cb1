import { expect, test } from 'vitest';
import { jsonText } from '../../src/cli/program.ts';

test('JSON is plain ASCII, and keeps every name exactly', () => {
  const name = 'mit \u00fcml\u00e4ut \u202e\u009b31m \u{1f600}\n.dfupkg';
  const text = jsonText({ name });
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  expect(JSON.parse(text)).toEqual({ name });
});
