import type { Command } from 'commander';
import { jsonOption } from '../program.ts';

/** Of `--force`, wherever a file is written that may be there. */
export const FORCE = 'replace a file that is there';

/** The options of `dfu-pack tbs` and `dfu-pack trust tbs`. */
export function addTbsOptions(command: Command): Command {
  return command
    .option('-o, --output <file>', 'write them there, raw')
    .option('--hex', 'print them in hex')
    .option(
      '--digest <name>',
      'sha256: their SHA-256 instead, for a token that signs a digest (ECDSA P-256 only)',
    )
    .option('--force', FORCE)
    .addOption(jsonOption());
}

/** Who made a signature that is attached: to a package, or to a trust file. */
export function addAttachOptions(command: Command): Command {
  return command
    .requiredOption('--public-key <file>', 'public key, PEM')
    .requiredOption('--signature <file>', '64 bytes (P-256: or DER), raw, hex or base64');
}
