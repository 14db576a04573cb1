import { decodeGbl, type Gbl } from '../../../src/images/gbl/codec.ts';
import { FlashMemory } from '../../../src/sim/flash-memory.ts';
import { FlashWriter } from '../../../src/sim/gecko/flash-writer.ts';
import { GblParser } from '../../../src/sim/gecko/gbl-parser.ts';
import { geckoHardware } from '../../../src/sim/gecko/hardware.ts';
import { TINY } from '../../sim/support.ts';
import { valueOrRefusal } from '../../support/codes.ts';
import { gblSeeds, rightCrc } from '../engine/gbl-files.ts';
import { promised, type Target } from '../engine/target.ts';

const hardware = geckoHardware(TINY, undefined);
/** What the virtual bootloader was built with; of other tags the two may differ. */
const UNDERSTOOD = ['header', 'application', 'prog', 'eraseprog', 'metadata', 'end'];

/** The virtual bootloader ends for every file, in whatever pieces, and takes the plain ones that we take, and only those. */
export const target: Target = {
  name: 'gbl-device',
  maxBytes: 4096,
  seeds: gblSeeds,
  repair: rightCrc,
  run(bytes) {
    const whole = install(bytes, bytes.length);
    promised(install(bytes, 7) === whole, 'pieces make no difference');
    const gbl = valueOrRefusal(() => decodeGbl(bytes));
    if (gbl !== undefined && isPlain(gbl)) promised(whole, 'a device takes what we take');
    return whole;
  },
};

function isPlain(gbl: Gbl): boolean {
  return gbl.tags.every(({ name }) => UNDERSTOOD.includes(name));
}

function install(bytes: Uint8Array<ArrayBuffer>, pieceBytes: number): boolean {
  const writer = new FlashWriter(new FlashMemory(hardware.flash), hardware);
  const policy = {
    requireSignature: false,
    signatureValid: false,
    running: { application: 0, bootloader: 0, se: 0 },
  };
  const parser = new GblParser(policy, writer, hardware.bootloaderImageAddress);
  for (let at = 0; at < bytes.length; at += pieceBytes) parser.parse(bytes.subarray(at, at + pieceBytes));
  return parser.verified;
}
