import { describe, expect, test } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { within } from '../../src/core/wait.ts';
import {
  type ByteDevice,
  type LinkFault,
  type MemoryPortOptions,
  memoryPort,
  randomFaults,
} from '../../src/sim/index.ts';
import { describePort } from '../link/contract.ts';

/** A device that only listens, and remembers when. */
class Ear implements ByteDevice {
  send: (bytes: Bytes) => void = () => {};
  readonly heard: { at: number; bytes: Bytes }[] = [];
  readonly cuts: [number, string | undefined][] = [];
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }
  receive(bytes: Bytes): void {
    this.heard.push({ at: this.#clock.now(), bytes });
  }
  powerCycle(): void {}
  cutPowerAt(operation: number, torn?: string): void {
    this.cuts.push([operation, torn]);
  }
}

describePort('a memory port', async () => {
  const clock = new VirtualClock();
  const device = new Ear(clock);
  const port = memoryPort(device, { clock });
  return {
    port,
    clock,
    deviceSide: {
      send: (bytes) => device.send(bytes),
      received: () => concat(device.heard.map(({ bytes }) => bytes)),
      hangUp: () => port.unplug(),
      stall: () => port.stall(),
      settings: async () => ({ ...port.lines, baudRate: port.baudRate ?? 0 }),
    },
    can: { lines: 'set', baud: true },
  };
});

function wired(options: Omit<MemoryPortOptions, 'clock'> = {}) {
  const clock = new VirtualClock();
  const device = new Ear(clock);
  const port = memoryPort(device, { clock, ...options });
  const wait = (ms = 60_000) => within(ms, { clock, signal: new AbortController().signal });
  return { clock, device, port, wait };
}

const A = Uint8Array.of(0xa1, 0xa2);
const B = Uint8Array.of(0xb1);
const C = Uint8Array.of(0xc1);

describe('a memory port', () => {
  test('is busy while it is open', async () => {
    const { port, wait } = wired();
    const link = await port.open(wait());
    await expect(port.open(wait())).rejects.toMatchObject({ code: 'link.busy' });
    await link.close();
    await port.open(wait());
  });

  test('without its plug is not found', async () => {
    const { port, wait } = wired();
    const link = await port.open(wait());
    port.unplug(true);
    expect((await link.closed).message).toContain('pulled');
    await expect(port.open(wait())).rejects.toMatchObject({ code: 'link.not-found' });
    port.plugIn();
    await port.open(wait());
  });

  test('loses what is on the wire when the plug is pulled', async () => {
    const { port, wait, device, clock } = wired({ latencyMs: 10 });
    const link = await port.open(wait());
    await link.write(A, wait());
    device.send(B);
    port.unplug();
    const again = await port.open(wait());
    await again.write(C, wait());
    device.send(C);
    expect(await again.inbox.take(wait())).toEqual(C);
    expect(clock.now()).toBe(10);
    expect(device.heard).toEqual([{ at: 10, bytes: C }]);
  });

  test('loses what the device sends while nobody has it open', async () => {
    const { port, wait, device, clock } = wired();
    device.send(A);
    await new Promise<void>((resolve) => clock.after(10, resolve));
    const link = await port.open(wait());
    device.send(B);
    expect(await link.inbox.take(wait())).toEqual(B);
  });

  test('does not let the writer change what is under way', async () => {
    const { port, wait, device } = wired({ latencyMs: 10 });
    const link = await port.open(wait());
    const bytes = A.slice();
    await link.write(bytes, wait());
    bytes.fill(0);
    await link.inbox.take(wait(20)).catch(() => {});
    expect(device.heard[0]?.bytes).toEqual(A);
  });

  test('at a baud rate takes ten bits a byte, both ways at once, and the latency besides', async () => {
    const { port, wait, device, clock } = wired({ baudRate: 10_000, latencyMs: 5 });
    const link = await port.open(wait());
    device.send(new Uint8Array(50));
    await link.write(new Uint8Array(100), wait());
    expect(clock.now(), 'a write ends with its last bit').toBe(100);
    await link.write(new Uint8Array(10), wait());
    await link.inbox.take(wait());
    await link.inbox.take(wait(100)).catch(() => {});
    expect(device.heard.map(({ at }) => at)).toEqual([105, 115]);
  });

  test('paces the device as well', async () => {
    const { port, wait, device, clock } = wired({ baudRate: 115_200 });
    const link = await port.open(wait());
    device.send(new Uint8Array(115.2));
    device.send(new Uint8Array(1152));
    await link.inbox.take(wait());
    await link.inbox.take(wait());
    expect(clock.now()).toBeCloseTo(110, 0);
  });

  test('ends a write at its deadline while the bits still go out', async () => {
    const { port, wait } = wired({ baudRate: 1000 });
    const link = await port.open(wait());
    await expect(link.write(new Uint8Array(1000), wait(100))).rejects.toMatchObject({ code: 'link.timeout' });
  });

  test('breaks a write that is under way when the plug is pulled', async () => {
    const { port, wait } = wired({ baudRate: 1000 });
    const link = await port.open(wait());
    const writing = link.write(new Uint8Array(1000), wait());
    port.unplug();
    await expect(writing).rejects.toMatchObject({ code: 'link.closed' });
  });
});

describe('faults', () => {
  /** What arrives when A, B and C are written one after the other. */
  async function arrives(...faults: LinkFault[]) {
    const { port, wait, device, clock } = wired({ faults });
    const link = await port.open(wait());
    for (const frame of [A, B, C]) {
      await link.write(frame, wait()).catch(() => {});
      await new Promise<void>((resolve) => clock.after(0, resolve));
    }
    await new Promise<void>((resolve) => clock.after(10_000, resolve));
    return { heard: device.heard, struck: port.struck.length, port, link, wait };
  }
  const bytes = ({ heard }: { heard: { bytes: Bytes }[] }) => heard.map((h) => [...h.bytes]);
  const at = { direction: 'to-device', frame: 1 } as const;

  test.each<[string, LinkFault, number[][]]>([
    ['a frame is lost', { ...at, kind: 'lose' }, [[0xa1, 0xa2], [0xc1]]],
    ['a frame is doubled', { ...at, kind: 'double' }, [[0xa1, 0xa2], [0xb1], [0xb1], [0xc1]]],
    ['a bit is turned', { ...at, kind: 'corrupt', bit: 4 }, [[0xa1, 0xa2], [0xa1], [0xc1]]],
    [
      'a bit is turned in a later byte',
      { ...at, frame: 0, kind: 'corrupt', bit: 8 },
      [[0xa1, 0xa3], [0xb1], [0xc1]],
    ],
    [
      'the bit wraps at the end of the frame',
      { ...at, kind: 'corrupt', bit: 8 * 7 },
      [[0xa1, 0xa2], [0xb0], [0xc1]],
    ],
    [
      'noise comes before',
      { ...at, kind: 'noise', bytes: Uint8Array.of(9, 9) },
      [[0xa1, 0xa2], [9, 9], [0xb1], [0xc1]],
    ],
  ])('%s', async (_, fault, expected) => {
    const result = await arrives(fault);
    expect(bytes(result)).toEqual(expected);
    expect(result.struck).toBe(1);
  });

  test('a frame that is held back holds back what follows', async () => {
    const { heard } = await arrives({ ...at, kind: 'delay', ms: 700 });
    expect(heard.map((h) => h.at)).toEqual([0, 700, 700]);
  });

  test('the link breaks in place of a frame, and opens again', async () => {
    const result = await arrives({ ...at, kind: 'cut' });
    expect(bytes(result)).toEqual([[0xa1, 0xa2]]);
    expect(await result.link.closed).toMatchObject({ code: 'link.closed' });
    const again = await result.port.open(result.wait());
    await again.write(C, result.wait());
  });

  test('meet the other direction too, and each strikes once', async () => {
    const fault: LinkFault = { direction: 'to-host', frame: 0, kind: 'lose' };
    const { port, wait, device } = wired({ faults: [fault] });
    const link = await port.open(wait());
    device.send(A);
    device.send(B);
    expect(await link.inbox.take(wait())).toEqual(B);
    expect(port.struck).toEqual([fault]);
    expect(port.frames('to-host')).toBe(2);
  });

  test('frames are counted over all openings', async () => {
    const { port, wait, device } = wired({ faults: [{ ...at, kind: 'lose' }] });
    for (const frame of [A, B, C]) {
      const link = await port.open(wait());
      await link.write(frame, wait());
      await link.close();
    }
    await port.open(wait()).then((link) => link.inbox.take(wait(10)).catch(() => {}));
    expect(device.heard.map((h) => [...h.bytes])).toEqual([[...A], [...C]]);
  });

  test('several can strike one frame', async () => {
    const result = await arrives(
      { ...at, kind: 'double' },
      { ...at, kind: 'noise', bytes: Uint8Array.of(1) },
    );
    expect(bytes(result)).toEqual([[0xa1, 0xa2], [1], [0xb1], [0xb1], [0xc1]]);
  });

  test('a power fault goes to the device', () => {
    expect(wired({ faults: [{ kind: 'power', operation: 7, torn: 'after' }] }).device.cuts).toEqual([
      [7, 'after'],
    ]);
  });

  test('from a seed are the same each time, of every kind, and within bounds', () => {
    const faults = randomFaults(5, { count: 500, frames: 30, maxDelayMs: 50 });
    expect(randomFaults(5, { count: 500, frames: 30, maxDelayMs: 50 })).toEqual(faults);
    expect(randomFaults(6, { count: 500, frames: 30, maxDelayMs: 50 })).not.toEqual(faults);
    expect(new Set(faults.map((f) => f.kind)).size).toBe(6);
    expect(new Set(faults.map((f) => f.direction)).size).toBe(2);
    expect(faults.every((f) => f.frame >= 0 && f.frame < 30)).toBe(true);
    expect(faults.every((f) => f.kind !== 'delay' || (f.ms >= 1 && f.ms <= 50))).toBe(true);
    expect(randomFaults(5, { count: 9, frames: 3, kinds: ['cut'] }).every((f) => f.kind === 'cut')).toBe(
      true,
    );
  });
});

describe('lines and baud rate of a memory port', () => {
  test('the device sees the lines, both of them, each time they are set; opening asserts both, unseen', async () => {
    const { device, port, wait } = wired();
    const seen: unknown[] = [];
    (device as ByteDevice).setLines = (lines) => seen.push(lines);
    const link = await port.open(wait());
    expect(port.lines).toEqual({ dtr: true, rts: true });
    await link.setLines?.({ dtr: false }, wait());
    await link.setLines?.({ rts: false }, wait());
    expect(seen).toEqual([
      { dtr: false, rts: true },
      { dtr: false, rts: false },
    ]);
  });

  test('at another rate than the device each side hears noise; at its rate every byte', async () => {
    const { device, port, wait } = wired({ baudRate: 9600 });
    Object.assign(device, { baudRate: 115200 });
    const link = await port.open(wait());
    await link.write(A, wait());
    device.send(B);
    const noise = await link.inbox.take(wait());
    expect([device.heard[0]?.bytes.length, noise.length]).toEqual([2, 1]);
    expect([...(device.heard[0]?.bytes ?? [])].some((byte) => [...A].includes(byte))).toBe(false);
    expect(noise).not.toEqual(B);
    await link.setBaud?.(115200, wait());
    await link.write(A, wait());
    device.send(B);
    expect([device.heard[1]?.bytes, await link.inbox.take(wait())]).toEqual([A, B]);
  });

  test('paces at the rate that is set, and at its own again after it was opened anew', async () => {
    const { port, wait, clock } = wired({ baudRate: 1000 });
    const link = await port.open(wait());
    await link.setBaud?.(10_000, wait());
    await link.write(C, wait());
    expect(clock.now()).toBeCloseTo(1);
    await link.close();
    await (await port.open(wait())).write(C, wait());
    expect(clock.now()).toBeCloseTo(11);
  });
});
