import { expect } from 'vitest';
import { main as flash } from '../../src/cli/dfu-flash.ts';
import { main as pack } from '../../src/cli/dfu-pack.ts';
import { main as verify } from '../../src/cli/dfu-verify.ts';
import { testIo } from '../support/io.ts';

export const PROGRAMS = { 'dfu-pack': pack, 'dfu-verify': verify, 'dfu-flash': flash } as const;
export type ProgramName = keyof typeof PROGRAMS;

export interface CommandHelp {
  program: ProgramName;
  /** What stands before the options: nothing for the program itself. */
  argv: string[];
  help: string;
}

/** What `--help` says of a program or of one of its commands. */
async function helpOf(program: ProgramName, argv: string[]): Promise<CommandHelp> {
  const io = testIo('/');
  expect(await PROGRAMS[program]([...argv, '--help'], io)).toBe(0);
  return { program, argv, help: io.stdout() };
}

/** The help of all three programs and of every command that they list. */
export async function everyHelp(): Promise<CommandHelp[]> {
  const all: CommandHelp[] = [];
  for (const program of Object.keys(PROGRAMS) as ProgramName[]) all.push(...(await helpBelow(program, [])));
  return all;
}

/** The help of a command, and of those that it lists in turn. */
async function helpBelow(program: ProgramName, argv: string[]): Promise<CommandHelp[]> {
  const own = await helpOf(program, argv);
  const all = [own];
  for (const [, name = ''] of sectionOf(own.help, 'Commands').matchAll(/^ {2}([a-z]+)/gm)) {
    all.push(...(await helpBelow(program, [...argv, name])));
  }
  return all;
}

/** The lines below a heading, up to the next empty line. */
export function sectionOf(help: string, heading: string): string {
  return new RegExp(`^${heading}:\n((?:.+\n)*)`, 'm').exec(help)?.[1] ?? '';
}

/** The options that a help text lists; `value` tells whether one must follow. */
export function optionsOf(help: string): { long: string; value: boolean }[] {
  return [...help.matchAll(/^ {2}(?:-[a-zA-Z], )?(--[a-z-]+)( <)?/gm)].map(([, long = '', value]) => ({
    long,
    value: value !== undefined,
  }));
}
