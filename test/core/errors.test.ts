import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DfuError, ERRORS, isErrorCode } from '../../src/core/errors.ts';
import { version } from '../../src/core/version.ts';

const EXITS = [1, 2, 3, 4, 5, 6, 7, 9, 10, 130];

describe('the table of errors', () => {
  test('has the exit codes that the README tells, besides 0', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const section = /^## Exit codes\n([^#]*)/m.exec(readme)?.[1] ?? '';
    const told = [...section.matchAll(/^\| ([0-9]+) \|/gm)].map(([, exit]) => Number(exit));
    const used = new Set(Object.values(ERRORS).map(({ exit }) => exit));
    expect(told).toEqual([0, ...[...used].sort((a, b) => a - b)]);
  });

  test.each(Object.entries(ERRORS))(
    '%s has an exit code of the contract, a title and a cure',
    (code, kind) => {
      expect(code).toMatch(/^[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(EXITS).toContain(kind.exit);
      expect(kind.title).toMatch(/^[a-z].*[^.]$/s);
      expect(kind.cure).toMatch(/^[A-Z].*\.$/s);
    },
  );

  test('an error carries exit, cure, facts and the state of the device', () => {
    const error = new DfuError('link.timeout', 'no answer', { facts: { frame: 3 } }).withDeviceState(
      'unknown',
    );
    expect(error).toMatchObject({ exit: 6, retryable: true, facts: { frame: 3 }, deviceState: 'unknown' });
    expect(error.cure).toBe(ERRORS['link.timeout'].cure);
  });

  test('names of the prototype are no codes', () => {
    expect(isErrorCode('toString')).toBe(false);
    expect(isErrorCode('link.timeout')).toBe(true);
  });
});

test('the version is that of the package', () => {
  const { version: published } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  expect(version).toBe(published);
});
