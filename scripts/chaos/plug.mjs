// The cable of a virtual device: a pseudo-terminal under a lasting name, and what goes wrong on it.
import { symlink, unlink } from 'node:fs/promises';
import { openPseudoTerminal } from '../../dist/lib/node/pty.js';

/** How many pseudo-terminals were opened: the driver keeps two descriptors of each until the process ends. */
export let opened = 0;

/** `path` is the port's name as long as it is there; `onEvent` is told of faults that are more than bytes. */
export class Plug {
  #path;
  #device;
  #onEvent;
  #end;
  #faults = [];
  #counts = { 'to-device': 0, 'to-host': 0 };
  /** The device neither hears nor speaks. */
  stuck = false;
  /** Faults that struck. */
  struck = 0;

  constructor(path, device, onEvent) {
    this.#path = path;
    this.#device = device;
    this.#onEvent = onEvent;
    device.send = (bytes) => {
      if (this.stuck) return;
      for (const piece of this.#treat('to-host', bytes)) this.#end?.send(piece);
    };
  }

  /** Faults from now on, counted anew; none ends all that were to come. */
  expect(faults) {
    this.#faults = [...faults];
    this.#counts = { 'to-device': 0, 'to-host': 0 };
  }

  async plugIn() {
    if (this.#end !== undefined) return;
    const end = await openPseudoTerminal();
    opened++;
    this.#end = end;
    end.onReceive((bytes) => {
      for (const piece of this.#treat('to-device', bytes)) if (!this.stuck) this.#device.receive(piece);
    });
    await symlink(end.address, this.#path);
  }

  async pull() {
    const end = this.#end;
    if (end === undefined) return;
    this.#end = undefined;
    // The name first: the number of a closed pseudo-terminal may be given to another at once.
    await unlink(this.#path);
    await end.close();
  }

  #treat(direction, bytes) {
    const from = this.#counts[direction];
    this.#counts[direction] += bytes.length;
    let out = Uint8Array.from(bytes);
    // The last place first, so that the others stay where they are.
    const due = this.#faults
      .filter((fault) => fault.direction === direction && fault.at >= from && fault.at < from + bytes.length)
      .sort((a, b) => b.at - a.at);
    const events = [];
    for (const fault of due) {
      this.struck++;
      const treated = treatBytes(fault, out, fault.at - from);
      if (treated === undefined) events.push(fault);
      else out = treated;
    }
    this.#faults = this.#faults.filter((fault) => !due.includes(fault));
    // Such a fault comes in place of what was sent.
    for (const fault of events) this.#onEvent(fault);
    return events.length > 0 || out.length === 0 ? [] : [out];
  }
}

function treatBytes({ kind, count, bytes }, out, at) {
  const [before, here, after] = [out.slice(0, at), out.slice(at, at + count), out.slice(at + count)];
  const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
  switch (kind) {
    case 'drop':
      return join(before, after);
    case 'double':
      return join(before, here, here, after);
    case 'noise':
      return join(before, bytes.slice(0, count), here, after);
    case 'flip':
      return join(
        before,
        here.map((byte, i) => (i === 0 ? byte ^ (1 << (count % 8)) : byte)),
        after,
      );
    case 'lose':
      return new Uint8Array();
    default:
      return undefined;
  }
}
