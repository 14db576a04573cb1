import { describe, expect, test } from 'vitest';
import { testIo } from '../support/io.ts';
import { expectValid } from '../support/schema.ts';
import { everyHelp, optionsOf, PROGRAMS, type ProgramName, sectionOf } from './help.ts';

const HELP = await everyHelp();
const named = HELP.map((one) => [[one.program, ...one.argv].join(' '), one] as const);

test('all commands are looked at', () => {
  expect(named.map(([name]) => name)).toEqual([
    ...['dfu-pack', 'dfu-pack build', 'dfu-pack init', 'dfu-pack templates', 'dfu-pack keygen'],
    ...['dfu-pack sign', 'dfu-pack tbs', 'dfu-pack attach', 'dfu-pack attest'],
    ...['dfu-pack trust', 'dfu-pack trust format', 'dfu-pack trust sign', 'dfu-pack trust tbs'],
    'dfu-pack trust attach',
    ...['dfu-verify', 'dfu-verify check', 'dfu-verify inspect', 'dfu-verify extract', 'dfu-verify diff'],
    ...['dfu-verify trust', 'dfu-verify trust check', 'dfu-verify trust update', 'dfu-verify explain'],
    ...[
      'dfu-flash',
      'dfu-flash upload',
      'dfu-flash list',
      'dfu-flash identify',
      'dfu-flash station',
      'dfu-flash simulate',
    ],
    'dfu-flash trace',
  ]);
});

describe('--help ends with two examples', () => {
  test.each(named)('%s', (_, { program, argv, help }) => {
    expect(help).toMatch(/\nExamples:\n {2}\$ .+\n {2}\$ .+\n$/);
    const lines = sectionOf(help, 'Examples').trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(new RegExp(`^ {2}\\$ ${program} `));
    const command = ['  $', program, ...argv].join(' ');
    expect(lines.some((line) => line.startsWith(command))).toBe(true);
  });

  test.each(named)('of %s, with options that there are', (_, { program, help }) => {
    for (const line of sectionOf(help, 'Examples').split('\n')) {
      const [, ...words] = line.trim().split(' ');
      const of = HELP.findLast(({ argv, ...one }) => {
        const command = [one.program, ...argv];
        return argv.length > 0 && command.every((word, i) => word === words[i]);
      });
      const known =
        of?.help ??
        HELP.filter((one) => one.program === program)
          .map((one) => one.help)
          .join('\n');
      for (const [option] of line.matchAll(/(?<= )--?[a-z][a-z-]*/g)) expect(known).toContain(option);
    }
  });
});

/** Options that may stand there several times. */
const REPEATABLE: Readonly<Record<string, readonly string[]>> = {
  'dfu-pack build': ['--hardware', '--key', '--signer-arg', '--allow-test-key'],
  'dfu-pack sign': ['--key', '--signer-arg', '--allow-test-key'],
  'dfu-pack attach': ['--allow-test-key'],
  'dfu-pack attest': ['--key', '--signer-arg', '--allow-test-key'],
  'dfu-pack trust sign': ['--key', '--signer-arg', '--allow-test-key'],
  'dfu-verify check': ['--key', '--require', '--allow-test-key'],
  'dfu-verify extract': ['--key', '--require', '--allow-test-key'],
  'dfu-flash upload': ['--port', '--key', '--require'],
  'dfu-flash station': ['--port', '--on-result-arg', '--key', '--require'],
};

describe('an option given twice is a usage error', () => {
  const options = named.flatMap(([name, { program, argv, help }]) =>
    optionsOf(help)
      .filter(({ long }) => long !== '--help' && long !== '--version')
      .map(({ long, value }) => ({ name, program, argv, long, given: value ? [long, 'x'] : [long] })),
  );

  test.each(options)('$name $long', async ({ name, program, argv, long, given }) => {
    const io = testIo('/nowhere');
    const exit = await PROGRAMS[program]([...argv, ...given, ...given], io);
    if (REPEATABLE[name]?.includes(long)) expect(io.stderr()).not.toContain('twice');
    else {
      expect(exit).toBe(2);
      expect(io.stderr()).toContain(`${long} is given twice`);
      expect(io.stderr()).toContain('[usage.invalid]');
    }
  });

  test('also where the default command takes it, by its short name or with =', async () => {
    for (const argv of [
      ['a', '-o', 'x', '--output', 'y'],
      ['a', '--output=x', '-oy'],
    ]) {
      const io = testIo('/nowhere');
      expect(await PROGRAMS['dfu-pack'](argv, io)).toBe(2);
      expect(io.stderr()).toContain('--output is given twice');
    }
  });
});

describe('with --json an error is one document', () => {
  test.each([
    ['dfu-pack', ['missing.bin'], 'recipe.incomplete'],
    ['dfu-pack', ['build', 'a', '--no-such-option'], 'usage.invalid'],
    ['dfu-pack', ['tbs', 'missing.dfupkg', '--hex'], 'input.not-found'],
    ['dfu-verify', ['missing', '--key', 'missing.pem'], 'input.not-found'],
    ['dfu-verify', ['check', 'a', '--no-such-option'], 'usage.invalid'],
    ['dfu-verify', ['inspect', 'missing'], 'input.not-found'],
    ['dfu-verify', ['trust', 'check', 'missing'], 'input.not-found'],
    ['dfu-verify', ['trust', 'no-such-command'], 'usage.invalid'],
    ['dfu-pack', ['trust', 'sign', 'missing'], 'usage.invalid'],
    ['dfu-flash', ['missing', '--allow-unsigned', '--simulate', 'gecko'], 'input.not-found'],
    ['dfu-flash', ['upload', 'a', '--no-such-option'], 'usage.invalid'],
    ['dfu-flash', ['identify', '--port', 'tcp://127.0.0.1:1'], 'link.not-found'],
  ] satisfies [ProgramName, string[], string][])('%s %j: %s', async (program, argv, code) => {
    const io = testIo('/nowhere');
    const exit = await PROGRAMS[program]([...argv, '--json'], io);
    const document = JSON.parse(io.stdout());
    expectValid('error-v1', document);
    expect([document.error.code, document.error.exit]).toEqual([code, exit]);
    expect(io.stderr()).toContain(`[${code}]`);
  });
});

test('a group of commands without one shows its help, and is a usage error', async () => {
  for (const program of ['dfu-pack', 'dfu-verify'] as const) {
    const io = testIo('/nowhere');
    expect(await PROGRAMS[program](['trust'], io)).toBe(2);
    expect(io.stderr()).toContain(`Usage: ${program} trust`);
    expect(io.stdout()).toBe('');
  }
});
