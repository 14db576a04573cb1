import type { Clock } from '../core/clock.ts';
import type { DeviceState } from '../core/errors.ts';
import type { Link, Port } from '../link/link.ts';
import type { VerifiedImage, VerifiedPackage } from '../verify/verified-package.ts';

/** What a run is given besides its work: time, the two ways to stop it, and where progress goes. */
export interface Run {
  clock: Clock;
  /** First Ctrl-C: sampled between requests; the driver stops at the next safe point. */
  stop: AbortSignal;
  /** Second Ctrl-C: ends every wait at once. */
  signal: AbortSignal;
  emit(progress: Progress): void;
}

/** What a run is at, in this order: the port, the way into the bootloader, the image, its end, the evidence. */
export type Phase = 'connect' | 'enter' | 'upload' | 'finish' | 'confirm';

/** Progress as data; percent, rate and colour are the renderer's. */
export interface Progress {
  phase: Phase;
  /** Counts from 1. */
  attempt: number;
  image?: string;
  /** Over all images of the package. */
  doneBytes?: number;
  totalBytes?: number;
  /** What the operator must know or do now. */
  message?: string;
  /** What is on the port, for people, where that had to be found out. */
  found?: string;
  /** What the device has just told. */
  facts?: DeviceFacts;
}

/** What the device told about itself; absent: it did not tell. */
export interface DeviceFacts {
  /** What answered. */
  running: 'bootloader' | 'application';
  /** As the device reports them, in dotted decimals. */
  bootloaderVersion?: string;
  applicationVersion?: string;
  /** Build number of the application's stack, decimal. */
  applicationBuild?: string;
  /** The number that the application tells of the board, decimal. */
  hardware?: string;
}

/** How well it is known that the new image runs; the first is the best. */
export const CONFIRMATIONS = ['version', 'booted', 'handed-over', 'none'] as const;
/** A piece of evidence, from `CONFIRMATIONS`. */
export type Confirmation = (typeof CONFIRMATIONS)[number];

/**
 * How the device gets into its bootloader: `auto` by whatever the protocol can do without a hand at the device, `bgapi`
 * by asking a BGAPI application, `manual` waits for the operator, `none` expects the bootloader to be there. Not every
 * protocol knows every way.
 */
export type Entry = 'auto' | 'bgapi' | 'manual' | 'none';

/** How an update is to be done. */
export interface PlanOptions {
  entry: Entry;
  /** Bytes of image in one request. */
  chunkBytes: number;
  /** The evidence asked for; less is `device.not-confirmed`. */
  confirm: Confirmation;
}

/** What will be sent, as plain data: printed by a dry run, executed by the driver. */
export interface FlashPlan {
  protocol: string;
  package: VerifiedPackage;
  options: PlanOptions;
  sessions: readonly PlannedImage[];
  /** Sum over all images. */
  totalBytes: number;
}

/** An image of the package, and in how many requests it will be sent. */
export interface PlannedImage {
  image: VerifiedImage;
  requests: number;
}

/** How a successful attempt ended. Everything else is thrown. */
export interface Outcome {
  confirmation: Confirmation;
  deviceState: DeviceState;
  facts: DeviceFacts;
  /** Bytes over the wire, both ways, between first upload and finish, over all images. */
  wireBytes: number;
  /** Answers that came when none was asked for: signs of a bad line. */
  strayResponses: number;
}

/** How a device was left after the last attempt failed. */
export interface Settled {
  deviceState: DeviceState;
  /** It, and not this side, says so: it answered, or told its start. */
  told: boolean;
  /** It was started, once and no more; what it told then. Silence is `handed-over`. */
  start?: { confirmation: 'booted' | 'handed-over'; facts: DeviceFacts };
}

/** What a driver is given of the attempt it makes. */
export interface Attempt {
  /** Counts from 1. */
  number: number;
  /**
   * Called once, when the device is ready to be updated, with what it told, before anything is sent that changes it.
   * Throws what forbids the update.
   */
  judge(told: DeviceFacts): void;
  /**
   * Called with what the device tells on its way there, the moment it does: where this attempt breaks off, the next one
   * may meet a bootloader that knows nothing of its application.
   */
  hear?(told: DeviceFacts): void;
}

/** What a protocol that stands for several has made out. */
export interface Choice<L extends Link = Link> {
  protocol: Protocol<L>;
  plan: FlashPlan;
  /** `false`: nothing answered, and this is the one that may reach a device all the same. */
  answered: boolean;
}

/** One way to talk to a bootloader. Each lives in a folder of its own and knows no other. */
export interface Protocol<L extends Link = Link> {
  readonly name: string;
  readonly link: L['kind'];
  /**
   * Image bytes in one request: what is tried first, and what after an attempt that failed, larger ones first. What is
   * sent in smaller pieces overruns no buffer.
   */
  readonly chunkBytes: { readonly default: number; readonly smaller: readonly number[] };
  /** The ways into the bootloader that it knows. */
  readonly entries: readonly Entry[];
  /** What such a device can tell about itself at all. */
  readonly tells: readonly (keyof DeviceFacts)[];
  /**
   * Sends nothing, and waits for a bootloader that tells its start; `false` when none did in time. Absent where
   * bootloaders tell nothing of the kind. Throws what opening throws, `run.interrupted`, or why the link closed.
   */
  readonly awaitStart?: (port: Port<L>, run: Run, waitMs: number) => Promise<boolean>;
  /** Asks the device what it is, and leaves it running what it ran. Throws `device.no-answer` when nothing answers. */
  identify(port: Port<L>, run: Run): Promise<DeviceFacts>;
  /** Pure arithmetic. Throws when the package does not suit the protocol. */
  plan(pkg: VerifiedPackage, options: PlanOptions): FlashPlan;
  /** One attempt, from any state the device may be in. Throws DfuError with the state in which the device was left. */
  execute(port: Port<L>, plan: FlashPlan, run: Run, attempt: Attempt): Promise<Outcome>;
  /**
   * After the last attempt failed: restarts the device into its application where it has one that starts, and says in
   * which state it is now. `before` is what is known of it: `new` where the image was accepted, and its start not seen.
   * Throws what ends the link or the run.
   */
  settle(port: Port<L>, run: Run, before: DeviceState): Promise<Settled>;
  /**
   * Of a protocol that stands for several: asks the device which one it speaks, and plans anew for that. Throws
   * `device.no-bootloader` where the operator was asked in vain, `device.no-answer` where nothing answered even to
   * `failed`, the choice before; `run.interrupted`, what links throw, and why there is no plan.
   */
  choose?(port: Port<L>, plan: FlashPlan, run: Run, attempt: number, failed?: Choice<L>): Promise<Choice<L>>;
}
