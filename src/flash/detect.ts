import type { Bytes } from '../core/bytes.ts';
import { untilTimeout, within } from '../core/wait.ts';
import type { ByteLink, Port } from '../link/link.ts';
import { askOperator, HOLD_BOOTLOADER_PIN } from './ask-operator.ts';
import { withLink } from './open-link.ts';
import type { Entry, Protocol, Run } from './protocol.ts';
import { stopHere } from './stop-here.ts';

/** What was seen on a port. */
export interface Sighting {
  running: 'bootloader' | 'application';
  /** For people: `a BGAPI bootloader`. */
  what: string;
}

/** By what one kind of device is known among others. */
export interface Presence {
  /** Makes such a device say something. Must do no harm to any other that may be there; each says why it does none. */
  readonly probe: Bytes;
  /**
   * Silence before the probe, where such a device may take what the probes before it sent for the beginning of a
   * command: until it has given that up, it would take the probe for the rest.
   */
  readonly silenceMs?: number;
  /** Takes what comes, in any pieces, until it knows. A new one for each look. */
  recogniser(): { push(bytes: Bytes): Sighting | undefined };
}

/** A protocol, and by what it is known. */
export interface Candidate {
  protocol: Protocol<ByteLink>;
  presence: Presence;
}

export interface Found extends Sighting {
  protocol: Protocol<ByteLink>;
}

const WRITE_MS = 1000;
const TURN_MS = 1000;
/** Long enough for a device that has just been reset by the opening of the port. */
const LISTEN_MS = 250;
/** Long enough for a network in between. */
const ANSWER_MS = 500;
const ROUNDS = 2;

/**
 * Finds out what is on the port: listens first, since a device that has just started tells what it is and nothing
 * need be sent; then sends the probes, in the order of the candidates, and listens after each for all of them.
 * `undefined`: nothing that any of them knows. Throws `run.interrupted` and what opening and writing throw.
 */
export function detect(
  candidates: readonly Candidate[],
  port: Port<ByteLink>,
  run: Run,
): Promise<Found | undefined> {
  return withLink(port, run, async (link) => {
    for (let round = 0; round < ROUNDS; round++) {
      stop(run);
      const heard = await look(candidates, link, run, LISTEN_MS);
      if (heard !== undefined) return heard;
      const answer = await probeAll(candidates, link, run);
      if (answer !== undefined) return answer;
      if (link.turnTo === undefined) continue;
      // An application that talks at a baud rate of its own has heard nothing so far.
      await link.turnTo('application', within(TURN_MS, run));
      const other = await probeAll(candidates, link, run);
      await link.turnTo('bootloader', within(TURN_MS, run));
      if (other !== undefined) return other;
    }
    return undefined;
  });
}

async function probeAll(
  candidates: readonly Candidate[],
  link: ByteLink,
  run: Run,
): Promise<Found | undefined> {
  for (const { presence } of candidates) {
    stop(run);
    const late =
      presence.silenceMs === undefined
        ? undefined
        : await look(candidates, link, run, presence.silenceMs - ANSWER_MS);
    if (late !== undefined) return late;
    await link.write(presence.probe, within(WRITE_MS, run));
    const answer = await look(candidates, link, run, ANSWER_MS);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** Asks the operator to bring the device into its bootloader, sends nothing, and gives what tells its start. */
export function detectByOperator(
  candidates: readonly Candidate[],
  port: Port<ByteLink>,
  run: Run,
  attempt: number,
): Promise<Found | undefined> {
  return withLink(port, run, (link) =>
    askOperator({ run, attempt, byHand: HOLD_BOOTLOADER_PIN, stop: () => stop(run) }, async (timeoutMs) => {
      const found = await look(candidates, link, run, timeoutMs);
      return found?.running === 'bootloader' ? found : undefined;
    }),
  );
}

/** Reads until one of the candidates is recognised. */
async function look(
  candidates: readonly Candidate[],
  link: ByteLink,
  run: Run,
  timeoutMs: number,
): Promise<Found | undefined> {
  const wait = within(timeoutMs, run);
  const recognisers = candidates.map(({ protocol, presence }) => ({
    protocol,
    recogniser: presence.recogniser(),
  }));
  // A link that always has something to give would never get to its own deadline.
  while (run.clock.now() < wait.until) {
    const bytes = await untilTimeout(link.inbox.take(wait));
    if (bytes === undefined) return undefined;
    for (const { protocol, recogniser } of recognisers) {
      const sighting = recogniser.push(bytes);
      if (sighting !== undefined) return { ...sighting, protocol };
    }
  }
  return undefined;
}

/** How a driver gets into a bootloader that was seen by then: no hand of an operator is needed any more. */
export function entryFor(found: Found, asked: Entry): Entry {
  if (asked === 'manual' && found.running === 'bootloader') return 'none';
  return found.protocol.entries.includes(asked) ? asked : 'auto';
}

function stop(run: Run): void {
  stopHere(run, 'stopped before anything was sent to the device that changes it');
}
