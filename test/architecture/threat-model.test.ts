import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const text = readFileSync(new URL('docs/threat-model.md', ROOT), 'utf8');

/** Rows `| They can | What stops it | Shown by |`; in the last column files, each with the titles of tests in it. */
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| They can'))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));

test('every ability of an attacker has a test that shows what stops it', () => {
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) {
    expect(row).toHaveLength(3);
    expect(row[2], row[0]).toMatch(/`test\/[^`]+\.test\.ts`/);
  }
});

test('the tests that are named are there', () => {
  const missing = rows.flatMap((row) =>
    [...(row[2] ?? '').matchAll(/`(test\/[^`]+)`([^`]*)/g)].flatMap(([, file = '', titles = '']) => {
      const code = readFileSync(new URL(file, ROOT), 'utf8');
      return [...titles.matchAll(/"([^"]+)"/g)]
        .map(([, title = '']) => title)
        .filter((title) => !code.includes(`'${title}'`))
        .map((title) => `${file}: ${title}`);
    }),
  );
  expect(missing).toEqual([]);
});

test('what is not stopped is said too', () => {
  const [, after = ''] = text.split('\n## What is not stopped\n');
  expect(after.match(/^- \*\*/gm)?.length).toBeGreaterThan(10);
});
