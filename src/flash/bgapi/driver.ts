import type { Bytes } from '../../core/bytes.ts';
import { type DeviceState, DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import { within } from '../../core/wait.ts';
import type { ByteLink, Port } from '../../link/link.ts';
import { assertVerified } from '../../verify/verified-package.ts';
import { comparableVersion } from '../facts.ts';
import type {
  Attempt,
  DeviceFacts,
  FlashPlan,
  Outcome,
  PlannedImage,
  Protocol,
  Run,
  Settled,
} from '../protocol.ts';
import { stopHere } from '../stop-here.ts';
import { awaitStart } from './await-start.ts';
import { BLE1XX, BLE1XX_PACKET } from './ble1xx.ts';
import { type Channel, withChannel } from './channel.ts';
import { grade, type Start, startApplication } from './confirm.ts';
import { type ApplicationStart, type Dialect, versionOf } from './dialect.ts';
import { type Entered, enterBootloader, probe, restartBootloader } from './entry.ts';
import { GECKO } from './gecko.ts';
import { expectedVersion } from './plan.ts';
import { describeStatus } from './status.ts';
import { DFU, resultOf, STATUS } from './wire.ts';

const UPLOAD_MS = 3000;
/** Signatures are checked here. */
const FINISH_MS = 15_000;
const SET_ADDRESS_MS = 1000;
const WRITE_MS = 1000;
/** A second boot event may come late, of a reset that was asked for twice. */
const SET_ADDRESS_TRIES = 3;
const IDENTIFY_MS = 4000;

/** BGAPI DFU over a serial link, as the Gecko bootloader speaks it (UART DFU; Silicon Labs AN1086). */
export const bgapi: Protocol<ByteLink> = speaking(GECKO);
/** BGAPI DFU of Bluegiga's BLE112, BLE113 and BLE121LR; experimental. */
export const ble1xx: Protocol<ByteLink> = speaking(BLE1XX);
/** The same for a UART in packet mode. */
export const ble1xxPacket: Protocol<ByteLink> = speaking(BLE1XX_PACKET);

function speaking(dialect: Dialect): Protocol<ByteLink> {
  return {
    name: dialect.name,
    link: 'bytes',
    chunkBytes: dialect.chunkBytes,
    entries: ['auto', 'bgapi', 'manual', 'none'],
    tells: dialect.tells,
    plan: dialect.plan,
    execute: (port, plan, run, attempt) => execute(dialect, port, plan, run, attempt),
    awaitStart: (port, run, waitMs) => awaitStart(dialect, port, run, waitMs),
    identify: (port, run) => identify(dialect, port, run),
    settle: (port, run, before) => settle(dialect, port, run, before),
  };
}

async function execute(
  dialect: Dialect,
  port: Port<ByteLink>,
  plan: FlashPlan,
  run: Run,
  attempt: Attempt,
): Promise<Outcome> {
  assertVerified(plan.package);
  const update = new Update(dialect, plan, run, attempt);
  try {
    if (dialect.experimental !== undefined && attempt.number === 1) {
      run.emit({ phase: 'connect', attempt: 1, message: `Warning: ${dialect.experimental}` });
    }
    run.emit({ phase: 'connect', attempt: attempt.number });
    return await withChannel(port, run, dialect, (channel) => update.perform(channel));
  } catch (error) {
    if (!(error instanceof DfuError) || error.deviceState !== undefined) throw error;
    throw error.withDeviceState(update.deviceState);
  }
}

/** One attempt. */
class Update {
  readonly #dialect: Dialect;
  readonly #plan: FlashPlan;
  readonly #run: Run;
  readonly #attempt: Attempt;
  #facts: DeviceFacts = { running: 'bootloader' };
  #doneBytes = 0;
  #wireBytes = 0;
  /** What flash holds, should all end now. */
  deviceState: DeviceState = 'untouched';

  constructor(dialect: Dialect, plan: FlashPlan, run: Run, attempt: Attempt) {
    this.#dialect = dialect;
    this.#plan = plan;
    this.#run = run;
    this.#attempt = attempt;
  }

  async perform(channel: Channel): Promise<Outcome> {
    for (const [index, planned] of this.#plan.sessions.entries()) {
      await this.#enter(channel, index);
      await this.#setAddress(channel, planned);
      await this.#upload(channel, planned, index);
    }
    return this.#confirm(channel);
  }

  async #enter(channel: Channel, index: number): Promise<void> {
    if (index > 0 && this.#dialect.startsByAddress) return;
    this.#run.emit({ phase: 'enter', attempt: this.#attempt.number });
    const { options, package: pkg } = this.#plan;
    const next = index > 0 ? await restartBootloader(channel, this.#run) : undefined;
    const entered =
      next ??
      (await enterBootloader(channel, this.#run, {
        entry: index > 0 ? 'bgapi' : options.entry,
        attempt: this.#attempt.number,
        askVersion:
          index === 0 && (pkg.manifest.requires?.application ?? comparableVersion(pkg)) !== undefined,
        // Later it may be one that this package brought.
        ...(index === 0 && { heard: (application) => this.#attempt.hear?.(factsOf(application)) }),
      }));
    this.#told(entered);
    // Only of what was there before: an image of this package may have brought another bootloader.
    if (index === 0) this.#attempt.judge(this.#facts);
  }

  #told({ bootloaderVersion, application }: Entered): void {
    this.#facts = {
      ...(application && factsOf(application)),
      running: 'bootloader',
      ...(bootloaderVersion !== undefined && {
        bootloaderVersion: this.#dialect.bootloaderVersion(bootloaderVersion),
      }),
    };
    this.#run.emit({ phase: 'enter', attempt: this.#attempt.number, facts: this.#facts });
  }

  /** The one request that may be sent again: it changes nothing. */
  async #setAddress(channel: Channel, { image }: PlannedImage): Promise<void> {
    for (let tries = SET_ADDRESS_TRIES; ; tries--) {
      this.#stopHere();
      try {
        const result = await this.#request(
          channel,
          this.#dialect.commands.setAddress(image),
          DFU.setAddress,
          SET_ADDRESS_MS,
          'answer to set address',
        );
        if (result === STATUS.ok) return;
        throw refused('the start of the update', result, 0);
      } catch (error) {
        const again = error instanceof DfuError && ['link.timeout', 'device.restarted'].includes(error.code);
        if (!again || tries === 1) throw error;
      }
    }
  }

  async #upload(channel: Channel, { image }: PlannedImage, index: number): Promise<void> {
    const { bytes, entry } = image;
    const { chunkBytes } = this.#plan.options;
    const { commands, pieceBytes } = this.#dialect;
    const wireBytesBefore = channel.wireBytes;
    const straysBefore = channel.strayResponses;
    for (let offset = 0; offset < bytes.length; ) {
      this.#stopHere();
      const chunk = bytes.subarray(offset, offset + pieceBytes(bytes.length - offset, chunkBytes));
      const last = offset + chunk.length === bytes.length;
      // With the last chunk the bootloader may make the image complete; after that, only the device knows.
      this.deviceState = index > 0 || last ? 'unknown' : 'bootloader';
      const what = `answer to the upload at offset ${offset} of image ${shown(entry.name)}`;
      const result = await this.#request(channel, commands.upload(chunk), DFU.upload, UPLOAD_MS, what);
      if (result !== STATUS.ok)
        throw refused(`image ${shown(entry.name)} at offset ${offset}`, result, offset);
      this.#assertInStep(channel, straysBefore);
      offset += chunk.length;
      this.#doneBytes += chunk.length;
      this.#progress(entry.name);
    }
    this.#run.emit({ phase: 'finish', attempt: this.#attempt.number, image: entry.name });
    const result = await this.#request(channel, commands.finish, DFU.finish, FINISH_MS, 'answer to finish');
    if (result !== STATUS.ok) throw refused(`image ${shown(entry.name)} at its end`, result, bytes.length);
    this.#assertInStep(channel, straysBefore);
    this.#wireBytes += channel.wireBytes - wireBytesBefore;
    if (index === this.#plan.sessions.length - 1) this.deviceState = 'new';
  }

  /** A bootloader that judges no image may have taken a piece twice when it answered twice. */
  #assertInStep(channel: Channel, straysBefore: number): void {
    if (this.#dialect.judgesImages || channel.strayResponses === straysBefore) return;
    throw new DfuError('device.out-of-step', 'the device answered more often than it was asked', {
      deviceState: 'bootloader',
    });
  }

  async #confirm(channel: Channel): Promise<Outcome> {
    const { confirm } = this.#plan.options;
    this.#run.emit({ phase: 'confirm', attempt: this.#attempt.number });
    const outcome = { deviceState: 'new' as const, wireBytes: this.#wireBytes };
    // What the application before told of itself is past.
    const { applicationVersion: _, applicationBuild: __, ...lasting } = this.#facts;
    this.#facts = lasting;
    if (confirm === 'none') {
      await channel.send(this.#dialect.commands.startApplication, within(WRITE_MS, this.#run));
      return { ...outcome, confirmation: 'none', facts: this.#facts, strayResponses: channel.strayResponses };
    }
    const start = await this.#start(channel);
    const boot = start.boots.at(-1);
    if (boot !== undefined) {
      this.#facts = { ...bootloaderUnder(this.#dialect, boot), ...this.#facts, ...factsOf(boot) };
      this.#run.emit({ phase: 'confirm', attempt: this.#attempt.number, facts: this.#facts });
    }
    const confirmation = grade(start, confirm, expectedVersion(this.#plan.package));
    return { ...outcome, confirmation, facts: this.#facts, strayResponses: channel.strayResponses };
  }

  /** The image is in flash by now: a link that ends does not undo that. */
  async #start(channel: Channel): ReturnType<typeof startApplication> {
    try {
      return await startApplication(channel, this.#run);
    } catch (error) {
      if (!(error instanceof DfuError) || error.code === 'run.interrupted') throw error;
      throw new DfuError('device.confirmation-lost', `the image was accepted, but then: ${error.message}`, {
        deviceState: 'new',
        cause: error,
      });
    }
  }

  /** Sends a command and gives its result. Throws `link.timeout`, `device.restarted` and what ends link or run. */
  async #request(
    channel: Channel,
    command: Bytes,
    id: number,
    timeoutMs: number,
    what: string,
  ): Promise<number> {
    const answer = await channel.ask(
      command,
      timeoutMs,
      (frame) =>
        (frame.kind === 'message' &&
          frame.class === this.#dialect.dfuClass &&
          frame.id === id &&
          resultOf(frame) !== undefined) ||
        this.#dialect.bootloaderStart(frame) !== undefined ||
        this.#dialect.applicationStart(frame) !== undefined,
    );
    if (answer === undefined) {
      throw new DfuError('link.timeout', `no ${what} within ${timeoutMs} ms`, {
        facts: { waitedMs: timeoutMs },
      });
    }
    const result = answer.kind === 'message' ? resultOf(answer) : undefined;
    if (result === undefined)
      throw new DfuError('device.restarted', `the device restarted instead of an ${what}`);
    return result;
  }

  #progress(image: string): void {
    this.#run.emit({
      phase: 'upload',
      attempt: this.#attempt.number,
      image,
      doneBytes: this.#doneBytes,
      totalBytes: this.#plan.totalBytes,
    });
  }

  #stopHere(): void {
    stopHere(this.#run, `stopped after ${this.#doneBytes} of ${this.#plan.totalBytes} bytes`);
  }
}

