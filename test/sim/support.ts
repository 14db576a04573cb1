import { ByteReader, type Bytes, concat, fromHex, toHex, u32le } from '../../src/core/bytes.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { crc32 } from '../../src/core/crc32.ts';
import {
  createGeckoDevice,
  type GeckoDevice,
  type GeckoDeviceOptions,
  type GeckoPart,
} from '../../src/sim/index.ts';

/** A Gecko that is small enough to be interrupted everywhere: 24 pages of 512 bytes, the application at page 4. */
export const TINY: GeckoPart = {
  flashBase: 0x08000000,
  flashBytes: 24 * 512,
  pageBytes: 512,
  ramBase: 0x20000000,
  layouts: [
    { bootloader: 'main', applicationStart: 0x08000800, bootloaderStart: 0x08000000, bootloaderBytes: 0x800 },
  ],
};
export const TINY_START = 0x08000800;

export interface ApplicationParts {
  start: number;
  bytes: number;
  version?: number;
  signatureType?: number;
  signatureLocation?: number;
  /** Makes the filling differ. */
  seed?: number;
}

const PROPERTIES_OFFSET = 0x60;

/** An application as a linker would make it: vectors, ApplicationProperties, and code that is never all ones. */
export function application(parts: ApplicationParts): Bytes {
  const { start, bytes, version = 0x00010000, seed = 1 } = parts;
  const image = new Uint8Array(bytes);
  let state = (seed * 0x9e3779b1) >>> 0 || 1;
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    image[i] = (state >>> 24) & 0x7f;
  }
  image.set(u32le(0x20001000), 0);
  image.set(u32le(start + 0x151), 4);
  image.set(u32le(start + PROPERTIES_OFFSET), 52);
  image.set(
    concat([
      hex('13b779fac925ddb7adf3cfe0f1b614b8'),
      u32le(0x0201),
      u32le(parts.signatureType ?? 0),
      u32le(parts.signatureLocation ?? 0),
      u32le(0x20),
      u32le(version),
      u32le(0),
      new Uint8Array(16),
    ]),
    PROPERTIES_OFFSET,
  );
  return image;
}

/** An application without properties, with these first two vectors. */
export function bareApplication(stackPointer: number, programCounter: number): Bytes {
  const image = new Uint8Array(128);
  image.set(u32le(stackPointer), 0);
  image.set(u32le(programCounter), 4);
  return image;
}

/** One tag of a GBL file, laid out here and not by the code under test. */
export function tag(id: number, payload: Uint8Array): Bytes {
  return concat([u32le(id), u32le(payload.length), payload]);
}

export const ID = {
  header: 0x03a617eb,
  dependency: 0x76a617eb,
  seUpgrade: 0x5ea617eb,
  encInit: 0xfa0606fa,
  application: 0xf40a0af4,
  bootloader: 0xf50909f5,
  prog: 0xfe0101fe,
  eraseProg: 0xfd0303fd,
  progLz4: 0xfd0505fd,
  metadata: 0xf60808f6,
  encData: 0xf90707f9,
  signature: 0xf70a0af7,
  end: 0xfc0404fc,
} as const;

export function header(type = 0, version = 0x03000000): Bytes {
  return tag(ID.header, concat([u32le(version), u32le(type)]));
}

export function prog(address: number, data: Uint8Array, id: number = ID.prog): Bytes {
  return tag(id, concat([u32le(address), data]));
}

/** A whole file: the tags, then the end tag with the CRC over all before it, padded to a multiple of 4. */
export function gbl(...tags: Uint8Array[]): Bytes {
  const body = concat([...tags, u32le(ID.end), u32le(4)]);
  const file = concat([body, u32le(crc32(body))]);
  return concat([file, new Uint8Array((4 - (file.length % 4)) % 4).fill(0xff)]);
}

