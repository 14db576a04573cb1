import { parseHex32 } from '../../core/bytes.ts';
import { type Clock, VirtualClock } from '../../core/clock.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { type BootloaderKind, findPart, type Part } from '../../images/parts.ts';
import type { ByteLink, Port } from '../../link/link.ts';
import {
  type BootloaderProtocol,
  type ByteDevice,
  createBle1xxDevice,
  createGeckoDevice,
  memoryPort,
} from '../../sim/index.ts';
import type { VerifiedPackage } from '../../verify/verified-package.ts';
import { parseChoice } from '../options.ts';

export const SIMULATED_DEVICES = ['gecko', 'gecko-xmodem', 'ble112'] as const;
export type SimulatedDevice = (typeof SIMULATED_DEVICES)[number];
const GECKO = { part: 'efr32bg22', core: 'cortex-m' } as const;
/** The part where none is named, and the core of those that it may be. */
const PARTS: Record<SimulatedDevice, { part: string; core: Part['core'] }> = {
  gecko: GECKO,
  'gecko-xmodem': GECKO,
  ble112: { part: 'ble112', core: '8051' },
};
const BAUD_RATE = 115_200;

/** Throws `usage.invalid`. */
export function parseSimulatedDevice(option: string, text: string): SimulatedDevice {
  return parseChoice(option, text, SIMULATED_DEVICES);
}

/** What the bootloader of that Gecko speaks. */
export const bootloaderOf = (device: Exclude<SimulatedDevice, 'ble112'>): BootloaderProtocol =>
  device === 'gecko-xmodem' ? 'xmodem' : 'bgapi';

/** Throws `usage.invalid` for a part that is not known, or that the device can not be. */
export function simulatedPart(device: SimulatedDevice, name = PARTS[device].part): Part {
  const part = findPart(name);
  if (part !== undefined && part.core === PARTS[device].core) return part;
  if (part !== undefined) {
    const others = SIMULATED_DEVICES.filter((other) => PARTS[other].core === part.core).join(' or ');
    throw new DfuError('usage.invalid', `the virtual device ${device} is no ${shown(name)}`, {
      cure: `Take the virtual device ${others}.`,
    });
  }
  throw new DfuError('usage.invalid', `there is no virtual device of part "${shown(name)}"`, {
    cure: 'See dfu-pack templates for the parts there are.',
  });
}

/**
 * A blank device in memory, of the part that the package is for, with the bootloader that leaves the application the
 * place where its image goes. Its time is virtual: an upload takes no longer than the computing.
 */
export function simulatedPort(
  pkg: VerifiedPackage,
  kind: SimulatedDevice = 'gecko',
): { port: Port<ByteLink>; clock: Clock } {
  const part = simulatedPart(kind, pkg.manifest.target.part);
  const clock = new VirtualClock();
  const device = blankDevice(kind, part, clock, pkg);
  return {
    clock,
    port: memoryPort(device, { clock, baudRate: BAUD_RATE, name: `virtual ${kind} (simulated)` }),
  };
}

function blankDevice(kind: SimulatedDevice, part: Part, clock: Clock, pkg: VerifiedPackage): ByteDevice {
  if (kind === 'ble112') return createBle1xxDevice({ clock, part });
  const layout = layoutFor(part, pkg);
  return createGeckoDevice({ clock, part, bootloader: bootloaderOf(kind), ...(layout && { layout }) });
}

function layoutFor(part: Part, { manifest }: VerifiedPackage): BootloaderKind | undefined {
  const starts = manifest.images.flatMap(({ startAddress }) =>
    startAddress === undefined ? [] : [parseHex32(startAddress)],
  );
  return part.layouts.find(({ applicationStart }) => starts.includes(applicationStart))?.bootloader;
}
