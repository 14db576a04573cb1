import { connect, createServer, Server } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { systemClock } from '../../src/core/clock.ts';
import { bounded, pause, within } from '../../src/core/wait.ts';
import type { FarEnd } from '../../src/node/far-end.ts';
import { loadOptional } from '../../src/node/optional.ts';
import { openPseudoTerminal } from '../../src/node/pty.ts';
import { serialPort } from '../../src/node/serial.ts';
import { parseListenAddress, parseTcpUrl, showAddress, tcpPort } from '../../src/node/tcp.ts';
import { listenTcp } from '../../src/node/tcp-listener.ts';
import { describePort, type PortUnderTest } from '../link/contract.ts';

const wait = (ms = 2000) => within(ms, { clock: systemClock, signal: new AbortController().signal });

function underTest(far: FarEnd, port: PortUnderTest['port']): PortUnderTest {
  const received: Bytes[] = [];
  far.onReceive((bytes) => received.push(bytes));
  return {
    port,
    clock: systemClock,
    deviceSide: {
      send: (bytes) => far.send(bytes),
      received: () => concat(received),
      // The serial driver misses a hang-up in the very moment of a read, and it reads at once when it is opened.
      hangUp: () => void systemClock.after(50, () => void far.close()),
      stall: () => far.stall(),
    },
    dispose: () => far.close(),
  };
}

describePort('TCP', async () => {
  const far = await listenTcp({ host: '127.0.0.1', port: 0 });
  return underTest(far, tcpPort(parseTcpUrl(far.address)));
});

// Windows has none.
const describePseudoTerminals = process.platform === 'win32' ? () => {} : describe;
describePseudoTerminals('pseudo-terminals', () => {
  describePort('a serial port over a pseudo-terminal', async () => {
    const far = await openPseudoTerminal();
    const port = serialPort({ path: far.address, baudRate: 115200 });
    return { ...underTest(far, port), can: { lines: 'none', baud: true } };
  });

  test('nothing comes back to the device before a program has opened it', async () => {
    const far = await openPseudoTerminal();
    onTestFinished(() => far.close());
    const received: Bytes[] = [];
    far.onReceive((bytes) => received.push(bytes));
    far.send(Uint8Array.from({ length: 256 }, (_, i) => i));
    const link = await serialPort({ path: far.address, baudRate: 115200 }).open(wait());
    await link.write(Uint8Array.of(1, 2, 3), wait());
    for (let i = 0; i < 100 && concat(received).length < 3; i++) {
      await link.inbox.take(wait(10)).catch(() => {});
    }
    expect([...concat(received)]).toEqual([1, 2, 3]);
    await link.close();
  });

  test('a hang-up is noticed whenever it comes, also while the driver reads', async () => {
    for (let round = 0; round < 60; round++) {
      const far = await openPseudoTerminal();
      const link = await serialPort({ path: far.address, baudRate: 115200 }).open(wait());
      if (round % 2 === 1) await new Promise<void>((resolve) => void setImmediate(resolve));
      await far.close();
      expect(await bounded(link.closed, wait(5000), 'the hang-up')).toMatchObject({ code: 'link.closed' });
    }
  });

  test('a port that another program has open is busy', async () => {
    const far = await openPseudoTerminal();
    onTestFinished(() => far.close());
    const port = serialPort({ path: far.address, baudRate: 115200 });
    const link = await port.open(wait());
    await expect(port.open(wait())).rejects.toMatchObject({ code: 'link.busy', exit: 6 });
    await link.close();
    await (await port.open(wait())).close();
  });
});

