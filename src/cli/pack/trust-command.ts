import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { type Act, examples, jsonOption } from '../program.ts';
import { addAttachOptions, addTbsOptions, FORCE } from './command-options.ts';
import { addSigningOptions } from './signers.ts';
import type { TbsOptions } from './tbs.ts';
import type { TrustAttachOptions, TrustFormatOptions, TrustSignOptions } from './trust.ts';

/** Adds `dfu-pack trust` with its commands. */
export function defineTrust(program: Command, io: Io, act: Act): void {
  const trust = program
    .command('trust')
    .description(
      'make trust files ready for an update: format, sign, tbs, attach (dfu-verify trust: check, update)',
    )
    .helpCommand(false)
    .addHelpText(
      'after',
      examples(
        'dfu-pack trust format trust.yaml -o trust-8.json',
        'dfu-pack trust sign trust-8.json --key root-1.key.pem',
      ),
    );
  defineFormat(trust).action(
    act(async (file: string, options: TrustFormatOptions) =>
      (await import('./trust.ts')).trustFormat(io, file, options),
    ),
  );
  defineSign(trust).action(
    act(async (file: string, options: TrustSignOptions) =>
      (await import('./trust.ts')).trustSign(io, file, options),
    ),
  );
  defineTbs(trust).action(
    act(async (file: string, options: TbsOptions) =>
      (await import('./trust.ts')).trustTbs(io, file, options),
    ),
  );
  defineAttach(trust).action(
    act(async (file: string, options: TrustAttachOptions) =>
      (await import('./trust.ts')).trustAttach(io, file, options),
    ),
  );
}

const SIGNED = 'a trust file as dfu-pack trust format wrote it';
const SIGNATURES = 'the signatures; those that are in it stay (default: FILE.sig.json)';
const PREVIOUS =
  'the version before it, whose trustRole must sign too: names its keys, counts how many signed';

function defineFormat(trust: Command): Command {
  return trust
    .command('format')
    .description('write a trust file in the one form in which they are signed')
    .argument('<file>', 'a trust file, YAML or JSON')
    .requiredOption('-o, --output <file>', 'the same as canonical JSON')
    .option('--force', FORCE)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'dfu-pack trust format trust.yaml -o trust-8.json',
        'dfu-pack trust format trust.yaml -o trust-8.json --force --json',
      ),
    );
}

function defineSign(trust: Command): Command {
  const command = trust.command('sign').description('sign a trust file').argument('<file>', SIGNED);
  return addSigningOptions(command, { mandatory: true })
    .option('-o, --output <file>', SIGNATURES)
    .option('--previous <file>', PREVIOUS)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'dfu-pack trust sign trust-8.json --key root-1.key.pem',
        'dfu-pack trust sign trust-8.json --key root-1.key.pem --key root-2.key.pem --previous trust-7.json',
      ),
    );
}

function defineTbs(trust: Command): Command {
  const command = trust
    .command('tbs')
    .description('write the bytes that a signature of this trust file is made over')
    .argument('<file>', SIGNED);
  return addTbsOptions(command).addHelpText(
    'after',
    examples('dfu-pack trust tbs trust-8.json -o trust-8.tbs', 'dfu-pack trust tbs trust-8.json --hex'),
  );
}

function defineAttach(trust: Command): Command {
  const command = trust
    .command('attach')
    .description('add a signature that was made elsewhere')
    .argument('<file>', SIGNED);
  return addAttachOptions(command)
    .option('-o, --output <file>', SIGNATURES)
    .option('--previous <file>', PREVIOUS)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'dfu-pack trust attach trust-8.json --public-key root-1.pub.pem --signature root-1.sig',
        'dfu-pack trust attach trust-8.json --public-key old.pub.pem --signature old.sig --previous trust-7.json',
      ),
    );
}
