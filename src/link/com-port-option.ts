import { type Bytes, concat } from '../core/bytes.ts';
import { encodeSubnegotiation } from './telnet.ts';

/** Telnet's COM-PORT-OPTION (RFC 2217). */
export const COM_PORT_OPTION = 44;

/** What a client asks for; a server answers with the same number plus 100. */
export const COM_PORT = {
  setBaudRate: 1,
  setDataSize: 2,
  setParity: 3,
  setStopSize: 4,
  setControl: 5,
  setLineStateMask: 10,
  setModemStateMask: 11,
  purgeData: 12,
} as const;
export type ComPortCommand = keyof typeof COM_PORT;

/** Values of `setControl`. */
export const CONTROL = {
  noFlowControl: 1,
  hardwareFlowControl: 3,
  dtrOn: 8,
  dtrOff: 9,
  rtsOn: 11,
  rtsOff: 12,
} as const;

/** Values of the other commands, as far as they are used here: 8N1, and both buffers. */
export const DATA_SIZE_8 = 8;
export const PARITY_NONE = 1;
export const STOP_SIZE_1 = 1;
export const PURGE_BOTH = 3;

const ANSWER = 100;

/** A request: option, command, value; a baud rate has 4 bytes, big-endian, everything else one. */
export function encodeComPort(command: ComPortCommand, value: number): Bytes {
  const head = Uint8Array.of(COM_PORT_OPTION, COM_PORT[command]);
  if (command !== 'setBaudRate') return encodeSubnegotiation(concat([head, Uint8Array.of(value)]));
  const four = new Uint8Array(4);
  new DataView(four.buffer).setUint32(0, value);
  return encodeSubnegotiation(concat([head, four]));
}

/** What a server says is set now. `undefined`: something else (a notification, a signature), or no such answer. */
export function decodeComPortAnswer(
  bytes: Uint8Array,
): { command: ComPortCommand; value: number } | undefined {
  if (bytes[0] !== COM_PORT_OPTION) return undefined;
  const found = COMMANDS.find(([, number]) => number + ANSWER === bytes[1]);
  if (found === undefined) return undefined;
  const [command] = found;
  const value = bytes.subarray(2);
  if (value.length !== (command === 'setBaudRate' ? 4 : 1)) return undefined;
  return { command, value: value.reduce((sum, byte) => sum * 256 + byte, 0) };
}

const COMMANDS = Object.entries(COM_PORT) as [ComPortCommand, number][];
