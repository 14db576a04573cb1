import { DfuError } from '../core/errors.ts';
import type { ByteLink, Port } from '../link/link.ts';
import { ble1xxPresence } from './bgapi/ble1xx-presence.ts';
import { bgapi, ble1xx } from './bgapi/driver.ts';
import { bgapiPresence } from './bgapi/presence.ts';
import { type Candidate, detect, detectByOperator, entryFor, type Found } from './detect.ts';
import type { Choice, DeviceFacts, FlashPlan, PlanOptions, Protocol, Run } from './protocol.ts';
import { xmodem } from './xmodem/driver.ts';
import { xmodemPresence } from './xmodem/presence.ts';

/**
 * What `--protocol auto` knows, in the order in which it probes. BGAPI comes first: its probe makes a menu show itself
 * as well, whereas a key for the menu tells nothing of BGAPI. Where nothing answers, the first one is tried: BGAPI
 * reaches applications that never answer, and know the request to restart all the same.
 */
const CANDIDATES: readonly [Candidate, ...Candidate[]] = [
  { protocol: bgapi, presence: bgapiPresence },
  { protocol: xmodem, presence: xmodemPresence },
  { protocol: ble1xx, presence: ble1xxPresence },
];

/** One of several protocols; which, only the device can tell. */
export const auto: Protocol<ByteLink> = {
  name: 'auto',
  link: 'bytes',
  chunkBytes: bgapi.chunkBytes,
  entries: [...new Set(CANDIDATES.flatMap(({ protocol }) => protocol.entries))],
  tells: [...new Set(CANDIDATES.flatMap(({ protocol }) => protocol.tells))],
  plan: (pkg, options) => planFirst((protocol) => protocol.plan(pkg, fitting(protocol, options))),
  choose,
  async execute(port, plan, run, attempt) {
    const choice = await choose(port, plan, run, attempt.number);
    return choice.protocol.execute(port, choice.plan, run, attempt);
  },
  async identify(port, run) {
    return (await identifyDevice(auto, port, run)).device;
  },
  async settle(port, run, before) {
    const { protocol } = (await find(port, run, 1)) ?? { protocol: bgapi };
    return protocol.settle(port, run, before);
  },
};

async function choose(
  port: Port<ByteLink>,
  plan: FlashPlan,
  run: Run,
  attempt: number,
  failed?: Choice<ByteLink>,
): Promise<Choice<ByteLink>> {
  const { entry } = plan.options;
  const found = await find(port, run, attempt, entry === 'manual' && failed === undefined);
  if (found !== undefined) {
    const { protocol } = found;
    const options = { ...fitting(protocol, plan.options), entry: entryFor(found, entry) };
    return { protocol, plan: protocol.plan(plan.package, options), answered: true };
  }
  if (failed?.answered === false) throw nothingKnown(port.name);
  if (entry === 'manual') {
    throw new DfuError('device.no-bootloader', `no bootloader told its start on ${port.name}`, {
      facts: { answered: false },
    });
  }
  const protocol = CANDIDATES.find((c) => c.protocol.name === plan.protocol)?.protocol ?? bgapi;
  return { protocol, plan, answered: false };
}

async function find(
  port: Port<ByteLink>,
  run: Run,
  attempt: number,
  byHand = false,
): Promise<Found | undefined> {
  run.emit({ phase: 'connect', attempt });
  const found =
    (await detect(CANDIDATES, port, run)) ??
    (byHand ? await detectByOperator(CANDIDATES, port, run, attempt) : undefined);
  if (found !== undefined) run.emit({ phase: 'connect', attempt, found: found.what });
  return found;
}

/** Nobody chose the size of a chunk: each protocol has its own. */
function fitting({ chunkBytes }: Protocol<ByteLink>, options: PlanOptions): PlanOptions {
  return options.chunkBytes === auto.chunkBytes.default
    ? { ...options, chunkBytes: chunkBytes.default }
    : options;
}

/** The first plan that can be made; where none can, the first one's fault is told. */
function planFirst(plan: (protocol: Protocol<ByteLink>) => FlashPlan): FlashPlan {
  let first: DfuError | undefined;
  for (const { protocol } of CANDIDATES) {
    try {
      return plan(protocol);
    } catch (error) {
      if (!(error instanceof DfuError)) throw error;
      first ??= error;
    }
  }
  throw first;
}

/** Nothing that any protocol knows was heard. */
const nothingKnown = (portName: string): DfuError =>
  new DfuError(
    'device.no-answer',
    `nothing on ${portName} answered: neither BGAPI, nor the menu of an XMODEM bootloader`,
  );

/**
 * Asks the device what it is, and says which protocol it was; `auto` finds that out. The device goes on as it was.
 * Throws `device.no-answer`, `run.interrupted` and what links throw.
 */
export async function identifyDevice(
  protocol: Protocol<ByteLink>,
  port: Port<ByteLink>,
  run: Run,
): Promise<{ protocol: Protocol<ByteLink>; device: DeviceFacts }> {
  if (protocol !== auto) return { protocol, device: await protocol.identify(port, run) };
  const found = await find(port, run, 1);
  if (found !== undefined) {
    return { protocol: found.protocol, device: await found.protocol.identify(port, run) };
  }
  try {
    return { protocol: bgapi, device: await bgapi.identify(port, run) };
  } catch (error) {
    if (!(error instanceof DfuError) || error.code !== 'device.no-answer') throw error;
    throw nothingKnown(port.name);
  }
}