export function gblOf(start: number, image: Uint8Array): Bytes {
  return gbl(header(), tag(ID.application, new Uint8Array(28)), prog(start, image));
}

/** Pieces of a file as uploads carry them. */
export function chunks(file: Bytes, bytes: number): Bytes[] {
  return Array.from({ length: Math.ceil(file.length / bytes) }, (_, i) =>
    file.slice(i * bytes, (i + 1) * bytes),
  );
}

export const OK = { setAddress: '200200010000', upload: '200200020000', finish: '200200030000' } as const;
export const BAD = { upload: '200200024600', finish: '200200034600' } as const;
export const BOOT_FAILURE = 'a00200014600';
export const BOOT = 'a004000001000402';

export function hex(text: string): Bytes {
  const bytes = fromHex(text.replaceAll(' ', ''));
  if (bytes === undefined) throw new Error(`not hex: ${text}`);
  return bytes;
}

export function uploadFrame(data: Uint8Array): Bytes {
  return concat([Uint8Array.of(0x20, data.length + 1, 0x00, 0x02, data.length), data]);
}

/** A device on a bench, with frames written by hand and time that jumps. */
export class Bench {
  readonly clock = new VirtualClock();
  readonly device: GeckoDevice;
  /** What the device sent and nobody took yet, in hex. */
  #frames: string[] = [];
  #waiting: (() => void) | undefined;

  constructor(options: Omit<GeckoDeviceOptions, 'clock'> = {}) {
    this.device = createGeckoDevice({ clock: this.clock, part: TINY, ...options });
    this.device.send = (bytes) => {
      this.#frames.push(toHex(bytes));
      this.#waiting?.();
    };
  }

  /** A device that has started into its bootloader and said so. */
  static async inBootloader(options: Omit<GeckoDeviceOptions, 'clock'> = {}): Promise<Bench> {
    const bench = new Bench(options);
    await bench.settle();
    if (bench.device.state.running !== 'bootloader') {
      bench.device.pressReset(true);
      await bench.settle();
    }
    bench.take();
    return bench;
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(ms, resolve);
    });
  }

  /** Long enough for every start. */
  async settle(): Promise<void> {
    await this.wait(250);
  }

  take(): string[] {
    return this.#frames.splice(0);
  }

  /** Sends bytes (hex or binary); the first frame that comes within `ms`, or `silence`. */
  async ask(bytes: string | Bytes, ms = 10_000): Promise<string> {
    this.device.receive(typeof bytes === 'string' ? hex(bytes) : bytes);
    if (this.#frames.length === 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.clock.after(ms, resolve);
        this.#waiting = () => {
          cancel();
          resolve();
        };
      });
      this.#waiting = undefined;
    }
    return this.#frames.shift() ?? 'silence';
  }

  /** Uploads a file; the answers. */
  async upload(file: Bytes, chunkBytes = 48): Promise<string[]> {
    const answers: string[] = [];
    for (const chunk of chunks(file, chunkBytes)) answers.push(await this.ask(uploadFrame(chunk)));
    return answers;
  }

  finish(): Promise<string> {
    return this.ask('20 00 00 03');
  }
}

/** What a debug probe sees where the image should be. */
export function flashed(device: GeckoDevice, start: number, lengthBytes: number): Bytes {
  return device.flash.read(start, lengthBytes);
}

/** Every program tag of a file, read here and not by the code under test: address and data. */
export function programTags(file: Bytes): { address: number; data: Bytes }[] {
  const reader = new ByteReader(file);
  const found: { address: number; data: Bytes }[] = [];
  for (let at = 0; ; ) {
    const id = reader.u32(at);
    const length = reader.u32(at + 4);
    const payload = reader.slice(at + 8, at + 8 + length);
    if (id === ID.prog || id === ID.eraseProg) {
      found.push({ address: new ByteReader(payload).u32(0), data: payload.slice(4) });
    }
    if (id === ID.end) return found;
    at += 8 + length;
  }
}
