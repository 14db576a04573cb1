import { shown } from '../../core/text.ts';
import { describePort } from '../../node/found-port.ts';
import { listSerialPorts } from '../../node/serial-list.ts';
import type { Io } from '../io.ts';
import { printJson } from '../program.ts';

/** dfu-flash list: the serial ports of this machine. */
export async function list(io: Io, options: { json?: boolean }): Promise<number> {
  const ports = await listSerialPorts();
  if (options.json) {
    printJson(io, {
      formatVersion: 1,
      ports: ports.map((port) =>
        Object.fromEntries(Object.entries(port).map(([name, value]) => [name, shown(value)])),
      ),
    });
  } else if (ports.length === 0) io.err('This machine has no serial ports.\n');
  else for (const port of ports) io.out(`${describePort(port)}\n`);
  return 0;
}
