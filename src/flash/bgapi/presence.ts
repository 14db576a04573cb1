import type { Presence, Sighting } from '../detect.ts';
import { frameRecogniser } from './frame-recogniser.ts';
import {
  CLASS,
  DFU,
  decodeSystemBoot,
  dfuBootVersion,
  type Frame,
  isBootFailure,
  resultOf,
  STATUS,
  setAddress,
} from './wire.ts';

const BOOTLOADER: Sighting = { running: 'bootloader', what: 'a BGAPI bootloader' };
const APPLICATION: Sighting = { running: 'application', what: 'an application that speaks BGAPI' };

/**
 * BGAPI of the Gecko generation. The probe is `20 04 00 01 00 00 00 00`, set_address(0): a bootloader ignores the
 * address and answers, an application refuses. To a menu they are eight keys, none of them one that does anything
 * (0x31, 0x32): each prints the menu. A receiver of XMODEM ends its upload at the first of them.
 */
export const bgapiPresence: Presence = {
  probe: setAddress(0),
  recogniser: () => frameRecogniser(sightingOf),
};

/** Not any frame: text that an application prints can look like one. */
function sightingOf(frame: Frame): Sighting | undefined {
  if (dfuBootVersion(frame) !== undefined || isBootFailure(frame)) return BOOTLOADER;
  if (decodeSystemBoot(frame) !== undefined) return APPLICATION;
  if (frame.kind === 'event') return undefined;
  if (frame.class === CLASS.system) return APPLICATION;
  if (frame.class !== CLASS.dfu || frame.id !== DFU.setAddress) return undefined;
  const result = resultOf(frame);
  if (result === undefined) return undefined;
  return result === STATUS.ok ? BOOTLOADER : APPLICATION;
}
