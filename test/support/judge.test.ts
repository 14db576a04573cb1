import { describe, expect, test } from 'vitest';
import { judge, PYTHON } from './judge.ts';

describe('a judge', () => {
  test('that is not there is an error, not an agreement', () => {
    expect(() => judge(['dfukit-no-such-judge', 'nor-this-one'], [])).toThrow(
      /needs dfukit-no-such-judge or nor-this-one/,
    );
  });

  test('is looked for under each of its names, and its answer comes back', () => {
    const { status, stdout } = judge(['dfukit-no-such-judge', ...PYTHON], ['-c', 'print(6 * 7); exit(3)']);
    expect([status, stdout.toString().trim()]).toEqual([3, '42']);
  });
});
