import { expect, test } from 'vitest';
import { VirtualClock } from '../../src/core/clock.ts';
import { DfuError, type ErrorCode } from '../../src/core/errors.ts';
import { within } from '../../src/core/wait.ts';
import { awaitedPort } from '../../src/link/awaited-port.ts';
import type { ByteLink } from '../../src/link/link.ts';
import { createGeckoDevice, memoryPort } from '../../src/sim/index.ts';
import { TINY } from '../sim/support.ts';
import { describePort } from './contract.ts';

function bench(waitMs: number) {
  const clock = new VirtualClock();
  const inner = memoryPort(createGeckoDevice({ clock, part: TINY }), { clock });
  const port = awaitedPort(inner, waitMs);
  const signal = new AbortController();
  const wait = (ms = 5000) => within(ms, { clock, signal: signal.signal });
  return { clock, inner, port, wait, signal };
}

describePort('a port that is waited for', async () => {
  const clock = new VirtualClock();
  const received: number[] = [];
  const device = createGeckoDevice({ clock, part: TINY });
  device.receive = (bytes) => void received.push(...bytes);
  device.powerOff();
  const inner = memoryPort(device, { clock });
  return {
    port: awaitedPort(inner, 1000),
    clock,
    deviceSide: {
      send: (bytes) => device.send(bytes),
      received: () => Uint8Array.from(received),
      hangUp: () => inner.unplug(),
      stall: () => inner.stall(),
      settings: async () => ({ ...inner.lines, baudRate: inner.baudRate ?? 0 }),
    },
    can: { lines: 'set', baud: true },
  };
});

test('that comes within the time is opened, beyond the deadline of the opening itself', async () => {
  const { clock, inner, port, wait } = bench(60_000);
  inner.unplug(true);
  clock.after(30_000, () => inner.plugIn());
  await (await port.open(wait())).close();
  expect(clock.now()).toBeGreaterThanOrEqual(30_000);
  expect(clock.now()).toBeLessThan(31_000);
});

test('that does not come ends with why, when the time is over', async () => {
  const { clock, inner, port, wait } = bench(60_000);
  inner.unplug(true);
  await expect(port.open(wait())).rejects.toMatchObject({ code: 'link.not-found' });
  expect(clock.now()).toBeGreaterThan(59_000);
  expect(clock.now()).toBeLessThanOrEqual(60_000);
});

test('that is not waited for fails at once', async () => {
  const { clock, inner, port, wait } = bench(0);
  inner.unplug(true);
  await expect(port.open(wait())).rejects.toMatchObject({ code: 'link.not-found' });
  expect(clock.now()).toBe(0);
});

test('that was open before is looked for until the deadline of the opening', async () => {
  const { clock, inner, port, wait } = bench(0);
  await port.open(wait());
  inner.unplug(true);
  clock.after(3000, () => inner.plugIn());
  await (await port.open(wait())).close();
  inner.unplug(true);
  const before = clock.now();
  await expect(port.open(wait())).rejects.toMatchObject({ code: 'link.not-found' });
  expect(clock.now() - before).toBeLessThanOrEqual(5000);
});

test('ends at Ctrl-C', async () => {
  const { clock, inner, port, wait, signal } = bench(60_000);
  inner.unplug(true);
  clock.after(1000, () => signal.abort());
  await expect(port.open(wait())).rejects.toMatchObject({
    code: 'run.interrupted',
    message: 'stopped while waiting for the port virtual device',
  });
  expect(clock.now()).toBeLessThan(2000);
});

test.each<[ErrorCode, boolean]>([
  ['link.not-found', true],
  ['link.busy', true],
  ['link.forbidden', true],
  ['link.unsupported', false],
  ['link.ambiguous', false],
  ['link.failed', false],
])('after %s it tries again: %s', async (code, again) => {
  const { clock, wait } = bench(0);
  let tries = 0;
  const port = awaitedPort<ByteLink>(
    { kind: 'bytes', name: 'x', open: () => Promise.reject(new DfuError(code, `try ${++tries}`)) },
    1000,
  );
  await expect(port.open(wait())).rejects.toMatchObject({ code });
  expect(tries > 1).toBe(again);
  expect(clock.now()).toBeLessThanOrEqual(1000);
});
