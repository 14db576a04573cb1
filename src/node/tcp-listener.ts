import { createServer, type Server, type Socket } from 'node:net';
import type { Bytes } from '../core/bytes.ts';
import { DfuError } from '../core/errors.ts';
import type { FarEnd } from './far-end.ts';
import { codeOf } from './files.ts';
import { showAddress, type TcpAddress } from './tcp.ts';

/** What may wait for a program that does not read; more is lost, as on a serial port. */
const MAX_WAITING_BYTES = 65_536;

/**
 * A wire over TCP. One program at a time, as on a serial port: a second one is hung up on.
 * Throws `link.busy`, `link.forbidden`, `link.failed` where listening is not possible.
 */
export async function listenTcp(address: TcpAddress): Promise<FarEnd> {
  let client: Socket | undefined;
  let receive: (bytes: Bytes) => void = () => {};
  const server = createServer({ noDelay: true }, (socket) => {
    if (client !== undefined) {
      socket.destroy();
      return;
    }
    client = socket;
    socket.on('data', (chunk) => receive(new Uint8Array(chunk)));
    // The reason does not matter to the device: 'close' follows.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      client = undefined;
    });
  });
  await listen(server, address);
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : address.port;
  return {
    address: `tcp://${showAddress({ host: address.host, port })}`,
    send: (bytes) => {
      if (client !== undefined && client.writableLength < MAX_WAITING_BYTES) client.write(bytes);
    },
    onReceive: (fn) => {
      receive = fn;
    },
    stall: () => client?.pause(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        client?.destroy();
      }),
  };
}

function listen(server: Server, { host, port }: TcpAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error) => {
      const code = codeOf(cause);
      const kind = code === 'EADDRINUSE' ? 'link.busy' : code === 'EACCES' ? 'link.forbidden' : 'link.failed';
      reject(
        new DfuError(kind, `can not listen on ${showAddress({ host, port })} (${code})`, {
          cure: 'Choose another port, or 0 for any that is free.',
          cause,
        }),
      );
    };
    server.once('error', refuse);
    server.listen({ host, port }, () => {
      server.off('error', refuse);
      // From here on it is one call that could not be taken (no file descriptor left): the caller sees that, and the
      // server goes on listening.
      server.on('error', () => {});
      resolve();
    });
  });
}
