import { shown } from '../../core/text.ts';
import type { DeviceFacts } from '../../flash/protocol.ts';
import type { Io } from '../io.ts';
import { printJson } from '../program.ts';
import { choosePort, chooseProtocol, type DeviceOptions } from './device-options.ts';
import { twoInterrupts } from './interrupts.ts';

export interface IdentifyOptions extends DeviceOptions {
  json?: boolean;
}

/** What one would like to know of a device, in the order of the report. */
const QUESTIONS = [
  ['bootloaderVersion', 'Bootloader version'],
  ['applicationVersion', 'Application version'],
  ['product', 'Product'],
  ['hardware', 'Hardware revision'],
  ['serialNumber', 'Serial number'],
] as const;

/** dfu-flash identify: what a device tells about itself. Errors are those of links, and `device.no-answer`. */
export async function identify(io: Io, options: IdentifyOptions): Promise<number> {
  const protocol = chooseProtocol(io, options);
  const port = await choosePort(io, options);
  const interrupts = twoInterrupts(io);
  let device: DeviceFacts;
  try {
    device = await protocol.identify(port, { clock: io.clock, ...interrupts, emit: () => {} });
  } finally {
    interrupts.end();
  }
  const told = new Map(Object.entries(device));
  if (options.json) {
    printJson(io, {
      formatVersion: 1,
      port: port.name,
      protocol: protocol.name,
      running: device.running,
      facts: QUESTIONS.flatMap(([name]) => {
        const value = told.get(name);
        return value === undefined ? [] : [{ name, value: shown(value), source: 'device' }];
      }),
      notTold: QUESTIONS.map(([name]) => name).filter((name) => !told.has(name)),
    });
    return 0;
  }
  const line = (label: string, value: string) => io.out(`${`${label}:`.padEnd(21)}${value}\n`);
  line('Port', port.name);
  line('Protocol', protocol.name);
  line('Running', device.running);
  for (const [name, label] of QUESTIONS) {
    line(label, shown(told.get(name) ?? `not told by this ${device.running}`));
  }
  return 0;
}
