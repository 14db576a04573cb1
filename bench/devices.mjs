// Virtual devices on pseudo-terminals, paced, in a process of their own: node bench/devices.mjs COUNT BAUD.
// Prints the paths as one JSON line. Lines on stdin: `close N` pulls the port of the device with that number, `stall N`
// has it take no more bytes. Ends with its stdin.
import { createInterface } from 'node:readline';
import { systemClock } from '../dist/lib/core/clock.js';
import { openPseudoTerminal } from '../dist/lib/node/pty.js';
import { createGeckoDevice, Wire } from '../dist/lib/sim/index.js';

const [count, baudRate] = process.argv.slice(2).map(Number);
const ends = [];
for (let i = 0; i < count; i++) {
  const end = await openPseudoTerminal();
  const device = createGeckoDevice({ clock: systemClock });
  const line = (deliver) => {
    const wire = new Wire({ clock: systemClock, baudRate }, deliver);
    return (bytes) => void wire.carry([bytes], 0, bytes.length);
  };
  device.send = line((bytes) => end.send(bytes));
  end.onReceive(line((bytes) => device.receive(bytes)));
  ends.push(end);
}
console.log(JSON.stringify(ends.map(({ address }) => address)));
for await (const command of createInterface({ input: process.stdin })) {
  const [verb, number] = command.split(' ');
  const end = ends[Number(number)];
  if (verb === 'close') await end.close();
  if (verb === 'stall') end.stall();
}
process.exit(0);
