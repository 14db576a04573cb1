import { describe, expect, test } from 'vitest';
import { printableLine, shown } from '../../src/core/text.ts';

describe.each([
  ['shown', shown],
  ['printableLine', printableLine],
])('%s', (_, show) => {
  test.each([
    ['a ##[add-mask]b', 'a \\x23#[add-mask]b'],
    ['##vso[task.x]', '\\x23#vso[task.x]'],
    ['##TeamCity[x]', '\\x23#TeamCity[x]'],
    ['###[x]', '#\\x23#[x]'],
    ['## a # heading, and [x]', '## a # heading, and [x]'],
    ['a\x1b[2J\n\u202e', 'a\\x1b[2J\\x0a\\xe2\\x80\\xae'],
  ])('of %j is %j', (text, expected) => {
    expect(show(text)).toBe(expected);
  });
});

describe('printableLine', () => {
  test.each([
    ['::error::x', '\\x3a:error::x'],
    ['  ::error::x', '  \\x3a:error::x'],
    [':x', ':x'],
    ['at ::1', 'at ::1'],
  ])('of %j is %j', (text, expected) => {
    expect(printableLine(text)).toBe(expected);
  });
});