describe('ports that can not be opened', () => {
  test('a serial port that does not exist', async () => {
    const port = serialPort({ path: '/dev/tty-of-nobody', baudRate: 115200 });
    await expect(port.open(wait())).rejects.toMatchObject({ code: 'link.not-found', exit: 6 });
  });

  test('a TCP port where nobody listens', async () => {
    const far = await listenTcp({ host: '127.0.0.1', port: 0 });
    await far.close();
    await expect(tcpPort(parseTcpUrl(far.address)).open(wait())).rejects.toMatchObject({
      code: 'link.not-found',
      exit: 6,
    });
  });

  test('a TCP port that is taken can not be listened on', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    await expect(listenTcp({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'link.busy' });
  });

  test('a second program on a TCP wire is hung up on, the first stays', async () => {
    const far = await listenTcp({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => far.close());
    const port = tcpPort(parseTcpUrl(far.address));
    const first = await port.open(wait());
    const second = await port.open(wait());
    expect(await second.closed).toMatchObject({ code: 'link.closed' });
    far.send(Uint8Array.of(7));
    expect([...(await first.inbox.take(wait()))]).toEqual([7]);
    await Promise.all([first.close(), second.close()]);
  });
});

test('a write that is under way ends when the link is closed', async () => {
  const far = await listenTcp({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => far.close());
  const link = await tcpPort(parseTcpUrl(far.address)).open(wait());
  await link.write(Uint8Array.of(1), wait());
  far.stall();
  const much = new Uint8Array(64 * 1024 * 1024);
  const writing = link.write(much, wait(60_000)).catch((error: unknown) => error);
  await link.close();
  expect(await writing).toMatchObject({ code: 'link.closed' });
});

test('a link that brings more than any serial line has ended, even where all is read at once', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const pour = () => {
      while (!socket.destroyed && socket.write(new Uint8Array(64 * 1024)));
    };
    socket.on('drain', pour);
    pour();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const link = await tcpPort({ host: '127.0.0.1', port }).open(wait());
  const until = wait(10_000);
  let bytes = 0;
  const reading = (async () => {
    for (;;) bytes += (await link.inbox.take(until)).length;
  })();
  await expect(reading).rejects.toMatchObject({
    code: 'link.flooded',
    message: expect.stringContaining('within a second'),
  });
  expect(bytes).toBeLessThan(64 * 1024 * 1024);
  await link.close();
});

describe('what nobody reads', () => {
  test('is bounded at the reading end: a link that brings more has ended, and says why', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      for (let i = 0; i < 64; i++) socket.write(new Uint8Array(1024 * 1024));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const link = await tcpPort({ host: '127.0.0.1', port }).open(wait());
    expect(await link.closed).toMatchObject({ code: 'link.flooded', exit: 6, retryable: false });
    expect(link.inbox.waiting).toBe(0);
    await expect(link.inbox.take(wait())).rejects.toMatchObject({ code: 'link.flooded' });
    await link.close();
  });

  test('and a call that could not be taken do not end the wire', async () => {
    const listen = vi.spyOn(Server.prototype, 'listen');
    onTestFinished(() => listen.mockRestore());
    const far = await listenTcp({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => far.close());
    const server = listen.mock.contexts[0] as Server;
    server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    const link = await tcpPort(parseTcpUrl(far.address)).open(wait());
    await link.close();
  });

  test('is bounded at the sending end: more is lost, as on a serial port', async () => {
    const far = await listenTcp({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => far.close());
    const socket = connect(parseTcpUrl(far.address));
    onTestFinished(() => void socket.destroy());
    socket.pause();
    await new Promise<void>((done) => far.onReceive(() => done()) ?? socket.write('x'));
    const sentBytes = 1024 * 64 * 1024;
    for (let i = 0; i < 1024; i++) far.send(new Uint8Array(64 * 1024));
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    socket.resume();
    for (let before = -1; before < received; ) {
      before = received;
      await pause(wait(100));
    }
    expect(received).toBeLessThan(sentBytes / 2);
  });
});

test('a package that is not installed is named, with what to do', async () => {
  const missing = loadOptional(
    'serialport',
    () => Promise.reject(new Error("Cannot find 'serialport'")),
    'Do so.',
  );
  await expect(missing).rejects.toMatchObject({ code: 'link.driver-missing', exit: 6, cure: 'Do so.' });
});

describe('addresses', () => {
  test.each([
    ['tcp://192.168.1.20:8888', { host: '192.168.1.20', port: 8888 }],
    ['tcp://bridge.local:1/', { host: 'bridge.local', port: 1 }],
    ['tcp://[::1]:65535', { host: '::1', port: 65_535 }],
  ])('%s', (text, address) => {
    expect(parseTcpUrl(text)).toEqual(address);
    expect(parseTcpUrl(`tcp://${showAddress(address)}`)).toEqual(address);
  });

  test.each([
    'tcp://',
    'tcp://host',
    'tcp://host:0',
    'tcp://host:65536',
    'tcp://::1:80',
    'tcp://a b:1',
    'tcp://user@host:1',
    'tcp://host:1/path',
    'tcp://host:1x',
  ])('%s is none', (text) => {
    expect(() => parseTcpUrl(text)).toThrow(expect.objectContaining({ code: 'usage.invalid' }));
  });

  test('to listen on: loopback unless a host is named', () => {
    expect(parseListenAddress('8888', '127.0.0.1')).toEqual({ host: '127.0.0.1', port: 8888 });
    expect(parseListenAddress('0.0.0.0:0', '127.0.0.1')).toEqual({ host: '0.0.0.0', port: 0 });
    expect(() => parseListenAddress('here', '127.0.0.1')).toThrow(
      expect.objectContaining({ code: 'usage.invalid' }),
    );
  });
});
