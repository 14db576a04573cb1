import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DfuError } from '../../../src/core/errors.ts';
import { decodeVersionDependencies } from '../../../src/images/gbl/version-dependency.ts';

const at = (...bytes: number[]) => decodeVersionDependencies(Uint8Array.from(bytes), 24);

test('application at least 2.1.0.0', () => {
  expect(at(1, 0x06, 0, 0, 0, 0, 1, 2)).toEqual([
    {
      image: 'application',
      connective: 'and',
      negateResult: false,
      operator: '>=',
      negate: false,
      version: 0x02010000,
    },
  ]);
});

test.each([
  [0x00, '<', false],
  [0x02, '<=', false],
  [0x04, '==', false],
  [0x06, '>=', false],
  [0x08, '>', false],
  [0x05, '==', true],
] as const)('statement %i compares with %s', (statement, operator, negate) => {
  expect(at(2, statement, 0, 0, 1, 0, 0, 0)).toMatchObject([{ image: 'bootloader', operator, negate }]);
});

test.each([
  [0x04, 'and', false],
  [0x14, 'and', true],
  [0x24, 'or', false],
  [0x34, 'or', true],
] as const)('statement %i joins with %s', (statement, connective, negateResult) => {
  expect(at(3, statement, 0, 0, 1, 0, 0, 0)).toMatchObject([{ image: 'se', connective, negateResult }]);
});

test('any bytes end in a list of eight bytes an entry, or in a DfuError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        expect(decodeVersionDependencies(bytes.slice(), 0)).toHaveLength(bytes.length / 8);
      } catch (error) {
        expect(error).toBeInstanceOf(DfuError);
      }
    }),
  );
});
