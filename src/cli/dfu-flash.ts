import { type Command, Option } from 'commander';
import type { IdentifyOptions } from './flash/identify.ts';
import type { SimulateOptions } from './flash/simulate.ts';
import type { StationOptions } from './flash/station.ts';
import { defineStation } from './flash/station-command.ts';
import type { TraceOptions } from './flash/trace.ts';
import { addTraceOptions, defineTrace } from './flash/trace-command.ts';
import type { UploadOptions } from './flash/upload.ts';
import type { Io } from './io.ts';
import { createProgram, examples, jsonOption, repeatable, runProgram } from './program.ts';
import { addTrustOptions } from './trust-options.ts';

/** Runs dfu-flash with the arguments after its name; answers the exit code. */
export function main(argv: readonly string[], io: Io): Promise<number> {
  return runProgram(argv, io, (act) => {
    const program = createProgram(
      'dfu-flash',
      'Uploads DFU packages to devices: verified first, confirmed at the end.',
      [
        'dfu-flash thermo-1.2.0.dfupkg --key thermo.pub.pem --port /dev/ttyUSB0',
        'dfu-flash upload thermo-1.2.0.dfupkg --key thermo.pub.pem --simulate gecko',
      ],
    );
    defineUpload(program).action(
      act(async (file: string, options: UploadOptions) =>
        (await import('./flash/upload.ts')).upload(io, file, options),
      ),
    );
    program
      .command('list')
      .description('list the serial ports of this machine with vendor, product and serial number')
      .addOption(jsonOption())
      .addHelpText('after', examples('dfu-flash list', 'dfu-flash list --json'))
      .action(
        act(async (options: { json?: boolean }) => (await import('./flash/list.ts')).list(io, options)),
      );
    addTraceOptions(
      addDeviceOptions(
        program
          .command('identify')
          .description('ask one device what it is; it restarts, and then runs what it ran before'),
      ),
    )
      .addOption(jsonOption())
      .addHelpText(
        'after',
        examples(
          'dfu-flash identify --port /dev/ttyUSB0',
          'dfu-flash identify --port tcp://192.0.2.20:8888 --json',
        ),
      )
      .action(
        act(async (options: IdentifyOptions) => (await import('./flash/identify.ts')).identify(io, options)),
      );
    defineStation(program, (command) => addDeviceOptions(command, true), addSendingOptions).action(
      act(async (file: string, options: StationOptions) =>
        (await import('./flash/station.ts')).station(io, file, options),
      ),
    );
    defineSimulate(program).action(
      act(async (device: string, options: SimulateOptions) =>
        (await import('./flash/simulate.ts')).simulate(io, device, options),
      ),
    );
    defineTrace(program).action(
      act(async (file: string, options: TraceOptions) =>
        (await import('./flash/trace.ts')).trace(io, file, options),
      ),
    );
    return program;
  });
}

const PORT =
  'serial port (see dfu-flash list); auto: the one USB serial port there is; tcp://host:port of a serial bridge, rfc2217://host:port of one that sets baud rate and lines (environment: DFUKIT_PORT)';

/** Where one device is; or several, each at a port of its own. */
function addDeviceOptions(command: Command, several = false): Command {
  if (several) {
    command
      .addOption(repeatable('--port <port>', `${PORT}; several times for several devices at a time`))
      .option('--all', 'all serial ports at a time');
  } else command.option('--port <port>', PORT);
  return command
    .option('--vid <hex>', 'the USB serial port of that vendor; instead of --port')
    .option('--pid <hex>', 'and of that product')
    .option('--serial-number <text>', 'and with that serial number')
    .option('--wait <seconds>', 'wait for the port to appear (default: not at all)')
    .option('--baud <rate>', 'baud rate of the bootloader (default: 115200; environment: DFUKIT_BAUD)')
    .option('--app-baud <rate>', 'baud rate of the application, where that is another')
    .option('--rtscts', 'flow control by RTS and CTS; both ends must agree (default: none)')
    .option(
      '--reset <sequence>',
      'into the bootloader by DTR and RTS: sonoff, rts, dtr, or steps as dtr=0,rts=1,100ms,rts=0 (see docs/ports.md)',
    )
    .option(
      '--protocol <name>',
      'auto (finds out), bgapi, xmodem; experimental: ble1xx, ble1xx-packet (default: auto; environment: DFUKIT_PROTOCOL)',
    );
}

/** How a package is sent. */
function addSendingOptions(command: Command): Command {
  return command
    .option(
      '--entry <way>',
      'into the bootloader: auto, bgapi (ask the application), manual (by your hand), none (it is there) (default: auto)',
    )
    .option(
      '--chunk-size <bytes>',
      'image bytes in one request (default: 252 over bgapi, 128 over xmodem, 64 over ble1xx)',
    )
    .option(
      '--confirm <evidence>',
      'what to ask for: auto, version, booted, handed-over, none (default: auto, that is handed-over)',
    )
    .option('--retries <n>', 'how often to start over after a fault of the line (default: 3)')
    .option(
      '--progress <form>',
      'auto, bar, lines, json or none (default: auto; environment: DFUKIT_PROGRESS)',
    );
}

function defineUpload(program: Command): Command {
  const command = program
    .command('upload', { isDefault: true })
    .description('verify a package, then upload it and confirm that it runs (the default command)')
    .argument('<package>')
    .optionsGroup('Where to:');
  addDeviceOptions(command, true)
    .option('--simulate <device>', 'a virtual device in memory instead: gecko, gecko-xmodem, ble112')
    .optionsGroup('How:');
  addSendingOptions(command).option('--dry-run', 'verify and print the plan; the port is not opened');
  return addTraceOptions(addTrustOptions(command))
    .option('--report <file>', 'write the report there too, as with --json')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'dfu-flash thermo-1.2.0.dfupkg --key thermo.pub.pem --port /dev/ttyUSB0',
        'dfu-flash upload thermo-1.2.0.dfupkg --key thermo.pub.pem --simulate gecko --json',
      ),
    );
}

function defineSimulate(program: Command): Command {
  return program
    .command('simulate')
    .description('run a virtual device until Ctrl-C; the first line on stdout says where it is')
    .argument(
      '<device>',
      'gecko: a Silicon Labs Gecko with the BGAPI UART DFU bootloader; gecko-xmodem: with the XMODEM menu bootloader; ble112: a Bluegiga BLE112',
    )
    .option('--pty [link]', 'on a pseudo-terminal (the default), with a symbolic link to it')
    .option('--tcp [address]', 'on a TCP port: [host:]port (default: any that is free, on loopback)')
    .option('--baud <rate>', 'let bytes take the time that they take at this rate (default: none)')
    .option('--flash-file <file>', 'start with the flash kept there, and keep it there')
    .addOption(
      new Option(
        '--app <kind>',
        'how its application behaves: bgapi, silent, crash-loop; of a gecko also old-version (default: bgapi)',
      ),
    )
    .option('--part <name>', 'chip or module (default: efr32bg22, of a ble112 ble112)')
    .option('--bootloader <kind>', "which of the part's bootloaders it has (default: main)")
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'dfu-flash simulate gecko --pty /tmp/thermo',
        'dfu-flash simulate gecko --tcp 8888 --part efr32bg24 --flash-file thermo.flash',
      ),
    );
}
