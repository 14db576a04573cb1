import type { Command } from 'commander';
import { examples, jsonOption } from '../program.ts';
import { FORCE } from './command-options.ts';
import { addSigningOptions } from './signers.ts';

/** Defines `dfu-pack attest`; what it does is in attest.ts. */
export function defineAttest(program: Command): Command {
  const command = program
    .command('attest')
    .description(
      'say where a package comes from: an in-toto statement with SLSA provenance, signed, in a file of its own',
    )
    .argument('<package>')
    .requiredOption('-o, --output <file>', 'the attestation, a DSSE envelope')
    .option('--force', FORCE)
    .optionsGroup('Who built it (said by whoever runs this; nothing of it is proven but by who signs):')
    .option('--builder-id <uri>', 'what is trusted to have built it')
    .option('--build-type <uri>', 'how its parameters are to be read (default: that of dfu-pack)')
    .option('--invocation-id <text>', 'which run it was, such as its URL')
    .option('--started-on <time>', 'when it began: YYYY-MM-DDTHH:MM:SSZ')
    .option('--finished-on <time>', 'when it ended')
    .option('--provenance', 'take builder and run from the variables of the CI system; options win');
  return addSigningOptions(command, { mandatory: true })
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'dfu-pack attest thermo-1.2.0.dfupkg --builder-id https://ci.example.com/release --key builder.key.pem -o thermo-1.2.0.intoto.json',
        'dfu-pack attest thermo-1.2.0.dfupkg --provenance --key builder.key.pem -o thermo-1.2.0.intoto.json',
      ),
    );
}
