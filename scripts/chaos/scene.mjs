// Virtual devices small enough to be flashed in a moment, and packages for them.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodePublicKeyPem, verifyPackage } from '../../dist/lib/index.js';
import { createBle1xxDevice, createGeckoDevice } from '../../dist/lib/sim/index.js';
import { generator } from './draw.mjs';

export const PROGRAMS = fileURLToPath(new URL('../../dist/bin/', import.meta.url));
/** 24 pages of 512 bytes, the application at page 4. */
const PART = {
  flashBase: 0x08000000,
  flashBytes: 24 * 512,
  pageBytes: 512,
  ramBase: 0x20000000,
  layouts: [
    { bootloader: 'main', applicationStart: 0x08000800, bootloaderStart: 0x08000000, bootloaderBytes: 0x800 },
  ],
};
const START = PART.layouts[0].applicationStart;
const BLE_START = 0x1000;
const OLD_VERSION = 0x010000;
const NEW_VERSION = 0x010100;
const PROPERTIES = 0x60;

/** An application with vectors and ApplicationProperties. */
function application(bytes, version, seed) {
  const image = filled(bytes, seed);
  const view = new DataView(image.buffer);
  view.setUint32(0, PART.ramBase + 0x1000, true);
  view.setUint32(4, START + 0x151, true);
  view.setUint32(52, START + PROPERTIES, true);
  image.fill(0, PROPERTIES, PROPERTIES + 56);
  image.set(Buffer.from('13b779fac925ddb7adf3cfe0f1b614b8', 'hex'), PROPERTIES);
  view.setUint32(PROPERTIES + 16, 0x0201, true);
  view.setUint32(PROPERTIES + 28, 0x20, true);
  view.setUint32(PROPERTIES + 32, version, true);
  return image;
}

/** Bytes none of which looks erased. */
function filled(bytes, seed) {
  const next = generator(seed);
  return Uint8Array.from({ length: bytes }, () => Math.floor(next() * 128));
}

const IMAGES = {
  gecko: { old: application(1300, OLD_VERSION, 7), new: application(1100, NEW_VERSION, 8) },
  ble112: { old: filled(700, 9), new: filled(500, 10) },
};

/** Packs both images; gives their files, and what the library has judged good. */
export async function packages(folder) {
  const at = (name) => join(folder, name);
  const pack = (...args) => execFileSync(process.execPath, [join(PROGRAMS, 'dfu-pack.js'), ...args]);
  pack('keygen', '-o', at('chaos'));
  const key = await decodePublicKeyPem(readFileSync(at('chaos.pub.pem'), 'utf8'));
  const made = {};
  for (const [name, start, options] of [
    ['gecko', START, ['--image-format', 'gbl', '--device-version', '0x00010100']],
    ['ble112', BLE_START, ['--image-format', 'raw']],
  ]) {
    writeFileSync(at(`${name}.bin`), IMAGES[name].new);
    const what = ['--name', 'chaos', '--fw-version', '1.1.0', '--product', 'chaos', ...options];
    const where = ['--start-address', `0x${start.toString(16)}`];
    pack(at(`${name}.bin`), ...what, ...where, '--key', at('chaos.key.pem'), '-o', at(`${name}.dfupkg`));
    const { verified, report } = await verifyPackage(
      new Uint8Array(readFileSync(at(`${name}.dfupkg`))),
      { kind: 'keys', keys: [key] },
      { at: Date.now(), device: { product: 'chaos' } },
    );
    if (verified === undefined) throw new Error(`${name}: ${report.verdict} ${report.code}`);
    made[name] = verified;
  }
  return { gecko: made.gecko, 'gecko-xmodem': made.gecko, ble112: made.ble112, at };
}

/** The device of a draw, with the old application; and how its flash is looked at from outside. */
export function makeDevice({ device: kind, app }, clock) {
  const isGecko = kind !== 'ble112';
  const images = IMAGES[isGecko ? 'gecko' : kind];
  const device = isGecko
    ? createGeckoDevice({
        clock,
        part: PART,
        image: images.old,
        app,
        ...(kind === 'gecko-xmodem' && { bootloader: 'xmodem' }),
      })
    : createBle1xxDevice({ clock, image: images.old, app });
  const holds = (image) => Buffer.from(device.runs().bytes).equals(Buffer.from(image));
  return {
    device,
    holdsOld: () => holds(images.old),
    holdsNew: () => holds(images.new) && (isGecko || device.runs().whole),
    /** Whether it has an application that the bootloader would start. */
    starts: () => (isGecko ? device.runs().refusal === undefined : device.runs().whole),
    pressReset: () => device.pressReset(true),
  };
}
