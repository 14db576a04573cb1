import { concat } from '../../core/bytes.ts';
import type { Presence, Sighting } from '../detect.ts';
import { BLE1XX_FIRST_ADDRESS } from './ble1xx-plan.ts';
import {
  decodeLegacySystemBoot,
  isLegacyInfo,
  LEGACY_CLASS,
  LEGACY_DFU,
  legacyDfuBootVersion,
  legacyGetInfo,
  legacySetAddress,
} from './ble1xx-wire.ts';
import { frameRecogniser } from './frame-recogniser.ts';
import { DEVICE_TYPE, type Frame, resultOf } from './wire.ts';

const BOOTLOADER: Sighting = { running: 'bootloader', what: 'a BGAPI bootloader of the BLE1xx generation' };
/** Longer than half a header is waited for: 1 s, assumed as in the vendor's next generation. */
const SILENCE_MS = 1250;
const APPLICATION: Sighting = {
  running: 'application',
  what: 'an application that speaks BGAPI of the BLE1xx generation',
};

/**
 * BGAPI of the BLE1xx generation. The probe is get_info, for an application, and set_address(0x1000), for a bootloader:
 * `00 00 00 08 00 04 09 01 00 10 00 00`; neither changes anything. No byte of it is 0x20, so a Gecko's bootloader and
 * application pass over all of them; none is a key of the menu. A BLE1xx in packet mode, which is not looked for,
 * takes it for packets of no sense, and the last byte ends the last of them.
 *
 * The last 0x00 of the BGAPI probe is to such a device where a command begins, and newline and `3` are its next bytes.
 */
export const ble1xxPresence: Presence = {
  silenceMs: SILENCE_MS,
  probe: concat([legacyGetInfo(), legacySetAddress(BLE1XX_FIRST_ADDRESS)]),
  recogniser: () => frameRecogniser(sightingOf, DEVICE_TYPE.ble1xx),
};

function sightingOf(frame: Frame): Sighting | undefined {
  if (legacyDfuBootVersion(frame) !== undefined) return BOOTLOADER;
  if (decodeLegacySystemBoot(frame) !== undefined || isLegacyInfo(frame)) return APPLICATION;
  const isAnswer =
    frame.kind === 'message' && frame.class === LEGACY_CLASS.dfu && frame.id === LEGACY_DFU.setAddress;
  return isAnswer && resultOf(frame) !== undefined ? BOOTLOADER : undefined;
}
