import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const FOLDER = new URL('../../demo/firmware/', import.meta.url);

test('the binaries of the demo are those that were built from its sources', () => {
  const lines = readFileSync(new URL('SHA256SUMS', FOLDER), 'utf8').trimEnd().split('\n');
  const sums = lines.map((line) => /^([0-9a-f]{64}) {2}(\S+)$/.exec(line)?.slice(1) ?? [line]);
  const found = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.bin'))
    .sort()
    .map((file) => [
      createHash('sha256')
        .update(readFileSync(new URL(file, FOLDER)))
        .digest('hex'),
      file,
    ]);
  expect(found.length).toBeGreaterThan(1);
  expect(found).toEqual(sums);
});
