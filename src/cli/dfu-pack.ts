import type { Command } from 'commander';
import type { Io } from './io.ts';
import type { AttestOptions } from './pack/attest.ts';
import { defineAttest } from './pack/attest-command.ts';
import type { BuildOptions } from './pack/build.ts';
import { addAttachOptions, addTbsOptions, FORCE } from './pack/command-options.ts';
import type { InitOptions } from './pack/init.ts';
import type { KeygenOptions } from './pack/keygen.ts';
import { addPassphraseOptions } from './pack/passphrase.ts';
import type { AttachOptions, SignOptions } from './pack/seal.ts';
import { addSigningOptions, allowTestKeyOption } from './pack/signers.ts';
import type { TbsOptions } from './pack/tbs.ts';
import { defineTrust } from './pack/trust-command.ts';
import { createProgram, examples, jsonOption, repeatable, runProgram } from './program.ts';

/** Runs dfu-pack with the arguments after its name; answers the exit code. */
export function main(argv: readonly string[], io: Io): Promise<number> {
  return runProgram(argv, io, (act) => {
    const program = createProgram('dfu-pack', 'Makes signed DFU packages from firmware images.', [
      'dfu-pack app.bin --product thermo --fw-version 1.2.0 --start-address 0x6000 --key thermo.key.pem',
      'dfu-pack build --recipe dfu.yaml --fw-version 1.2.0 --key thermo.key.pem -o thermo-1.2.0.dfupkg',
    ]);
    defineBuild(program).action(
      act(async (image: string | undefined, options: BuildOptions) =>
        (await import('./pack/build.ts')).build(io, image, options),
      ),
    );
    defineInit(program).action(
      act(async (options: InitOptions) => (await import('./pack/init.ts')).init(io, options)),
    );
    program
      .command('templates')
      .description('list the templates: parts with their bootloaders')
      .addOption(jsonOption())
      .addHelpText('after', examples('dfu-pack templates', 'dfu-pack templates --json'))
      .action(
        act(async (options: { json?: true }) => (await import('./pack/init.ts')).templates(io, options)),
      );
    defineKeygen(program).action(
      act(async (name: string | undefined, options: KeygenOptions) =>
        (await import('./pack/keygen.ts')).keygen(io, name, options),
      ),
    );
    defineSign(program).action(
      act(async (file: string, options: SignOptions) =>
        (await import('./pack/seal.ts')).sign(io, file, options),
      ),
    );
    defineTbs(program).action(
      act(async (file: string, options: TbsOptions) =>
        (await import('./pack/seal.ts')).tbs(io, file, options),
      ),
    );
    defineAttach(program).action(
      act(async (file: string, options: AttachOptions) =>
        (await import('./pack/seal.ts')).attach(io, file, options),
      ),
    );
    defineAttest(program).action(
      act(async (file: string, options: AttestOptions) =>
        (await import('./pack/attest.ts')).attest(io, file, options),
      ),
    );
    defineTrust(program, io, act);
    return program;
  });
}

