import { parseHex32 } from '../../core/bytes.ts';
import { type Clock, VirtualClock } from '../../core/clock.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { type BootloaderKind, findPart, type Part } from '../../images/parts.ts';
import type { ByteLink, Port } from '../../link/link.ts';
import { createGeckoDevice, memoryPort } from '../../sim/index.ts';
import type { VerifiedPackage } from '../../verify/verified-package.ts';
import { parseChoice } from '../options.ts';

export const SIMULATED_DEVICES = ['gecko'] as const;
export type SimulatedDevice = (typeof SIMULATED_DEVICES)[number];
export const DEFAULT_PART = 'efr32bg22';
const BAUD_RATE = 115_200;

/** Throws `usage.invalid`. */
export function parseSimulatedDevice(option: string, text: string): SimulatedDevice {
  return parseChoice(option, text, SIMULATED_DEVICES);
}

/** Throws `usage.invalid` for a part that is not known. */
export function simulatedPart(name: string): Part {
  const part = findPart(name);
  if (part !== undefined) return part;
  throw new DfuError('usage.invalid', `there is no virtual device of part "${shown(name)}"`, {
    cure: 'See dfu-pack templates for the parts there are.',
  });
}

/**
 * A blank device in memory, of the part that the package is for, with the bootloader that leaves the application the
 * place where its image goes. Its time is virtual: an upload takes no longer than the computing.
 */
export function simulatedPort(pkg: VerifiedPackage): { port: Port<ByteLink>; clock: Clock } {
  const part = simulatedPart(pkg.manifest.target.part ?? DEFAULT_PART);
  const layout = layoutFor(part, pkg);
  const clock = new VirtualClock();
  const device = createGeckoDevice({ clock, part, ...(layout && { layout }) });
  return {
    clock,
    port: memoryPort(device, { clock, baudRate: BAUD_RATE, name: 'virtual gecko (simulated)' }),
  };
}

function layoutFor(part: Part, { manifest }: VerifiedPackage): BootloaderKind | undefined {
  const starts = manifest.images.flatMap(({ startAddress }) =>
    startAddress === undefined ? [] : [parseHex32(startAddress)],
  );
  return part.layouts.find(({ applicationStart }) => starts.includes(applicationStart))?.bootloader;
}
