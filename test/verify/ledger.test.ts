import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/core/errors.ts';
import { CHECKS, VERDICT_EXIT } from '../../src/verify/checks.ts';
import { Ledger } from '../../src/verify/ledger.ts';

/** A ledger in which everything passed, except what `leaveOut` names. */
function passed(leaveOut?: string, images: readonly string[] = ['a', 'b']): Ledger {
  const ledger = new Ledger();
  ledger.expectImages(images);
  for (const { id, perImage } of CHECKS) {
    for (const image of perImage ? images : [undefined]) {
      if (leaveOut !== id && leaveOut !== `${id} ${image}`) ledger.pass(id, 'well', image);
    }
  }
  return ledger;
}

describe('the verdict is an allow-list', () => {
  test('all passed is trusted', () => {
    expect(passed().verdict('keys')).toBe('trusted');
    expect(passed().verdict('allow-unsigned')).toBe('accepted-unsigned');
  });

  test.each(CHECKS.flatMap(({ id, perImage }) => (perImage ? [`${id} a`, `${id} b`] : [id])))(
    'without %s nothing is accepted',
    (id) => {
      expect(() => passed(id).verdict('keys')).toThrow();
      expect(() => passed(id).verdict('allow-unsigned')).toThrow();
    },
  );

  test('by a kind of trust that it does not know nothing is accepted', () => {
    expect(() => passed().verdict('threshold' as 'keys')).toThrow(TypeError);
  });

  test('without any image nothing is accepted', () => {
    expect(() => passed(undefined, []).verdict('keys')).toThrow();
  });

  test.each(CHECKS.filter(({ perImage }) => !perImage))('$id skipped on purpose', ({ id, need }) => {
    const accepts = (trust: 'keys' | 'allow-unsigned') => {
      const ledger = passed(id);
      ledger.skip(id, 'not told');
      try {
        return ['trusted', 'accepted-unsigned'].includes(ledger.verdict(trust));
      } catch {
        return false;
      }
    };
    expect(accepts('keys')).toBe(need === 'told');
    expect(accepts('allow-unsigned')).toBe(need !== 'always');
  });

  test('the first failure in the order of the table decides, in whatever order they were made', () => {
    const ledger = new Ledger();
    ledger.fail('policy.expiry', 'policy.expired', 'late');
    ledger.fail('signatures.good', 'trust.signature-invalid', 'wrong');
    expect(ledger.verdict('keys')).toBe('untrusted');
    expect(ledger.failed).toBe(true);
  });
});

test('a check is written down once, and only where it is due', () => {
  const ledger = new Ledger();
  ledger.pass('container', 'well');
  expect(() => ledger.pass('container', 'again')).toThrow();
  expect(() => ledger.pass('image.size', 'well', 'a')).toThrow();
  expect(() => ledger.pass('image.size', 'well')).toThrow();
  ledger.expectImages(['a']);
  expect(() => ledger.pass('image.size', 'well', 'b')).toThrow();
  expect(() => ledger.pass('container', 'well', 'a')).toThrow();
});

test('an error that is none of ours is not written down, but goes on', () => {
  const ledger = new Ledger();
  expect(() => ledger.failBy('container', new RangeError('bug'))).toThrow(RangeError);
  expect(ledger.failed).toBe(false);
});

test('the steps stand in their order, and only the accepting verdicts end in 0', () => {
  const steps = CHECKS.map((rule) => rule.step);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  expect(new Set(steps)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
  for (const { verdict } of CHECKS) expect(VERDICT_EXIT[verdict]).toBeGreaterThan(2);
});

test('codes of packages, trust and policy have the exit code of their verdict', () => {
  for (const [code, { exit }] of Object.entries(ERRORS)) {
    if (/^(package|format)\./.test(code)) expect([code, exit]).toEqual([code, 3]);
    if (/^policy\./.test(code)) expect([code, exit]).toEqual([code, 5]);
  }
});
