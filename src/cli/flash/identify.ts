import { shown } from '../../core/text.ts';
import type { DeviceFacts } from '../../flash/protocol.ts';
import type { Io } from '../io.ts';
import { printJson } from '../program.ts';
import { choosePort, chooseProtocol, type DeviceOptions } from './device-options.ts';
import { twoInterrupts } from './interrupts.ts';

export interface IdentifyOptions extends DeviceOptions {
  json?: boolean;
}

const LABELS: Record<keyof DeviceFacts, string> = {
  running: 'Running',
  bootloaderVersion: 'Bootloader version',
  applicationVersion: 'Application version',
  applicationBuild: 'Application build',
  hardware: 'Hardware',
};

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
  const facts = protocol.tells.flatMap((name) => {
    const value = device[name];
    return value === undefined ? [] : [{ name, value: shown(value), source: 'device' }];
  });
  const notTold = protocol.tells.filter((name) => device[name] === undefined);
  if (options.json) {
    const { name } = protocol;
    printJson(io, {
      ...{ formatVersion: 1, port: port.name, protocol: name, running: device.running },
      ...{ facts, notTold },
    });
    return 0;
  }
  const line = (label: string, value: string) => io.out(`${`${label}:`.padEnd(21)}${value}\n`);
  line('Port', port.name);
  line('Protocol', protocol.name);
  line(LABELS.running, device.running);
  for (const { name, value } of facts) line(LABELS[name], value);
  if (notTold.length > 0) {
    const names = notTold.map((name) => LABELS[name].toLowerCase()).join(', ');
    line('Not told', `${names}, by this ${device.running}`);
  }
  return 0;
}
