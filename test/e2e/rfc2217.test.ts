import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { within } from '../../src/core/wait.ts';
import { rfc2217Port } from '../../src/link/rfc2217.ts';
import { parseTcpUrl, tcpPort } from '../../src/node/tcp.ts';
import { bench, moment, simulation, TRUST } from '../cli/flash-support.ts';

const SERVER = fileURLToPath(new URL('./rfc2217-server.py', import.meta.url));
/** Debian's own, which has its packages, even where another one comes first in the path. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const wait = () => within(5000, { clock: systemClock, signal: new AbortController().signal });

interface Server {
  child: ChildProcess;
  lines(): string[];
  stderr(): string;
}

function start(program: string, ...argv: string[]): Server {
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  child.on('error', (error) => {
    stderr += error.message;
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, lines: () => stdout.split('\n').slice(0, -1), stderr: () => stderr };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

async function until(condition: () => boolean | Promise<boolean>, why: () => string): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await condition()) return;
    await moment();
  }
  throw new Error(`it never came: ${why()}`);
}

const remote = (port: number) => {
  const url = `rfc2217://127.0.0.1:${port}`;
  return rfc2217Port(tcpPort(parseTcpUrl(url, 'rfc2217')), url, { baudRate: 115_200 });
};

// The servers are installed on Linux alone.
const describeThere = process.platform === 'linux' ? describe : () => {};
describeThere('RFC 2217 against servers of others', { timeout: 30_000 }, () => {
  test('pyserial: every byte both ways, settings, lines and baud rate', async () => {
    const server = start(PYTHON, SERVER);
    await until(() => server.lines().length > 0, server.stderr);
    const link = await remote(Number(server.lines()[0])).open(wait());
    const settings = () => JSON.parse(server.lines().at(-1) ?? '') as Record<string, unknown>;
    const become = async (wanted: Record<string, unknown>) => {
      // Answered is set: the line that tells it may still be on its way to us.
      await until(
        () => Object.entries(wanted).every(([name, value]) => settings()[name] === value),
        () => JSON.stringify(settings()),
      );
    };
    await become({ baudrate: 115_200, bytesize: 8, parity: 'N', stopbits: 1, rtscts: false, xonxoff: false });

    const every = Uint8Array.from({ length: 512 }, (_, i) => i & 0xff);
    await link.write(every, wait());
    const back: number[] = [];
    while (back.length < 512) back.push(...(await link.inbox.take(wait())));
    expect(back).toEqual([...every]);

    await link.setLines?.({ dtr: false, rts: true }, wait());
    await become({ dtr: false, rts: true });
    await link.setLines?.({ dtr: true, rts: false }, wait());
    await become({ dtr: true, rts: false });
    await link.setBaud?.(460_800, wait());
    await become({ baudrate: 460_800 });
    await link.close();
    expect(await link.closed).toMatchObject({ code: 'link.closed' });
  });

  test('ser2net: an upload through it, whatever its port was set to', async () => {
    const { folder, run, io } = await bench();
    const device = await simulation(folder, ['--pty']);
    const telnet = await freePort();
    const file = join(folder, 'ser2net.yaml');
    const accepter = `telnet(rfc2217=true),tcp,127.0.0.1,${telnet}`;
    const connector = `serialdev,${device.address},9600e71,local`;
    await writeFile(file, `connection: &device\n  accepter: ${accepter}\n  connector: ${connector}\n`);
    const server = start('ser2net', '-n', '-c', file);
    const port = ['--port', `rfc2217://127.0.0.1:${telnet}`, '--wait', '5'];
    const exit = await run(['new.dfupkg', ...TRUST, ...port, '--baud', '115200', '--confirm', 'none']);
    expect(exit, io.stderr() + server.stderr()).toBe(0);
    expect(io.stdout()).toContain(`sent to rfc2217://127.0.0.1:${telnet} at 115200 baud`);
    expect(io.stdout()).toContain('1 attempt');
    expect(await device.end()).toBe(0);
  });
});
