import type { ByteLink } from '../link/link.ts';
import { auto } from './auto.ts';
import { bgapi, ble1xx, ble1xxPacket } from './bgapi/driver.ts';
import type { Protocol } from './protocol.ts';
import { xmodem } from './xmodem/driver.ts';

const PROTOCOLS: readonly Protocol<ByteLink>[] = [bgapi, xmodem, ble1xx, ble1xxPacket];

/** The names of all protocols, for `--protocol`. */
export const PROTOCOL_NAMES: readonly string[] = PROTOCOLS.map(({ name }) => name);

/** The protocol of that name; `auto` asks the device which one it speaks. */
export function findProtocol(name: string): Protocol<ByteLink> | undefined {
  return name === auto.name ? auto : PROTOCOLS.find((protocol) => protocol.name === name);
}
