import type { Command } from 'commander';
import { examples, jsonOption } from '../program.ts';

/** Defines dfu-flash trace; its action is the caller's. */
export function defineTrace(program: Command): Command {
  return program
    .command('trace')
    .description('print what --trace recorded, frame by frame')
    .argument('<trace>')
    .addOption(jsonOption())
    .addHelpText('after', examples('dfu-flash trace failed.trace', 'dfu-flash trace failed.trace --json'));
}

/** Adds what upload and identify know of traces. */
export function addTraceOptions(command: Command): Command {
  return command
    .option(
      '--trace <file>',
      'record every byte that is sent and received there, the firmware of an upload included',
    )
    .option('--replay <file>', 'run against such a record in place of a port');
}
