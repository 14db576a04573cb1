import { describe, expect, test } from 'vitest';
import { type Bytes, concat, fromHex, toHex } from '../../src/core/bytes.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { pause, within } from '../../src/core/wait.ts';
import { COM_PORT_OPTION } from '../../src/link/com-port-option.ts';
import { rfc2217Port } from '../../src/link/rfc2217.ts';
import { encodeData, TelnetDecoder } from '../../src/link/telnet.ts';
import { type ByteDevice, type MemoryPort, memoryPort } from '../../src/sim/index.ts';
import { describePort } from './contract.ts';

const AGREES = ['fffd2c', 'fffd00', 'fffb00'];

/** A server in memory with a serial port, whose lines and rate it keeps. It does what its script says. */
class Server implements ByteDevice {
  send: (bytes: Bytes) => void = () => {};
  readonly data: Bytes[] = [];
  readonly asked: string[] = [];
  readonly state = { dtr: true, rts: true, baudRate: 0 };
  readonly #decoder = new TelnetDecoder();
  readonly #greeting: readonly string[];
  readonly #answer: (request: string) => string | undefined;

  /** `answer` gives the value of the answer to command and value in hex; default: what was asked for. */
  constructor(
    greeting: readonly string[] = AGREES,
    answer = (request: string): string | undefined => request.slice(2),
  ) {
    this.#greeting = greeting;
    this.#answer = answer;
  }

  receive(bytes: Bytes): void {
    for (const item of this.#decoder.push(bytes)) {
      if (item.kind === 'data') this.data.push(item.bytes);
      else if (item.kind === 'negotiation') {
        this.asked.push(`${item.verb} ${item.option}`);
        if (item.verb === 'will' && item.option === COM_PORT_OPTION) this.say(...this.#greeting);
      } else this.#set(toHex(item.bytes).slice(2));
    }
  }

  say(...hex: string[]): void {
    this.send(fromHex(hex.join('')) ?? new Uint8Array());
  }

  powerCycle(): void {}
  cutPowerAt(): void {}

  #set(request: string): void {
    this.asked.push(request);
    const command = Number.parseInt(request.slice(0, 2), 16);
    const value = Number.parseInt(request.slice(2), 16);
    if (command === 1) this.state.baudRate = value;
    if (command === 5 && value >= 8) this.state[value < 10 ? 'dtr' : 'rts'] = value === 8 || value === 11;
    const answer = this.#answer(request);
    if (answer === undefined) return;
    this.say('fffa2c', (command + 100).toString(16), answer.replaceAll('ff', 'ffff'), 'fff0');
  }
}

function remote(server: Server) {
  const clock = new VirtualClock();
  const connection = memoryPort(server, { clock });
  const port = rfc2217Port(connection, 'rfc2217://server:1', { baudRate: 115_200 });
  const wait = (ms = 5000) => within(ms, { clock, signal: new AbortController().signal });
  /** All that is on the wire has arrived. */
  const settled = () => pause(wait(1));
  return { clock, connection, port, wait, settled };
}

describePort('RFC 2217', async () => {
  const server = new Server();
  const { clock, connection, port } = remote(server);
  return {
    port,
    clock,
    deviceSide: {
      send: (bytes) => server.send(encodeData(bytes)),
      received: () => concat(server.data),
      hangUp: () => (connection as MemoryPort).unplug(),
      stall: () => connection.stall(),
      settings: async () => server.state,
    },
    can: { lines: 'set', baud: true },
  };
});

