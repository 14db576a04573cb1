import { Command, CommanderError, Option } from 'commander';
import { DfuError } from '../core/errors.ts';
import { version } from '../core/version.ts';
import { errorDocument, renderError } from './error-output.ts';
import type { Io } from './io.ts';

/** Wraps the work of a command: it returns the exit code, or throws a DfuError. */
export type Act = <A extends unknown[]>(
  work: (...args: A) => Promise<number>,
) => (...args: A) => Promise<void>;

/**
 * Runs one program: parses `argv` (without interpreter and script), runs the command, turns every error into a
 * message with its code (or into the one JSON document of `--json`) and its exit code.
 */
export async function runProgram(
  argv: readonly string[],
  io: Io,
  define: (act: Act) => Command,
): Promise<number> {
  let exit = 0;
  const act: Act =
    (work) =>
    async (...args) => {
      exit = await work(...args);
    };
  const program = define(act);
  for (const command of withSubcommands(program)) prepare(command, io);
  try {
    if (argv.length === 0) {
      io.err(program.helpInformation());
      return 2;
    }
    assertVersionAlone(argv);
    await program.parseAsync(argv, { from: 'user' });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    // A group of commands without one of them: its help is on stderr already.
    if (error instanceof CommanderError && error.code === 'commander.help') return 2;
    return report(withCommands(error, program), argv, io, program.name());
  }
}

/** Else a slip for --fw-version would print a version, do nothing, and look like success to a script. */
function assertVersionAlone(argv: readonly string[]): void {
  if (argv.length > 1 && beforeOperands(argv).includes('--version')) {
    throw new DfuError('usage.invalid', '--version stands alone; the version of firmware is --fw-version');
  }
}

/** A mistyped command is taken for an operand of the default one: says which commands there are. */
function withCommands(error: unknown, program: Command): unknown {
  if (!(error instanceof CommanderError) || error.code !== 'commander.excessArguments') return error;
  const names = program.commands.map((command) => command.name()).join(', ');
  return new DfuError('usage.invalid', `${asDfuError(error).message} The commands are ${names}.`);
}

/** A program with the manners that all three share. */
export function createProgram(name: string, description: string, lines: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .version(version, '--version')
    .helpCommand(false)
    .addHelpText(
      'after',
      `\nThe options of a command: ${name} <command> --help\nWhat an error code means: dfu-verify explain <code>`,
    )
    .addHelpText('after', examples(...lines));
}

/** The end of a help text, for `addHelpText('after', ...)`: whole command lines, the name of the program included. */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ ${line}`)].join('\n');
}

/** `--name <value>` that may be given several times; the values come as an array, absent as `undefined`. */
export function repeatable(flags: string, description: string): Option {
  const option = new Option(flags, description).argParser((value: string, all: string[] | undefined) => [
    ...(all ?? []),
    value,
  ]);
  REPEATABLE.add(option);
  return option;
}

const REPEATABLE = new WeakSet<Option>();

/** The option that asks for one JSON document on standard output. */
export function jsonOption(): Option {
  return new Option('--json', 'print one JSON document on stdout');
}

/** Prints a result as the one JSON document of `--json`. */
export function printJson(io: Io, document: unknown): void {
  io.out(jsonText(document));
}

/**
 * A document as text that is plain ASCII: names keep their exact characters, and none of them acts on a terminal, or on
 * a CI runner that reads the log (`##[...]`, anywhere in a line).
 */
export function jsonText(document: unknown): string {
  return `${escaped(JSON.stringify(document, null, 2))}\n`;
}

/** The same in one line, without a newline. */
export function jsonLine(document: unknown): string {
  return escaped(JSON.stringify(document));
}

function escaped(json: string): string {
  return json.replace(
    /[\x7f-\uffff]|#(?=#[A-Za-z]*\[)/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function prepare(command: Command, io: Io): void {
  command
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: () => {},
    })
    .configureHelp({ helpWidth: 100, showGlobalOptions: false });
  for (const option of command.options) if (!REPEATABLE.has(option)) allowOnce(command, option);
}

/** Throws `usage.invalid` when the option stands there twice: it would be unclear which of them counts. */
function allowOnce(command: Command, option: Option): void {
  let given = false;
  command.on(`option:${option.name()}`, () => {
    if (given) throw new DfuError('usage.invalid', `${option.long ?? option.flags} is given twice`);
    given = true;
  });
}

function report(error: unknown, argv: readonly string[], io: Io, program: string): number {
  const known = asDfuError(error);
  if (wantsJson(argv)) printJson(io, errorDocument(known));
  io.err(renderError(known, program));
  return known.exit;
}

function wantsJson(argv: readonly string[]): boolean {
  return beforeOperands(argv).includes('--json');
}

function beforeOperands(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end < 0 ? argv : argv.slice(0, end);
}

/** Every error as one of ours: commander's are usage errors, all others are faults of dfukit. */
export function asDfuError(error: unknown): DfuError {
  if (error instanceof DfuError) return error;
  if (error instanceof CommanderError) {
    return new DfuError('usage.invalid', error.message.replace(/^error: /, ''));
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new DfuError('internal.fault', detail, { cause: error });
}
