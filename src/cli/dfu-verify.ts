import type { Command } from 'commander';
import type { Io } from './io.ts';
import { createProgram, examples, jsonOption, runProgram } from './program.ts';
import { addTrustOptions, testKeyOption } from './trust-options.ts';
import type { CheckOptions } from './verify/check.ts';
import { defineDiff } from './verify/diff-command.ts';
import type { ExtractOptions } from './verify/extract.ts';
import { addReportOptions } from './verify/report-options.ts';
import { defineTrust } from './verify/trust-command.ts';

/** Runs dfu-verify with the arguments after its name; answers the exit code. */
export function main(argv: readonly string[], io: Io): Promise<number> {
  return runProgram(argv, io, (act) => {
    const program = createProgram(
      'dfu-verify',
      'Judges DFU packages: may this be installed on that device?',
      [
        'dfu-verify thermo-1.2.0.dfupkg --key thermo.pub.pem',
        'dfu-verify check ./*.dfupkg --key thermo.pub.pem --product thermo --installed-version 1.1.0 --json',
      ],
    );
    defineCheck(program).action(
      act(async (files: string[], options: CheckOptions) =>
        (await import('./verify/check.ts')).check(io, files, options),
      ),
    );
    program
      .command('inspect')
      .description('show what a package or a firmware image says of itself; nothing is verified')
      .argument('<file>', 'a package, a raw binary, a GBL file or an attestation, recognised by its bytes')
      .addOption(jsonOption())
      .addHelpText(
        'after',
        examples('dfu-verify inspect thermo-1.2.0.dfupkg', 'dfu-verify inspect app.gbl --json'),
      )
      .action(
        act(async (file: string, options: { json?: boolean }) =>
          (await import('./verify/inspect.ts')).inspect(io, file, options),
        ),
      );
    defineExtract(program).action(
      act(async (file: string, options: ExtractOptions) =>
        (await import('./verify/extract.ts')).extract(io, file, options),
      ),
    );
    defineDiff(program, io, act);
    defineTrust(program, io, act);
    program
      .command('explain')
      .description('say what an error code stands for and what to do; without a code, list all')
      .argument('[code]', 'as it stands at the end of a message: trust.unsigned')
      .addOption(jsonOption())
      .addHelpText('after', examples('dfu-verify explain trust.unsigned', 'dfu-verify explain --json'))
      .action(
        act(async (code: string | undefined, options: { json?: boolean }) =>
          (await import('./verify/explain.ts')).explain(io, code, options),
        ),
      );
    return program;
  });
}

function defineCheck(program: Command): Command {
  const command = program
    .command('check', { isDefault: true })
    .description('judge packages (the default command); all are judged, the worst decides the exit code')
    .argument('<package...>');
  addTrustOptions(command)
    .addOption(testKeyOption())
    .option('--at <time>', 'judge as of this time: YYYY-MM-DDTHH:MM:SSZ (default: now)');
  return addReportOptions(command).addHelpText(
    'after',
    examples(
      'dfu-verify thermo-1.2.0.dfupkg --key thermo.pub.pem',
      'dfu-verify check a.dfupkg b.dfupkg --key thermo.pub.pem --product thermo --require target --json',
    ),
  );
}

function defineExtract(program: Command): Command {
  const command = program
    .command('extract')
    .description('write the images of a package that is accepted, for other programmers')
    .argument('<package>');
  addTrustOptions(command)
    .addOption(testKeyOption())
    .requiredOption('-o, --output <folder>', 'where the images go; it is made if need be')
    .option('--source', 'write them as they were before wrapping and padding')
    .option('--force', 'replace files that are there');
  return addReportOptions(command).addHelpText(
    'after',
    examples(
      'dfu-verify extract thermo-1.2.0.dfupkg --key thermo.pub.pem -o images',
      'dfu-verify extract thermo-1.2.0.dfupkg --key thermo.pub.pem -o images --source --force',
    ),
  );
}
