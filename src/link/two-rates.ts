import type { Wait } from '../core/wait.ts';
import type { ByteLink, Port, Side } from './link.ts';

/**
 * `port`, for a device whose application talks at another baud rate than its bootloader: its links can be turned from
 * one to the other, and are opened at the bootloader's. Nothing is added to links that set no baud rate.
 */
export function twoRates(port: Port<ByteLink>, rates: Readonly<Record<Side, number>>): Port<ByteLink> {
  return {
    kind: port.kind,
    get name() {
      return port.name;
    },
    async open(wait: Wait): Promise<ByteLink> {
      const link = await port.open(wait);
      const setBaud = link.setBaud?.bind(link);
      if (setBaud === undefined) return link;
      let side: Side = 'bootloader';
      link.turnTo = async (to, turning) => {
        if (to !== side) await setBaud(rates[to], turning);
        side = to;
      };
      return link;
    },
  };
}
