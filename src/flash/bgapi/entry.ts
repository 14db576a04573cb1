import type { Bytes } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { within } from '../../core/wait.ts';
import { askOperator } from '../ask-operator.ts';
import type { Entry, Run } from '../protocol.ts';
import { stopHere } from '../stop-here.ts';
import type { Channel } from './channel.ts';
import type { ApplicationStart, Dialect } from './dialect.ts';
import { DFU, type Frame, resultOf, STATUS } from './wire.ts';

const LISTEN_MS = 200;
const PROBE_MS = 500;
const BOOT_MS = 5000;
/** After a request that the application may or may not know. A bootloader that checks signatures needs most of a second. */
const REBOOT_MS = 1500;
const WRITE_MS = 1000;
/** Half a packet that lies in the bootloader from a run before swallows what is sent, for up to 3 s: several rounds outlast it. */
const PROBE_ROUNDS = 6;
const BGAPI_ROUNDS = 3;

/** What the device told on its way into the bootloader. */
export interface Entered {
  /** Absent: the bootloader was there already, and a restart was not needed. */
  bootloaderVersion?: number;
  /** It said that it has no application that starts. */
  bootFailed: boolean;
  /** The application started in between, and told. */
  application?: ApplicationStart;
}

export interface EntryOptions {
  entry: Entry;
  /** Counts from 1. */
  attempt: number;
  /** Have the application that is there tell its version first: it does so only when it starts. */
  askVersion: boolean;
  /** Called when the application tells its start. */
  heard?: (application: ApplicationStart) => void;
}

/**
 * Brings the device into its bootloader with a parser that has seen nothing yet: only a boot event shows that, since a
 * bootloader that merely answers may hold half an image, or the sticky error of one; unless its dialect starts by
 * address.
 * Throws `device.no-bootloader`, `run.interrupted`, `link.timeout` (no room to write), or why the link closed.
 */
export async function enterBootloader(
  channel: Channel,
  run: Run,
  { entry, attempt, askVersion, heard }: EntryOptions,
): Promise<Entered> {
  const entrance = new Entrance(channel, run, attempt, askVersion, heard);
  const entered = await enter(entrance, entry, attempt);
  if (entered !== undefined) return entered;
  throw new DfuError(
    'device.no-bootloader',
    entrance.answered
      ? 'the device answers, but did not come up in its bootloader'
      : 'the device did not answer as a BGAPI bootloader or application does',
    { facts: { answered: entrance.answered } },
  );
}

function enter(entrance: Entrance, entry: Entry, attempt: number): Promise<Entered | undefined> {
  if (entry === 'auto' || entry === 'bgapi') return entrance.byApplication();
  // After a failed attempt the device is in its bootloader most likely: no need to call the operator again.
  return entry === 'manual' && attempt === 1 ? entrance.byOperator() : entrance.byProbe();
}

/** Restarts a bootloader that answers; gives what it told, `undefined` when no boot event came. */
export function restartBootloader(channel: Channel, run: Run): Promise<Entered | undefined> {
  return new Entrance(channel, run, 1, false).restart(BOOT_MS);
}

/** Whether a bootloader answers; what else was heard is kept. */
export async function probe(channel: Channel): Promise<'bootloader' | 'other' | 'silence'> {
  const { dialect } = channel;
  for (const command of dialect.commands.probes) {
    const answer = await channel.ask(command, PROBE_MS, (frame) => isAnswerToProbe(dialect, frame));
    if (answer === undefined) continue;
    return answer.class === dialect.dfuClass && resultOf(answer) === STATUS.ok ? 'bootloader' : 'other';
  }
  return 'silence';
}

/** Not any frame: text that an application prints can look like one. */
function isAnswerToProbe({ dfuClass, systemClass }: Dialect, frame: Frame): boolean {
  if (frame.kind === 'event') return false;
  if (frame.class === systemClass) return true;
  return frame.class === dfuClass && frame.id === DFU.setAddress && resultOf(frame) !== undefined;
}

class Entrance {
  readonly #channel: Channel;
  readonly #run: Run;
  readonly #attempt: number;
  readonly #tell: EntryOptions['heard'];
  #askVersion: boolean;
  /** To the last probe. */
  #applicationAnswers = false;
  #heard: Entered = { bootFailed: false };
  /** Something spoke BGAPI. */
  answered = false;

  constructor(
    channel: Channel,
    run: Run,
    attempt: number,
    askVersion: boolean,
    tell?: EntryOptions['heard'],
  ) {
    this.#tell = tell;
    this.#channel = channel;
    this.#run = run;
    this.#attempt = attempt;
    this.#askVersion = askVersion;
  }

