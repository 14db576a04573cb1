import { ByteReader, type Bytes, concat, hex32 } from '../../core/bytes.ts';
import { counted } from '../../core/text.ts';
import { noise, someHex, type WireItem, type WireReader } from '../wire-reader.ts';
import { BLE1XX } from './ble1xx.ts';
import type { Dialect } from './dialect.ts';
import { GECKO } from './gecko.ts';
import { describeStatus } from './status.ts';
import {
  CLASS,
  DEVICE_TYPE,
  DFU,
  encodeFrame,
  type Frame,
  FrameDecoder,
  resultOf,
  SYSTEM,
  USER,
} from './wire.ts';

type Direction = 'sent' | 'received';

/** Takes apart one direction of a dialect of BGAPI. `packetMode`: each command has one byte before it, its length. */
export function bgapiReader(type: 'gecko' | 'ble1xx', direction: Direction, packetMode = false): WireReader {
  const dialect = type === 'gecko' ? GECKO : BLE1XX;
  const decoder = new FrameDecoder(DEVICE_TYPE[type]);
  const items = (decoded: ReturnType<FrameDecoder['push']>): WireItem[] =>
    decoded.map((item) => {
      if ('discarded' in item) return noise(item.discarded);
      const { frame } = item;
      return {
        kind: 'frame',
        bytes: encodeFrame(frame, dialect.deviceType),
        text: describeFrame(dialect, frame, direction),
      };
    });
  const reader: WireReader = {
    push: (bytes) => items(decoder.push(bytes)),
    gap: () => {
      const out: WireItem[] = [];
      while (decoder.pendingBytes > 0) out.push(...items(decoder.resync()));
      return out;
    },
    end: () => {
      const rest = decoder.flush();
      return rest.length === 0 ? [] : [noise(rest)];
    },
  };
  return packetMode && direction === 'sent' ? new PacketModeReader(reader) : reader;
}

/** The driver writes a command at a time: the byte before it is the length of what follows. */
class PacketModeReader implements WireReader {
  readonly #inner: WireReader;

  constructor(inner: WireReader) {
    this.#inner = inner;
  }

  push(bytes: Bytes): WireItem[] {
    if (bytes.length < 2 || bytes[0] !== bytes.length - 1) return this.#inner.push(bytes);
    const items = this.#inner.push(bytes.slice(1));
    const [first, ...rest] = items;
    if (first === undefined) return [noise(bytes.slice(0, 1))];
    return [{ ...first, bytes: concat([bytes.subarray(0, 1), first.bytes]) }, ...rest];
  }

  gap(): WireItem[] {
    return this.#inner.gap();
  }

  end(): WireItem[] {
    return this.#inner.end();
  }
}

function describeFrame(dialect: Dialect, frame: Frame, direction: Direction): string {
  return (
    describeStart(dialect, frame) ??
    (frame.kind === 'event' ? undefined : describeMessage(dialect, frame, direction)) ??
    `${frame.kind === 'event' ? 'event' : direction === 'sent' ? 'command' : 'response'} ${frame.class}.${frame.id}${data(frame.payload)}`
  );
}

function describeStart(dialect: Dialect, frame: Frame): string | undefined {
  if (dialect.isBootFailure(frame)) {
    const reason = resultOf(frame);
    return `boot failure event${reason === undefined ? '' : `: ${describeStatus(reason)}`}`;
  }
  const version = dialect.bootloaderStart(frame);
  if (version !== undefined)
    return `boot event of the bootloader, version ${dialect.bootloaderVersion(version)}`;
  const started = dialect.applicationStart(frame);
  if (started === undefined) return undefined;
  const { major, minor, patch, build, hardware, bootloader } = started;
  const below = bootloader === undefined ? '' : `, bootloader ${dialect.bootloaderVersion(bootloader)}`;
  return `boot event of the application, version ${major}.${minor}.${patch} build ${build}${below}, hardware ${hardware}`;
}

function describeMessage(dialect: Dialect, frame: Frame, direction: Direction): string | undefined {
  const name = nameOf(dialect, frame);
  if (name === undefined) return undefined;
  if (direction === 'sent') return `${name}${describeArguments(dialect, frame)}`;
  const result = resultOf(frame);
  return `answer to ${name}${result === undefined ? data(frame.payload) : `: ${describeStatus(result)}`}`;
}

/** Ids are the same in all dialects; classes are not. */
function nameOf(
  { dfuClass, systemClass, deviceType }: Dialect,
  { class: klass, id }: Frame,
): string | undefined {
  const gecko = deviceType === DEVICE_TYPE.gecko;
  if (klass === dfuClass) {
    if (id === DFU.setAddress) return 'dfu set address';
    if (id === DFU.upload) return 'dfu upload';
    if (id === DFU.finish) return 'dfu finish';
    if (id === 0 && !gecko) return 'dfu reset';
  }
  if (klass === systemClass) {
    if (id === (gecko ? SYSTEM.reset : 0)) return 'system reset';
    if (id === (gecko ? 0 : 1)) return 'system hello';
  }
  return gecko && klass === CLASS.user && id === USER.resetToDfu ? 'user reset to dfu' : undefined;
}

function describeArguments({ dfuClass }: Dialect, { class: klass, id, payload }: Frame): string {
  const reader = new ByteReader(payload);
  if (klass === dfuClass && id === DFU.setAddress && payload.length === 4) return ` ${hex32(reader.u32(0))}`;
  if (klass === dfuClass && id === DFU.upload && payload.length > 0 && reader.u8(0) === payload.length - 1) {
    return ` of ${counted(payload.length - 1, 'byte')}${data(payload.subarray(1))}`;
  }
  if (payload.length === 1)
    return ` (${reader.u8(0) === 0 ? '0, into the application' : `${reader.u8(0)}, into the bootloader`})`;
  return data(payload);
}

const data = (bytes: Bytes): string => (bytes.length === 0 ? '' : `: ${someHex(bytes)}`);
