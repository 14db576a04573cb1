import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseResetSequence, RESET_PRESETS } from '../../src/flash/reset-sequence.ts';

test('lines without a pause between them change together, each for as long as is said', () => {
  expect(parseResetSequence('dtr=0,rts=1,100ms,dtr=1,rts=0,500ms,dtr=0,rts=0')).toEqual({
    text: 'dtr=0,rts=1,100ms,dtr=1,rts=0,500ms,dtr=0,rts=0',
    steps: [
      { lines: { dtr: false, rts: true }, pauseMs: 100 },
      { lines: { dtr: true, rts: false }, pauseMs: 500 },
      { lines: { dtr: false, rts: false }, pauseMs: 0 },
    ],
    durationMs: 600,
  });
});

test('pauses in a row add up', () => {
  expect(parseResetSequence('rts=1,0ms,40ms,60ms,rts=0').steps[0]).toEqual({
    lines: { rts: true },
    pauseMs: 100,
  });
});

test.each(Object.entries(RESET_PRESETS))('%s is a name for %s', (name, sequence) => {
  expect(parseResetSequence(name)).toEqual({ ...parseResetSequence(sequence), text: name });
  // Whatever it does, no line is left asserted.
  const left = Object.assign({}, ...parseResetSequence(name).steps.map(({ lines }) => lines));
  expect(Object.values(left)).not.toContain(true);
});

test.each([
  ['', 'neither a line nor a pause'],
  ['toString', 'neither a line nor a pause'],
  ['dtr=', 'neither a line nor a pause'],
  ['dtr=2', 'neither a line nor a pause'],
  ['DTR=1', 'neither a line nor a pause'],
  ['dtr=1 ,rts=0', 'neither a line nor a pause'],
  ['dtr=1,', 'neither a line nor a pause'],
  ['dtr=1,100', 'neither a line nor a pause'],
  ['dtr=1,1.5ms', 'neither a line nor a pause'],
  ['dtr=1,-1ms', 'neither a line nor a pause'],
  ['dtr=1,01ms', 'neither a line nor a pause'],
  ['cts=1', 'neither a line nor a pause'],
  ['100ms,dtr=1', 'starts with a pause'],
  ['dtr=1,dtr=0', 'set twice'],
  ['dtr=1,rts=0,dtr=0', 'set twice'],
  ['dtr=1,10001ms', '10000 ms are the most'],
  ['dtr=1,9999ms,dtr=0,2ms', '10000 ms are the most'],
  [Array(33).fill('1ms').join(), 'more than 32 steps'],
  ['dtr=1\n', 'neither a line nor a pause'],
])('"%s" is none', (text, words) => {
  expect(() => parseResetSequence(text)).toThrow(
    expect.objectContaining({ code: 'usage.invalid', message: expect.stringContaining(words) }),
  );
});

test('what is read takes no longer than 10 s, has its steps in order, and no line twice in one', () => {
  const token = fc.oneof(
    fc.constantFrom('dtr=0', 'dtr=1', 'rts=0', 'rts=1'),
    fc.nat(4000).map((ms) => `${ms}ms`),
  );
  fc.assert(
    fc.property(fc.array(token, { minLength: 1, maxLength: 10 }), (tokens) => {
      let read: ReturnType<typeof parseResetSequence>;
      try {
        read = parseResetSequence(tokens.join());
      } catch {
        return;
      }
      expect(read.durationMs).toBeLessThanOrEqual(10_000);
      const lines = read.steps.flatMap((step) => Object.entries(step.lines));
      expect(lines.map(([name, on]) => `${name}=${on ? 1 : 0}`)).toEqual(
        tokens.filter((text) => text.includes('=')),
      );
      const pauses = tokens.filter((text) => text.endsWith('ms')).map((text) => Number.parseInt(text, 10));
      expect(read.durationMs).toBe(pauses.reduce((sum, ms) => sum + ms, 0));
    }),
  );
});
