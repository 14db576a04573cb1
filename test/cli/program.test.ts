import { expect, test } from 'vitest';
import { main as dfuPack } from '../../src/cli/dfu-pack.ts';
import { jsonText } from '../../src/cli/program.ts';
import { testIo } from '../support/io.ts';

test('JSON is plain ASCII, and keeps every name exactly', () => {
  const name = 'mit \u00fcml\u00e4ut \u202e\u009b31m \u{1f600}\n.dfupkg';
  const text = jsonText({ name });
  expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  expect(JSON.parse(text)).toEqual({ name });
});

test.each([
  [['app.bin', '--version', '1.0.0'], '--fw-version'],
  [['keygn', 'release'], 'keygen'],
])('%j is a usage error that names %s', async (argv, hint) => {
  const io = testIo('.');
  expect(await dfuPack(argv, io)).toBe(2);
  expect(io.stderr()).toContain(hint);
  expect(io.stdout()).toBe('');
});
