/** What of dfukit needs Node: serial and TCP ports, key files, whole files. */
export { readWholeFile, type WriteOptions, writeWholeFile } from './files.ts';
export {
  decodePrivateKeyPem,
  generateKeyPair,
  type KeyPair,
  type PrivateKeyFile,
  readPrivateKeyFile,
  writeKeyPair,
} from './keys.ts';
export { type SerialPortOptions, serialPort } from './serial.ts';
export { listSerialPorts, type SerialPortInfo } from './serial-list.ts';
export { parseTcpUrl, type TcpAddress, tcpPort } from './tcp.ts';