function refused(where: string, result: number, offset: number): DfuError {
  return new DfuError('device.image-refused', `the device refused ${where}: ${describeStatus(result)}`, {
    facts: { status: result, offset },
  });
}

/** What an application told when it started. */
function factsOf(boot: ApplicationStart): DeviceFacts {
  return {
    running: 'application',
    applicationVersion: versionOf(boot),
    applicationBuild: String(boot.build),
    hardware: String(boot.hardware),
  };
}

function bootloaderUnder(
  dialect: Dialect,
  { bootloader }: ApplicationStart,
): Pick<DeviceFacts, 'bootloaderVersion'> {
  return bootloader === undefined ? {} : { bootloaderVersion: dialect.bootloaderVersion(bootloader) };
}

/**
 * What the device is. An application tells only when it starts, so it is restarted; a bootloader likewise, and stays
 * a bootloader.
 */
async function identify(dialect: Dialect, port: Port<ByteLink>, run: Run): Promise<DeviceFacts> {
  return withChannel(port, run, dialect, async (channel) => {
    const first = await probe(channel);
    // A device that is just starting hears nothing.
    if (first === 'silence') await channel.turnTo('application');
    const answer = first === 'silence' ? await probe(channel) : first;
    if (answer === 'bootloader') {
      const entered = await restartBootloader(channel, run);
      return {
        running: 'bootloader',
        ...(entered?.bootloaderVersion !== undefined && {
          bootloaderVersion: dialect.bootloaderVersion(entered.bootloaderVersion),
        }),
      };
    }
    channel.forget();
    await channel.send(dialect.commands.restartApplication, within(WRITE_MS, run));
    const end = run.clock.now() + IDENTIFY_MS;
    for (;;) {
      const event = await channel.nextEvent(Math.max(0, end - run.clock.now()));
      if (event === undefined) break;
      const version = dialect.bootloaderStart(event);
      if (version !== undefined) {
        return { running: 'bootloader', bootloaderVersion: dialect.bootloaderVersion(version) };
      }
      const boot = dialect.applicationStart(event);
      if (boot !== undefined) return { ...factsOf(boot), ...bootloaderUnder(dialect, boot) };
    }
    if (answer === 'other') return { running: 'application' };
    throw new DfuError('device.no-answer', `nothing on ${port.name} answered as BGAPI does`);
  });
}

