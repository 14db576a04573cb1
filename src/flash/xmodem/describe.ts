import { type Bytes, concat } from '../../core/bytes.ts';
import { isText, noise, someHex, type WireItem, type WireReader } from '../wire-reader.ts';
import { describeEnding } from './ending.ts';
import { BLOCK_BYTES, CONTROL, decodePacket, KEY, PACKET_BYTES } from './wire.ts';

const KEYS: ReadonlyMap<number, string> = new Map([
  [KEY.upload, 'key 1: upload'],
  [KEY.run, 'key 2: run'],
  [KEY.info, 'key 3: information'],
  [0x0a, 'newline'],
  [0x0d, 'carriage return'],
  [CONTROL.etx, 'ETX: leave the transfer'],
  [CONTROL.eot, 'EOT: end of the image'],
  [CONTROL.can, 'CAN: cancel'],
]);
const ANSWERS: ReadonlyMap<number, string> = new Map([
  [CONTROL.ack, 'ACK'],
  [CONTROL.nak, 'NAK'],
  [CONTROL.can, 'CAN'],
]);
const ERROR = /\b(block|file) error 0x([0-9a-f]{2})/i;

/** Takes apart one direction of a menu bootloader's XMODEM. */
export function xmodemReader(direction: 'sent' | 'received'): WireReader {
  return direction === 'sent' ? new SentReader() : new ReceivedReader();
}

/** Packets, and keys outside of them. */
class SentReader implements WireReader {
  #pending: Bytes = new Uint8Array();

  push(bytes: Bytes): WireItem[] {
    const out: WireItem[] = [];
    const all = concat([this.#pending, bytes]);
    this.#pending = new Uint8Array();
    for (let at = 0; at < all.length; ) {
      const first = all[at] ?? 0;
      if (first === CONTROL.soh) {
        if (all.length - at < PACKET_BYTES) {
          this.#pending = all.slice(at);
          break;
        }
        out.push(describePacket(all.slice(at, at + PACKET_BYTES)));
        at += PACKET_BYTES;
        continue;
      }
      const text = KEYS.get(first);
      let end = at + 1;
      if (text === undefined) {
        while (end < all.length && all[end] !== CONTROL.soh && !KEYS.has(all[end] ?? 0)) end++;
        out.push(noise(all.slice(at, end)));
      } else out.push({ kind: 'frame', bytes: all.slice(at, end), text });
      at = end;
    }
    return out;
  }

  gap(): WireItem[] {
    return this.end();
  }

  end(): WireItem[] {
    const rest = this.#pending;
    this.#pending = new Uint8Array();
    return rest.length === 0 ? [] : [noise(rest)];
  }
}

function describePacket(bytes: Bytes): WireItem {
  const packet = decodePacket(bytes);
  const [, number = 0] = bytes;
  const about =
    packet === 'crc'
      ? ', with a wrong CRC'
      : packet === 'complement'
        ? ', number and complement of which do not match'
        : `: ${someHex(packet.data)}`;
  return { kind: 'frame', bytes, text: `block ${number} of ${BLOCK_BYTES} bytes${about}` };
}

/** Answers, lines of the menu, and `C` where it stands alone. */
class ReceivedReader implements WireReader {
  #line: Bytes = new Uint8Array();

  push(bytes: Bytes): WireItem[] {
    const out: WireItem[] = [];
    for (const byte of bytes) {
      const answer = ANSWERS.get(byte);
      if (answer !== undefined) {
        out.push(...this.end(), { kind: 'frame', bytes: Uint8Array.of(byte), text: answer });
        continue;
      }
      this.#line = concat([this.#line, Uint8Array.of(byte)]);
      if (byte === 0x0a || this.#line.length >= 256) out.push(...this.end());
    }
    // `C` comes by itself, once a second; a prompt has no end of line either.
    if (this.#line.every((byte) => byte === CONTROL.c) || endsInPrompt(this.#line)) out.push(...this.end());
    return out;
  }

  gap(): WireItem[] {
    return this.end();
  }

  end(): WireItem[] {
    const bytes = this.#line;
    this.#line = new Uint8Array();
    return bytes.length === 0 ? [] : [describeLine(bytes)];
  }
}

const endsInPrompt = (bytes: Bytes): boolean => String.fromCharCode(...bytes.subarray(-4)) === 'BL >';

function describeLine(bytes: Bytes): WireItem {
  if (bytes.every((byte) => byte === CONTROL.c)) {
    return {
      kind: 'frame',
      bytes,
      text: `${bytes.length === 1 ? 'C' : `C, ${bytes.length} times`}: ready for the first block`,
    };
  }
  // Some menus have NULs between their letters.
  const letters = bytes.filter((byte) => byte !== 0);
  if (letters.length === 0 || !isText(letters)) return noise(bytes);
  const line = String.fromCharCode(...letters)
    .replace(/[\r\n\t]+/g, ' ')
    .trim();
  if (line === '') return { kind: 'frame', bytes, text: 'end of a line' };
  const error = ERROR.exec(line);
  if (error === null) return { kind: 'frame', bytes, text: `menu: "${line}"` };
  const scope = error[1]?.toLowerCase() === 'file' ? 'file' : 'block';
  return {
    kind: 'frame',
    bytes,
    text: `menu: "${line}": ${describeEnding(scope, Number.parseInt(error[2] ?? '', 16))}`,
  };
}