function defineBuild(program: Command): Command {
  const command = program
    .command('build', { isDefault: true })
    .description('make a package from an image, or from the images of a recipe (the default command)')
    .argument('[image]', 'firmware: a raw binary or a GBL v3 file; without it, the recipe names the images')
    .optionsGroup('What it is:')
    .option('--name <name>', 'what this firmware is called (default: the product)')
    .option('--fw-version <version>', 'its version, SemVer 2.0.0: 1.2.3')
    .option('--security-counter <n>', 'raise it to make older releases uninstallable (default: 0)')
    .optionsGroup('What it is for:')
    .option('--product <name>', 'the product it is made for')
    .addOption(
      repeatable('--hardware <revision>', 'a hardware revision it is made for (repeatable; default: all)'),
    )
    .option('--part <name>', 'the chip or module, such as efr32bg22: checks addresses, decides the format')
    .optionsGroup('The image:')
    .option('--start-address <address>', 'where its first byte goes; a GBL says that itself')
    .option(
      '--image-format <format>',
      "auto, raw or gbl (default: auto, the part's kind, raw without a part); a raw image asked for as gbl is " +
        'wrapped, without a signature of the chip vendor: a device with secure boot wants the GBL its signer made',
    )
    .option('--role <role>', 'application, apploader, bootloader, stack, se or data (default: application)')
    .option('--align <bytes>', 'pad to a multiple of 4 to 4096, a power of two (default: 4)')
    .option('--pad-byte <byte>', 'with this (default: 0xff)')
    .option('--device-version <n>', 'what the device reports once this runs, 32 bits: 0x00010203')
    .optionsGroup('Its source, as whoever runs this says it (signed and shown, proven by nothing):')
    .option('--source-repository <url>', 'where the source lies, without user or token: https://HOST/PATH')
    .option('--source-revision <commit>', 'which commit of it: 40 or 64 hexadecimal digits')
    .option('--provenance', 'take both from the variables of the CI system; options win')
    .option('--sbom <file>', 'bind this software bill of materials by its SHA-256')
    .optionsGroup('Where it comes from and goes to:')
    .option('--recipe <file>', 'read dfu.yaml; options win over it')
    .option('--template <name>', 'start from a template; see dfu-pack templates')
    .option('-o, --output <file>', 'the package (default: NAME-VERSION.dfupkg)')
    .option('--force', FORCE)
    .option('--print-recipe', 'show each value and where it comes from, and make nothing');
  return addSigningOptions(command)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'dfu-pack app.bin --product thermo --fw-version 1.2.0 --start-address 0x6000 --key thermo.key.pem',
        'dfu-pack build app.gbl --template efr32bg22 --product thermo --fw-version 1.2.0 --json',
      ),
    );
}

function defineInit(program: Command): Command {
  return program
    .command('init')
    .description('write a recipe, with comments, from a template')
    .requiredOption('--template <name>', 'see dfu-pack templates')
    .option('-o, --output <file>', 'the recipe', 'dfu.yaml')
    .option('--force', FORCE)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('dfu-pack init --template efr32bg22', 'dfu-pack init --template efr32bg22 -o thermo.yaml'),
    );
}

function defineKeygen(program: Command): Command {
  const command = program
    .command('keygen')
    .description(
      'make an Ed25519 key pair: NAME.key.pem (private) and NAME.pub.pem; nothing is ever replaced',
    )
    .argument('[name]', 'path and first part of the file names')
    .option('-o, --output <name>', 'the same');
  return addPassphraseOptions(command, 'encrypt the private key with a passphrase')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('dfu-pack keygen thermo', 'dfu-pack keygen -o keys/thermo --passphrase-file thermo.pass'),
    );
}

function defineSign(program: Command): Command {
  const command = program.command('sign').description('add signatures to a package').argument('<package>');
  return addSigningOptions(command, { mandatory: true })
    .option('-o, --output <file>', 'the signed package')
    .option('--in-place', 'replace the package by the signed one')
    .option('--force', FORCE)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'dfu-pack sign thermo-1.2.0.dfupkg --key thermo.key.pem --in-place',
        'dfu-pack sign thermo-1.2.0.dfupkg --key a.key.pem --key b.key.pem -o signed.dfupkg',
      ),
    );
}

function defineTbs(program: Command): Command {
  const command = program
    .command('tbs')
    .description('write the bytes that a signature of this package is made over')
    .argument('<package>');
  return addTbsOptions(command).addHelpText(
    'after',
    examples(
      'dfu-pack tbs thermo-1.2.0.dfupkg -o thermo.tbs',
      'dfu-pack tbs thermo-1.2.0.dfupkg --digest sha256 -o thermo.digest',
    ),
  );
}

function defineAttach(program: Command): Command {
  const command = program
    .command('attach')
    .description('add a signature that was made elsewhere')
    .argument('<package>');
  return addAttachOptions(command)
    .addOption(allowTestKeyOption())
    .option('-o, --output <file>', 'the signed package')
    .option('--in-place', 'replace the package by the signed one')
    .option('--force', FORCE)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'dfu-pack attach thermo-1.2.0.dfupkg --public-key thermo.pub.pem --signature thermo.sig --in-place',
        'dfu-pack attach thermo-1.2.0.dfupkg --public-key thermo.pub.pem --signature thermo.sig -o signed.dfupkg',
      ),
    );
}
