import type { Presence } from '../detect.ts';
import { MenuReader, tellsMenu } from './menu.ts';
import { WAKE } from './wire.ts';

/**
 * Gecko's menu bootloader. The probe is a newline, which older ones want first, and `3`, which prints the menu. A BGAPI
 * parser passes over both: neither is the 0x20 that a command begins with.
 */
export const xmodemPresence: Presence = {
  probe: WAKE,
  recogniser() {
    const reader = new MenuReader();
    return {
      push(bytes) {
        return reader.push(bytes).some(tellsMenu)
          ? { running: 'bootloader', what: 'the menu of an XMODEM bootloader' }
          : undefined;
      },
    };
  },
};
