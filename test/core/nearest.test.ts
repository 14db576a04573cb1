import { expect, test } from 'vitest';
import { nearestWord } from '../../src/core/nearest.ts';

const FIELDS = ['threshold', 'signers', 'product', 'require', 'requireHardware', 'keys'];

test.each([
  ['treshold', 'threshold'],
  ['thresholdd', 'threshold'],
  ['thershold', 'threshold'],
  ['Signers', 'signers'],
  ['singers', 'signers'],
  ['requirehardware', 'requireHardware'],
  ['requires', 'require'],
  ['kyes', 'keys'],
])('%s is meant as %s', (word, meant) => {
  expect(nearestWord(word, FIELDS)).toBe(meant);
});

test.each(['', 'x', 'comment', 'prod', 'threshold'.repeat(10)])('"%s" is near to none', (word) => {
  expect(nearestWord(word, FIELDS)).toBeUndefined();
});

test('of equally near ones it is the first', () => {
  expect(nearestWord('cat', ['car', 'cap'])).toBe('car');
  expect(nearestWord('cat', ['bat', 'cat', 'hat'])).toBe('cat');
});
