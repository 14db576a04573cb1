import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import type { Clock } from '../../src/core/clock.ts';
import { pause, within } from '../../src/core/wait.ts';
import type { ByteLink, Port } from '../../src/link/link.ts';

/** A port and the far end of its wire. */
export interface PortUnderTest {
  port: Port<ByteLink>;
  clock: Clock;
  deviceSide: {
    send(bytes: Bytes): void;
    /** All that has arrived so far. */
    received(): Bytes;
    /** Ends the connection from the far side. */
    hangUp(): void;
    /** Takes no more bytes from the wire. */
    stall(): void;
    /** What the wire's modem lines and baud rate are now, where that can be seen. */
    settings?(): Promise<{ dtr: boolean; rts: boolean; baudRate: number }>;
  };
  /** What the links can do besides; `none`: it has the call, and it throws `link.no-modem-lines`. */
  can?: { lines?: 'set' | 'none'; baud?: true };
  /** Lets go of everything; called after each test. */
  dispose?(): Promise<void>;
}

/** What every `Port<ByteLink>` promises. `makePort` is called anew for each test. */
export function describePort(name: string, makePort: () => Promise<PortUnderTest>): void {
  describe(`${name} as a port`, () => {
    let made: PortUnderTest;
    const links: ByteLink[] = [];
    const never = new AbortController().signal;
    const wait = (ms: number, signal = never) => within(ms, { clock: made.clock, signal });

    beforeEach(async () => {
      made = await makePort();
    });
    afterEach(async () => {
      for (const link of links.splice(0)) await link.close();
      await made.dispose?.();
    });

    async function open(): Promise<ByteLink> {
      const link = await made.port.open(wait(2000));
      links.push(link);
      return link;
    }

    async function take(link: ByteLink, count: number): Promise<number[]> {
      const bytes: number[] = [];
      while (bytes.length < count) bytes.push(...(await link.inbox.take(wait(2000))));
      return bytes;
    }

    async function arrived(count: number): Promise<number[]> {
      for (let i = 0; i < 400 && made.deviceSide.received().length < count; i++) await pause(wait(5));
      return [...made.deviceSide.received()];
    }

    const every = Uint8Array.from({ length: 256 }, (_, i) => i);

    test('has a name for people', () => {
      expect(made.port.name).not.toBe('');
      expect(made.port.kind).toBe('bytes');
    });

    test('carries every byte, both ways', async () => {
      const link = await open();
      await link.write(every, wait(2000));
      expect(await arrived(256)).toEqual([...every]);
      made.deviceSide.send(every);
      expect(await take(link, 256)).toEqual([...every]);
    });

    test('keeps the order of what is written', async () => {
      const link = await open();
      for (let i = 0; i < 50; i++) await link.write(Uint8Array.of(i, i), wait(2000));
      expect(await arrived(100)).toEqual(Array.from({ length: 100 }, (_, i) => Math.floor(i / 2)));
    });

    test('keeps what comes before anybody asks for it', async () => {
      const link = await open();
      made.deviceSide.send(Uint8Array.of(1, 2));
      made.deviceSide.send(Uint8Array.of(3));
      await pause(wait(100));
      expect(await take(link, 3)).toEqual([1, 2, 3]);
    });

    test('opens again after it was closed', async () => {
      for (let i = 1; i <= 3; i++) {
        const link = await open();
        await link.write(Uint8Array.of(i), wait(2000));
        await arrived(i);
        made.deviceSide.send(Uint8Array.of(i + 10));
        expect(await take(link, 1)).toEqual([i + 10]);
        await link.close();
      }
      expect(await arrived(3)).toEqual([1, 2, 3]);
    });

    test('tells that it was closed, to those who wait too, and takes no more', async () => {
      const link = await open();
      const waiting = link.inbox.take(wait(60_000)).catch((error: unknown) => error);
      await link.close();
      await link.close();
      expect(await link.closed).toMatchObject({ code: 'link.closed' });
      expect(await waiting).toMatchObject({ code: 'link.closed' });
      await expect(link.inbox.take(wait(1000))).rejects.toMatchObject({ code: 'link.closed' });
      await expect(link.write(every, wait(1000))).rejects.toMatchObject({ code: 'link.closed' });
    });

    test('tells that the far side hung up', async () => {
      const link = await open();
      const waiting = link.inbox.take(wait(60_000)).catch((error: unknown) => error);
      made.deviceSide.hangUp();
      expect(await link.closed).toMatchObject({ code: 'link.closed' });
      expect(await waiting).toMatchObject({ code: 'link.closed' });
      await expect(link.write(every, wait(1000))).rejects.toMatchObject({ code: 'link.closed' });
    });

    test('ends a wait for data at its deadline, and at the signal', async () => {
      const link = await open();
      const before = made.clock.now();
      await expect(link.inbox.take(wait(60))).rejects.toMatchObject({ code: 'link.timeout' });
      // Node's timers may fire a little less than a millisecond early.
      expect(made.clock.now() - before).toBeGreaterThanOrEqual(59);

      const stop = new AbortController();
      const waiting = link.inbox.take(wait(60_000, stop.signal)).catch((error: unknown) => error);
      stop.abort();
      expect(await waiting).toMatchObject({ code: 'run.interrupted' });
    });

    test('ends a write that the far side does not take', async () => {
      const link = await open();
      made.deviceSide.stall();
      const much = concat(Array.from({ length: 4096 }, () => every));
      const writing = (async () => {
        // Whatever lies between may take its share first.
        for (let i = 0; i < 64; i++) await link.write(much, wait(300));
        return 'all was taken';
      })();
      await expect(writing).rejects.toMatchObject({ code: 'link.timeout' });
      await link.close();
      expect(await link.closed).toMatchObject({ code: 'link.closed' });
    });

    test('sets modem lines, says that it has none, or has no call for them', async () => {
      const link = await open();
      const lines = made.can?.lines;
      expect(link.setLines === undefined).toBe(lines === undefined);
      if (lines === 'none') {
        await expect(link.setLines?.({ dtr: true }, wait(2000))).rejects.toMatchObject({
          code: 'link.no-modem-lines',
        });
        await link.write(Uint8Array.of(1), wait(2000));
        expect(await arrived(1)).toEqual([1]);
      }
      if (lines !== 'set') return;
      await link.setLines?.({ dtr: false, rts: true }, wait(2000));
      expect(await made.deviceSide.settings?.()).toMatchObject({ dtr: false, rts: true });
      await link.setLines?.({ rts: false }, wait(2000));
      expect(await made.deviceSide.settings?.()).toMatchObject({ dtr: false, rts: false });
      await link.setLines?.({ dtr: true }, wait(2000));
      expect(await made.deviceSide.settings?.()).toMatchObject({ dtr: true, rts: false });
    });

    test('changes its baud rate, and carries every byte then too, or has no call for it', async () => {
      const link = await open();
      expect(link.setBaud === undefined).toBe(made.can?.baud === undefined);
      if (link.setBaud === undefined) return;
      await link.setBaud(9600, wait(2000));
      if (made.deviceSide.settings) {
        expect(await made.deviceSide.settings()).toMatchObject({ baudRate: 9600 });
      }
      await link.write(every, wait(2000));
      expect(await arrived(256)).toEqual([...every]);
    });

    test('sets nothing on a link that was closed, nor for somebody who has stopped', async () => {
      const link = await open();
      const stopped = AbortSignal.abort();
      const interrupted = { code: 'run.interrupted' };
      if (link.setLines) {
        await expect(link.setLines({ dtr: true }, wait(1000, stopped))).rejects.toMatchObject(interrupted);
      }
      if (link.setBaud) {
        await expect(link.setBaud(9600, wait(1000, stopped))).rejects.toMatchObject(interrupted);
      }
      await link.close();
      const closed = { code: 'link.closed' };
      if (link.setLines) {
        await expect(link.setLines({ dtr: true }, wait(1000))).rejects.toMatchObject(closed);
      }
      if (link.setBaud) await expect(link.setBaud(9600, wait(1000))).rejects.toMatchObject(closed);
    });

    test('neither opens nor writes for somebody who has stopped', async () => {
      const stopped = AbortSignal.abort();
      await expect(made.port.open(wait(1000, stopped))).rejects.toMatchObject({ code: 'run.interrupted' });
      const link = await open();
      await expect(link.write(every, wait(1000, stopped))).rejects.toMatchObject({ code: 'run.interrupted' });
    });
  });
}
