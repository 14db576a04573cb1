import type { Gbl } from './codec.ts';

/** Roles whose images lie below the application: a device must not lose one of them by an update of another. */
const BELOW_APPLICATION: ReadonlySet<string> = new Set(['bootloader', 'apploader', 'se']);

/**
 * What a GBL holds that an image of this role may not, for people: a bootloader or an SE upgrade outside the roles below
 * the application. `undefined` where nothing is wrong; of an encrypted file, as far as it can be read.
 */
export function beyondRole(gbl: Gbl, role: string): 'a bootloader' | 'an SE upgrade' | undefined {
  if (BELOW_APPLICATION.has(role)) return undefined;
  if (gbl.bootloader !== undefined) return 'a bootloader';
  return gbl.seUpgrade === undefined ? undefined : 'an SE upgrade';
}
