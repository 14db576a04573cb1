import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { type Act, examples, jsonOption } from '../program.ts';
import type { DiffCommandOptions } from './diff.ts';

/** dfu-verify diff. */
export function defineDiff(program: Command, io: Io, act: Act): void {
  program
    .command('diff')
    .description(
      'show what differs between two packages, or between a package and an image; nothing is verified. Exit code 0 whenever the two could be compared',
    )
    .argument('<old>', 'a package, a raw binary or a GBL file, recognised by its bytes')
    .argument('<new>', 'what to compare it with')
    .option('--image <name>', 'the image of the package that a bare image is compared with')
    .option(
      '--page-size <bytes>',
      'count in flash pages of this size (default: that of the part in the manifest)',
    )
    .option('--exit-code', 'end with 5 where the two differ, or the package does not hold the image')
    .option('--all', 'leave out nothing: long lists are cut without it')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'dfu-verify diff thermo-1.1.0.dfupkg thermo-1.2.0.dfupkg',
        'dfu-verify diff thermo-1.2.0.dfupkg build/app.bin --exit-code',
      ),
    )
    .action(
      act(async (old: string, now: string, options: DiffCommandOptions) =>
        (await import('./diff.ts')).diff(io, old, now, options),
      ),
    );
}
