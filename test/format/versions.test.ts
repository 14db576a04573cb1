import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareDotted,
  compareSemVer,
  inRange,
  isDottedVersion,
  MAX_VERSION_BYTES,
  nearestSemVer,
  parseSemVer,
  type SemVer,
} from '../../src/format/versions.ts';

function semVer(text: string): SemVer {
  const version = parseSemVer(text);
  if (version === undefined) throw new Error(`no SemVer: ${text}`);
  return version;
}

const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const identifier = fc.oneof(
  fc.integer({ min: 0, max: 9999 }).map(String),
  fc.stringMatching(/^[0-9]{0,2}[A-Za-z-][0-9A-Za-z-]{0,4}$/),
);
const semVerText = fc
  .tuple(
    number,
    number,
    number,
    fc.array(identifier, { maxLength: 3 }),
    fc.array(identifier, { maxLength: 2 }),
  )
  .map(
    ([a, b, c, pre, build]) =>
      `${a}.${b}.${c}${pre.length > 0 ? `-${pre.join('.')}` : ''}${build.length > 0 ? `+${build.join('.')}` : ''}`,
  )
  .filter((text) => text.length <= MAX_VERSION_BYTES);

describe('SemVer', () => {
  test('is read part by part', () => {
    expect(parseSemVer('1.2.3-rc.1.x-y+5.007')).toEqual({
      major: 1,
      minor: 2,
      patch: 3,
      prerelease: ['rc', 1, 'x-y'],
      build: ['5', '007'],
    });
    expect(parseSemVer('4294967295.0.0-4294967295')).toBeDefined();
  });

  test.each([
    '',
    '1',
    '1.2',
    '1.2.3.4',
    'v1.2.3',
    ' 1.2.3',
    '1.2.3\n',
    '01.2.3',
    '1.02.3',
    '1.2.3-',
    '1.2.3-01',
    '1.2.3-a..b',
    '1.2.3+',
    '1.2.3+a+b',
    '1.2.3-ä',
    '1.2.-3',
    '1.2.3-a_b',
    '4294967296.0.0',
    '0.0.4294967296',
    '1.0.0-4294967296',
    `1.0.0-${'a'.repeat(59)}`,
  ])('is not %j', (text) => {
    expect(parseSemVer(text)).toBeUndefined();
  });

  test('is ordered as semver.org, section 11, shows it', () => {
    const ordered =
      '0.9.9 1.0.0-0 1.0.0-2 1.0.0-10 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 2.0.0 2.1.0 2.1.1 10.0.0'.split(
        ' ',
      );
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) {
        expect(Math.sign(compareSemVer(semVer(a), semVer(b))), `${a} ${b}`).toBe(Math.sign(i - j));
      }
    }
    expect(compareSemVer(semVer('1.0.0+a'), semVer('1.0.0+b'))).toBe(0);
  });

  test('has one order: none with itself, opposite when exchanged, and it carries over', () => {
    fc.assert(
      fc.property(semVerText, semVerText, semVerText, (x, y, z) => {
        const [a, b, c] = [semVer(x), semVer(y), semVer(z)];
        expect(compareSemVer(a, a)).toBe(0);
        expect(Math.sign(compareSemVer(a, b))).toBe(-Math.sign(compareSemVer(b, a)) + 0);
        if (compareSemVer(a, b) <= 0 && compareSemVer(b, c) <= 0) {
          expect(compareSemVer(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});

describe('dotted versions', () => {
  test('are 1 to 4 decimal numbers', () => {
    for (const good of ['0', '2.4', '2.4.1', '1.0.0.4294967295'])
      expect(isDottedVersion(good), good).toBe(true);
    for (const bad of [
      '',
      '1.',
      '.1',
      '1..2',
      '01',
      '1.2.3.4.5',
      '4294967296',
      '1.4294967296',
      '1.2a',
      'v1',
      '1.2\n',
      '-1',
      '1e3',
    ]) {
      expect(isDottedVersion(bad), bad).toBe(false);
    }
  });

  test('are compared number by number; what is missing counts as 0', () => {
    const ordered = ['0', '0.0.0.1', '1.9', '1.10', '2', '2.4.0.9', '2.4.1', '10'];
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) {
        expect(Math.sign(compareDotted(a, b)), `${a} ${b}`).toBe(Math.sign(i - j));
      }
    }
    expect(compareDotted('2.4', '2.4.0')).toBe(0);
    expect(() => compareDotted('2.4', 'new')).toThrow(RangeError);
  });

  test.each([
    ['1.9', { min: '1.10' }, false],
    ['1.10.0', { min: '1.10' }, true],
    ['2.4', { below: '2.4.0' }, false],
    ['2.3.9', { below: '2.4' }, true],
    ['2.4', { min: '2.4', below: '3' }, true],
    ['3', { min: '2.4', below: '3' }, false],
    ['1', {}, true],
  ])('%s in %j: %s', (version, range, within) => {
    expect(inRange(version, range)).toBe(within);
  });
});

describe('nearestSemVer', () => {
  test.each([
    ['1.2.3', '1.2.3'],
    ['1.2.3-rc.1+5', '1.2.3-rc.1+5'],
    ['v1.2', '1.2.0'],
    ['V1.2.3', '1.2.3'],
    ['version 7', '7.0.0'],
    [' 1.2.3\n', '1.2.3'],
    ['01.002.3', '1.2.3'],
    ['2024.01.15', '2024.1.15'],
    ['1.2.3.4', '1.2.3+4'],
    ['1.2.3rc1', '1.2.3-rc1'],
    ['1.2.3_beta', '1.2.3-beta'],
    ['1.2.3-beta.01', '1.2.3-beta.1'],
    ['1.2.3-14-gabc', '1.2.4-dev.14+gabc'],
    ['v1.2.3-14-gabc1234-dirty', '1.2.4-dev.14+gabc1234.dirty'],
    ['1.2.3-0-gabc1234', '1.2.3+gabc1234'],
    ['v1.2-1-gabc1234', '1.2.1-dev.1+gabc1234'],
    ['1.2.3-rc.1-14-gabc1234', '1.2.3-rc.1.dev.14+gabc1234'],
  ])('of %j is %j', (text, nearest) => {
    expect(nearestSemVer(text)).toBe(nearest);
  });

  test('of what git describe says comes after the tag that it counts from', () => {
    expect(compareSemVer(semVer('1.2.4-dev.14+gabc'), semVer('1.2.3'))).toBeGreaterThan(0);
    expect(compareSemVer(semVer('1.2.3-rc.1.dev.14'), semVer('1.2.3-rc.1'))).toBeGreaterThan(0);
  });

  test.each(['', 'latest', 'v', '99999999999.1', `1.0.0-${'a'.repeat(80)}`, 'é1.2.3'])(
    'finds none for %j',
    (text) => {
      expect(nearestSemVer(text)).toBeUndefined();
    },
  );

  test('gives a SemVer, which is its own nearest, or nothing', () => {
    const almost = fc.stringMatching(/^v?[0-9]{1,2}(\.[0-9]{1,2}){0,4}[-_.+ a-z0-9]{0,12}$/);
    fc.assert(
      fc.property(fc.oneof(almost, fc.string(), semVerText), (text) => {
        const nearest = nearestSemVer(text);
        if (nearest === undefined) return;
        expect(parseSemVer(nearest)).toBeDefined();
        expect(nearestSemVer(nearest)).toBe(nearest);
      }),
      { numRuns: 1000 },
    );
  });
});