  /** Expects the bootloader to be there. */
  async byProbe(): Promise<Entered | undefined> {
    for (let round = 0; round < PROBE_ROUNDS; round++) {
      this.#stopHere();
      const entered = (await this.#listen(LISTEN_MS)) ?? (await this.#probeAndReset());
      if (entered !== undefined) return entered;
    }
    return undefined;
  }

  /** Asks whatever runs. */
  async byApplication(): Promise<Entered | undefined> {
    for (let round = 0; round < BGAPI_ROUNDS; round++) {
      this.#stopHere();
      const entered =
        (await this.#listen(LISTEN_MS)) ??
        (await this.#probeAndReset()) ??
        (await this.#turnToApplication()) ??
        (await this.#hearVersion()) ??
        (await this.#askToEnter());
      await this.#channel.turnTo('bootloader');
      if (entered !== undefined) return entered;
    }
    return undefined;
  }

  /** Where the application talks at a baud rate of its own, it could not answer before. */
  async #turnToApplication(): Promise<undefined> {
    if (!this.#channel.hasTwoRates) return;
    await this.#channel.turnTo('application');
    const heard = await probe(this.#channel);
    if (heard !== 'silence') this.answered = true;
    this.#applicationAnswers = heard === 'other';
  }

  /** Tells the operator what to do and waits for the boot event. */
  async byOperator(): Promise<Entered | undefined> {
    const { byHand } = this.#channel.dialect;
    const stop = () => this.#stopHere();
    return askOperator({ run: this.#run, attempt: this.#attempt, byHand, stop }, (timeoutMs) =>
      this.#listen(timeoutMs),
    );
  }

  /** Restarts the bootloader; gives what its boot event told. What came before it no longer counts. */
  async restart(timeoutMs: number): Promise<Entered | undefined> {
    this.#channel.forget();
    this.#heard.bootFailed = false;
    return this.#ask(this.#channel.dialect.commands.restartBootloader, timeoutMs);
  }

  /** Asks the application by each way there is. */
  async #askToEnter(): Promise<Entered | undefined> {
    for (const [index, command] of this.#channel.dialect.commands.enter.entries()) {
      // After the first, what came before no longer counts: the last way restarts a bootloader, too.
      if (index > 0) {
        this.#channel.forget();
        this.#heard.bootFailed = false;
      }
      await this.#channel.turnTo('application');
      await this.#channel.send(command, within(WRITE_MS, this.#run));
      // Whoever is asked is the application; who answers is the bootloader.
      await this.#channel.turnTo('bootloader');
      const entered = await this.#listen(REBOOT_MS);
      if (entered !== undefined) return entered;
    }
    return undefined;
  }

  async #ask(command: Bytes, timeoutMs: number): Promise<Entered | undefined> {
    await this.#channel.send(command, within(WRITE_MS, this.#run));
    return this.#listen(timeoutMs);
  }

  /** A bootloader that answers without having told its start may hold half an image: it must start anew. */
  async #probeAndReset(): Promise<Entered | undefined> {
    const heard = await probe(this.#channel);
    if (heard !== 'silence') this.answered = true;
    this.#applicationAnswers = heard === 'other';
    if (heard !== 'bootloader') return this.#listen(0);
    return this.#channel.dialect.startsByAddress ? this.#heard : this.restart(BOOT_MS);
  }

  /** Restarts an application that answers, once, so that it tells its version. */
  async #hearVersion(): Promise<Entered | undefined> {
    if (!this.#askVersion || !this.#applicationAnswers || this.#heard.application !== undefined)
      return undefined;
    this.#askVersion = false;
    await this.#channel.send(this.#channel.dialect.commands.restartApplication, within(WRITE_MS, this.#run));
    return this.#listen(REBOOT_MS, true);
  }

  /** Reads events until the bootloader tells its start; or the application, where `either` ends it. */
  async #listen(timeoutMs: number, either = false): Promise<Entered | undefined> {
    const { dialect } = this.#channel;
    const end = this.#run.clock.now() + timeoutMs;
    for (;;) {
      const event = await this.#channel.nextEvent(Math.max(0, end - this.#run.clock.now()));
      if (event === undefined) return undefined;
      const version = dialect.bootloaderStart(event);
      const application = dialect.applicationStart(event);
      this.answered ||= version !== undefined || application !== undefined;
      if (dialect.isBootFailure(event)) this.#heard.bootFailed = true;
      if (application !== undefined) {
        this.#heard = { bootFailed: false, application };
        this.#tell?.(application);
      }
      if (version !== undefined) return { ...this.#heard, bootloaderVersion: version };
      if (either && application !== undefined) return undefined;
    }
  }

  #stopHere(): void {
    stopHere(this.#run, 'stopped before anything was sent to the device that changes it');
  }
}
