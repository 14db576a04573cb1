import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { type Act, examples, jsonOption } from '../program.ts';
import type { TrustCheckOptions } from './trust-check.ts';
import type { TrustUpdateOptions } from './trust-update.ts';

/** Adds `dfu-verify trust` with its commands. */
export function defineTrust(program: Command, io: Io, act: Act): void {
  const trust = program
    .command('trust')
    .description('look after trust files: check, update (dfu-pack trust: format, sign, tbs, attach)')
    .helpCommand(false)
    .addHelpText(
      'after',
      examples(
        'dfu-verify trust check trust.yaml',
        'dfu-verify trust update /etc/dfukit/trust.json trust-8.json',
      ),
    );
  trust
    .command('check')
    .description('say whether a trust file can be used, and what is about to go wrong with it')
    .argument('<file>', 'a trust file, YAML or JSON')
    .option('--at <time>', 'judge as of this time: YYYY-MM-DDTHH:MM:SSZ (default: now)')
    .option('--within <days>', 'tell what expires within so many days (default: 30)')
    .option('--strict', 'end with 5 for warnings too')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'dfu-verify trust check trust.yaml --within 90',
        'dfu-verify trust check trust.json --strict --json',
      ),
    )
    .action(
      act(async (file: string, options: TrustCheckOptions) =>
        (await import('./trust-check.ts')).trustCheck(io, file, options),
      ),
    );
  trust
    .command('update')
    .description('replace a trust file by the next version, or one after the other by several')
    .argument(
      '<current>',
      'the trust file in hand; it is replaced when all is well, in one step; what was YAML is JSON then',
    )
    .argument('<next...>', 'the versions after it, in order; their signatures lie beside, in NEXT.sig.json')
    .option('--at <time>', 'judge as of this time: YYYY-MM-DDTHH:MM:SSZ (default: now)')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'dfu-verify trust update /etc/dfukit/trust.json trust-8.json',
        'dfu-verify trust update trust.json trust-8.json trust-9.json --json',
      ),
    )
    .action(
      act(async (current: string, next: string[], options: TrustUpdateOptions) =>
        (await import('./trust-update.ts')).trustUpdate(io, current, next, options),
      ),
    );
}
