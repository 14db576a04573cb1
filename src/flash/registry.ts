import type { ByteLink } from '../link/link.ts';
import { bgapi, ble1xx, ble1xxPacket } from './bgapi/driver.ts';
import type { Protocol } from './protocol.ts';

const PROTOCOLS: readonly Protocol<ByteLink>[] = [bgapi, ble1xx, ble1xxPacket];

/** The names of all protocols, for `--protocol`. */
export const PROTOCOL_NAMES: readonly string[] = PROTOCOLS.map(({ name }) => name);

/** The protocol of that name; `auto` is the one for Gecko bootloaders over serial links, as long as there is no other. */
export function findProtocol(name: string): Protocol<ByteLink> | undefined {
  return name === 'auto' ? bgapi : PROTOCOLS.find((protocol) => protocol.name === name);
}
