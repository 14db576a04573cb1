import { type Command, Option } from 'commander';
import { examples, repeatable } from '../program.ts';
import { addTrustOptions } from '../trust-options.ts';

/** Defines dfu-flash station. `addDevice` and `addSending` add what it has in common with upload. */
export function defineStation(
  program: Command,
  addDevice: (command: Command) => Command,
  addSending: (command: Command) => Command,
): Command {
  const command = program
    .command('station')
    .description('flash one device after the other with the same package, until Ctrl-C')
    .argument('<package>')
    .optionsGroup('What starts a flash:')
    .addOption(
      new Option(
        '--trigger <event>',
        'port (one that appears), boot-event (of a BGAPI bootloader), stdin (a line with the serial number of the device)',
      ),
    )
    .optionsGroup('Where to:');
  addDevice(command)
    .option(
      '--simulate <device>',
      'a new virtual device in memory each time: gecko, gecko-xmodem, ble112 (with --trigger stdin)',
    )
    .optionsGroup('What is kept:')
    .option('--journal <file>', 'append a line for each flash, on the disk before the result is told')
    .option('--station <name>', 'the name of this station, for the journal')
    .option(
      '--on-result <program>',
      'start it after each flash, with the line of the journal on its standard input; no shell',
    )
    .addOption(repeatable('--on-result-arg <value>', 'argument for it (repeatable)'))
    .optionsGroup('How:');
  return addTrustOptions(addSending(command))
    .addOption(new Option('--json', 'print the line of the journal for each flash on stdout'))
    .addHelpText(
      'after',
      examples(
        'dfu-flash station thermo-1.2.0.dfupkg --key thermo.pub.pem --port /dev/ttyUSB0 --trigger stdin --journal line1.jsonl',
        'dfu-flash station thermo-1.2.0.dfupkg --key thermo.pub.pem --trigger port --journal line1.jsonl --station line1',
      ),
    );
}
