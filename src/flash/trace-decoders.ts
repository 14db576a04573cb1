import type { Bytes } from '../core/bytes.ts';
import { bgapiReader } from './bgapi/describe.ts';
import { RAW_READER, type WireItem, type WireReader } from './wire-reader.ts';
import { xmodemReader } from './xmodem/describe.ts';

export type WireDirection = 'sent' | 'received';
export type WireReaders = Readonly<Record<WireDirection, WireReader>>;

type MakeReader = (direction: WireDirection) => WireReader;

/** What takes apart the bytes of each protocol; another protocol adds a line. */
const READERS: Readonly<Record<string, MakeReader>> = {
  bgapi: (direction) => bgapiReader('gecko', direction),
  ble1xx: (direction) => bgapiReader('ble1xx', direction),
  'ble1xx-packet': (direction) => bgapiReader('ble1xx', direction, true),
  xmodem: (direction) => (direction === 'sent' ? xmodemReader(direction) : new MenuAndEvents()),
};

const EVENT_BYTE = 0xa0;
const COMMAND_BYTE = 0x20;
const BLE1XX_COMMAND_BYTE = 0x00;

/** A menu, and behind it the application that was started, which may tell that in BGAPI: no menu has its first byte. */
class MenuAndEvents implements WireReader {
  readonly #menu = xmodemReader('received');
  readonly #events = bgapiReader('gecko', 'received');
  /** Of an event that has begun. */
  #pendingBytes = 0;

  push(bytes: Bytes): WireItem[] {
    if (this.#pendingBytes === 0 && bytes[0] !== EVENT_BYTE) return this.#menu.push(bytes);
    const items = this.#events.push(bytes);
    this.#pendingBytes += bytes.length;
    for (const item of items) this.#pendingBytes -= item.bytes.length;
    return [...this.#menu.end(), ...items];
  }

  gap(): WireItem[] {
    this.#pendingBytes = 0;
    return [...this.#menu.gap(), ...this.#events.gap()];
  }

  end(): WireItem[] {
    this.#pendingBytes = 0;
    return [...this.#menu.end(), ...this.#events.end()];
  }
}

/** For the protocol of a trace; bytes as they are where it is not known. `auto`: by what is sent, line by line. */
export function wireReaders(protocol: string): WireReaders {
  if (protocol === 'auto') return autoReaders();
  const make = Object.hasOwn(READERS, protocol) ? READERS[protocol] : undefined;
  return { sent: make?.('sent') ?? RAW_READER, received: make?.('received') ?? RAW_READER };
}

/** Whoever finds out what is on the port speaks one protocol after the other: an answer is read as what was asked. */
function autoReaders(): WireReaders {
  const all = {
    bgapi: wireReaders('bgapi'),
    ble1xx: wireReaders('ble1xx'),
    xmodem: wireReaders('xmodem'),
  };
  let spoken: keyof typeof all | undefined;
  const oneWay = (direction: WireDirection): WireReader => {
    let last: keyof typeof all = 'bgapi';
    return {
      push: (bytes) => {
        if (direction === 'sent' || spoken === undefined) spoken = guess(bytes, direction);
        const before = spoken === last ? [] : all[last][direction].end();
        last = spoken;
        return [...before, ...all[spoken][direction].push(bytes)];
      },
      gap: () => all[last][direction].gap(),
      end: () => all[last][direction].end(),
    };
  };
  return { sent: oneWay('sent'), received: oneWay('received') };
}

/**
 * Commands begin with 0x20, those of the BLE1xx generation with 0x00, events with 0xa0; a menu is text, and its keys and
 * packets begin otherwise. Of what nobody asked for, 0x00 is no sign: menus have NULs in them.
 */
function guess(bytes: Bytes, direction: WireDirection): 'bgapi' | 'ble1xx' | 'xmodem' {
  const [first = -1] = bytes;
  if (direction === 'sent') {
    if (first === COMMAND_BYTE) return 'bgapi';
    return first === BLE1XX_COMMAND_BYTE ? 'ble1xx' : 'xmodem';
  }
  return (first & 0x78) === 0x20 && bytes.some((byte) => byte < 0x09) ? 'bgapi' : 'xmodem';
}