async function settle(
  dialect: Dialect,
  port: Port<ByteLink>,
  run: Run,
  before: DeviceState,
): Promise<Settled> {
  return withChannel(port, run, dialect, async (channel) => {
    // The image is complete: whatever runs is started anew.
    if (before === 'new') return started(dialect, await startApplication(channel, run), 'new');
    // Nobody there: an application that never was left, or nothing that can be asked.
    const first = await probe(channel);
    const answer = first === 'silence' ? await probe(channel) : first;
    if (answer === 'silence') return { deviceState: before, told: false };
    // It would start half an image; and what answers as an application may be one.
    if (!dialect.judgesImages && before !== 'untouched')
      return { deviceState: answer === 'bootloader' ? 'bootloader' : 'unknown', told: true };
    const entered = await restartBootloader(channel, run);
    if (entered?.bootFailed) return { deviceState: 'bootloader', told: true };
    const start = await startApplication(channel, run);
    if (before === 'untouched') return started(dialect, start, 'untouched');
    // The image was not completed, and yet an application started: it is the one from before.
    const isOld = start.running === 'application' && before === 'bootloader';
    return started(dialect, start, isOld ? 'old' : 'unknown');
  });
}

/** `left`: the state, unless the device is in its bootloader. */
function started(dialect: Dialect, { running, boots }: Start, left: DeviceState): Settled {
  if (running === 'bootloader') return { deviceState: 'bootloader', told: true };
  const told = running === 'application';
  const [boot] = boots;
  if (boots.length > 1) return { deviceState: left, told };
  const facts: DeviceFacts =
    boot === undefined ? { running: 'application' } : { ...bootloaderUnder(dialect, boot), ...factsOf(boot) };
  return { deviceState: left, told, start: { confirmation: told ? 'booted' : 'handed-over', facts } };
}