describe('a server that speaks RFC 2217', () => {
  test('is told 8N1, rate and flow control, and to be silent about its state', async () => {
    const server = new Server();
    const { port, wait, settled } = remote(server);
    expect(port.name).toBe('rfc2217://server:1 at 115200 baud');
    await port.open(wait());
    await settled();
    expect(server.asked).toEqual([
      ...['will 0', 'will 3', 'will 44', 'do 0', 'do 3'],
      ...['010001c200', '0208', '0301', '0401', '0501', '0a00', '0b00', '0c03'],
    ]);
  });

  test('is not asked for both lines asserted between two states', async () => {
    const server = new Server();
    const { port, wait, settled } = remote(server);
    const link = await port.open(wait());
    await settled();
    server.asked.length = 0;
    await link.setLines?.({ dtr: true, rts: false }, wait());
    await link.setLines?.({ dtr: false, rts: true }, wait());
    expect(server.asked).toEqual(['050c', '0508', '0509', '050b']);
  });

  test('is asked for another rate when what was written has left its port', async () => {
    const server = new Server();
    const { port, wait, clock } = remote(server);
    const link = await port.open(wait());
    await link.write(new Uint8Array(1152), wait());
    const before = clock.now();
    await link.setBaud?.(9600, wait());
    expect(clock.now() - before).toBeGreaterThanOrEqual(100);
  });

  test('may tell of lines and modem, also in the middle of data', async () => {
    const server = new Server();
    const { port, wait } = remote(server);
    const link = await port.open(wait());
    server.say('4142fffa2c6b30fff043fffa2c6a60fff0fff144');
    const got: number[] = [];
    while (got.length < 4) got.push(...(await link.inbox.take(wait())));
    expect(got).toEqual([0x41, 0x42, 0x43, 0x44]);
  });
});

describe('a server that does not', () => {
  test.each<[string, string[], string]>([
    ['refuses it', ['fffe2c'], 'link.unsupported'],
    ['says nothing', [], 'link.timeout'],
    ['is a device that prints text', ['48656c6c6f'], 'link.timeout'],
    ['would change bytes', ['fffd2c', 'fffe00'], 'link.unsupported'],
    ['would change bytes of the other way', ['fffd2c', 'fffc00'], 'link.unsupported'],
  ])('%s: %j', async (_, greeting, code) => {
    const { port, connection, wait } = remote(new Server(greeting));
    await expect(port.open(wait())).rejects.toMatchObject({
      code,
      exit: 6,
      cure: expect.stringMatching(/tcp:\/\//),
    });
    // The connection was let go of.
    await (await connection.open(wait())).close();
  });

  test.each<[string, (request: string) => string | undefined, string]>([
    ['sets another rate', (r) => (r.startsWith('01') ? '00002580' : r.slice(2)), 'link.failed'],
    ['sets seven bits', (r) => (r.startsWith('02') ? '07' : r.slice(2)), 'link.failed'],
    ['answers no setting', () => undefined, 'link.timeout'],
  ])('%s', async (_, answer, code) => {
    const { port, wait } = remote(new Server(AGREES, answer));
    await expect(port.open(wait())).rejects.toMatchObject({ code });
  });
});

describe('a hostile server', () => {
  test('gets one answer to each option it insists on, whatever it does', async () => {
    const server = new Server();
    const { port, wait, settled } = remote(server);
    const link = await port.open(wait());
    await settled();
    server.asked.length = 0;
    for (let i = 0; i < 1000; i++) server.say('fffb01', 'fffd18', 'fffd2c', 'fffb2c', 'fffe2c');
    server.say('41');
    await link.inbox.take(wait());
    await settled();
    expect(server.asked.sort()).toEqual(['dont 1', 'wont 24']);
  });

  test('can not fill the memory: data that nobody takes ends the link', async () => {
    const server = new Server();
    const { port, wait } = remote(server);
    const link = await port.open(wait());
    for (let i = 0; i < 20; i++) server.send(new Uint8Array(64 * 1024));
    expect(await link.closed).toMatchObject({ code: 'link.flooded' });
    await expect(link.write(Uint8Array.of(1), wait())).rejects.toMatchObject({ code: 'link.flooded' });
    expect(link.inbox.waiting).toBe(0);
  });

  test('nor answers that nobody has asked for, nor a subnegotiation without end', async () => {
    const server = new Server();
    const { port, wait } = remote(server);
    const link = await port.open(wait());
    for (let i = 0; i < 1000; i++) server.say('fffa2c650001c200fff0');
    server.say('fffa');
    server.send(new Uint8Array(4 * 1024 * 1024));
    server.say('fff041');
    expect([...(await link.inbox.take(wait()))]).toEqual([0x41]);
    await link.setBaud?.(9600, wait());
    expect(server.state.baudRate).toBe(9600);
  });
});
