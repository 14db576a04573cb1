import { connect, type Socket } from 'node:net';
import { systemClock } from '../core/clock.ts';
import { DfuError, type ErrorCode } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { bounded, type Wait } from '../core/wait.ts';
import type { ByteLink, Port } from '../link/link.ts';
import { codeOf } from './files.ts';
import { StreamLink } from './stream-link.ts';

/** Where a bridge listens: a name or an IP address, and its TCP port. */
export interface TcpAddress {
  host: string;
  port: number;
}

/** How long the far side may take to say goodbye. */
const GOODBYE_MS = 500;

/** Bytes as they are, or with a serial port's settings (RFC 2217). */
export type BridgeScheme = 'tcp' | 'rfc2217';

/** Reads `tcp://host:port`, or the same with another scheme; IPv6 addresses in brackets. Throws `usage.invalid`. */
export function parseTcpUrl(text: string, scheme: BridgeScheme = 'tcp'): TcpAddress {
  const [, before, found] = /^([a-z0-9]+):\/\/([^/?#@]+)\/?$/.exec(text) ?? [];
  const address = found === undefined || before !== scheme ? undefined : splitAddress(found);
  if (address?.host === undefined) {
    const other = scheme === 'tcp' ? '; rfc2217://host:port where the bridge speaks RFC 2217' : '';
    throw new DfuError(
      'usage.invalid',
      `"${shown(text)}" is no address: ${scheme}://host:port, as ${scheme}://192.168.1.20:8888 or ${scheme}://[::1]:8888${other}`,
    );
  }
  return { host: address.host, port: address.port };
}

/** Reads `[host:]port`. Throws `usage.invalid`. */
export function parseListenAddress(text: string, defaultHost: string): TcpAddress {
  const address = splitAddress(text, true);
  if (address === undefined) {
    throw new DfuError('usage.invalid', `"${shown(text)}" is no port to listen on: [host:]port, as 8888`);
  }
  return { host: address.host ?? defaultHost, port: address.port };
}

function splitAddress(text: string, listening = false): { host?: string; port: number } | undefined {
  const parts = /^(?:(?:\[([0-9a-fA-F:.%a-z]+)\]|([^\s:[\]]+)):)?([0-9]{1,5})$/.exec(text);
  if (parts === null) return undefined;
  const port = Number(parts[3]);
  // Port 0 asks the system for a free one, which makes sense for a listener only.
  if (port > 65_535 || (port === 0 && !listening)) return undefined;
  const host = parts[1] ?? parts[2];
  return host === undefined ? { port } : { host, port };
}

/** The address as people write it, with brackets where they are needed. */
export function showAddress({ host, port }: TcpAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * A serial port behind a network bridge (ser2net, ESP-Link, raw TCP). Opening throws `link.not-found` (no such host,
 * nobody listens), `link.forbidden`, `link.failed`, `link.timeout`.
 */
export function tcpPort(address: TcpAddress): Port<ByteLink> {
  const name = `tcp://${shown(showAddress(address))}`;
  return {
    kind: 'bytes',
    name,
    async open(wait: Wait): Promise<ByteLink> {
      if (wait.signal.aborted) return bounded(new Promise<never>(() => {}), wait, 'a connection');
      // Commands are small, and each waits for its answer: they must not be held back.
      const socket = connect({ ...address, noDelay: true });
      const link = new StreamLink(socket, name, () => sayGoodbye(socket));
      const connected = new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', (error) => reject(connectError(name, error)));
      });
      try {
        await bounded(connected, wait, `a connection to ${name}`);
      } catch (error) {
        socket.destroy();
        throw error;
      }
      return link;
    },
  };
}

/** Lets what was written reach the far side, but does not wait for a far side that is gone. */
function sayGoodbye(socket: Socket): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const giveUp = systemClock.after(GOODBYE_MS, () => socket.destroy());
    socket.once('close', () => {
      giveUp();
      resolve();
    });
    socket.end();
    socket.resume();
  });
}

const CONNECT_ERRORS: ReadonlyMap<string, readonly [ErrorCode, string]> = new Map([
  ['ECONNREFUSED', ['link.not-found', 'nobody listens there']],
  ['ENOTFOUND', ['link.not-found', 'there is no such host']],
  ['EHOSTUNREACH', ['link.not-found', 'the host can not be reached']],
  ['ENETUNREACH', ['link.not-found', 'its network can not be reached']],
  ['EAI_AGAIN', ['link.not-found', 'the name of the host can not be looked up now']],
  ['EACCES', ['link.forbidden', 'it is not permitted']],
  ['EPERM', ['link.forbidden', 'it is not permitted']],
]);

function connectError(name: string, cause: Error): DfuError {
  const [code, what] = CONNECT_ERRORS.get(codeOf(cause)) ?? ['link.failed', `it failed (${codeOf(cause)})`];
  return new DfuError(code, `no connection to ${name}: ${what}`, {
    facts: { port: name },
    cure: 'Check address and port, and that the serial bridge is on.',
    cause,
  });
}
