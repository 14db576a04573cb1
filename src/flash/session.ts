import { type DeviceState, DfuError, type ErrorCode } from '../core/errors.ts';
import { shown } from '../core/text.ts';
import { pause, within } from '../core/wait.ts';
import type { Link, Port } from '../link/link.ts';
import { assertVerified, type VerifiedPackage } from '../verify/verified-package.ts';
import { approached } from './approach.ts';
import { judgeDevice, listFacts, notTold, type OperatorFacts } from './facts.ts';
import type {
  Choice,
  Confirmation,
  DeviceFacts,
  Entry,
  FlashPlan,
  Outcome,
  PlanOptions,
  Protocol,
  Run,
} from './protocol.ts';
import { type AttemptReport, describeError, type FlashReport } from './report.ts';
import type { ResetSequence } from './reset-sequence.ts';
import { type Afterwards, judgeSettled, oldGoneAfter, suffices } from './settled.ts';

/** How a package is to be flashed, and what is known of the device. */
export interface FlashOptions {
  entry: Entry;
  /** Default: the protocol's. */
  chunkBytes?: number;
  /** `auto` asks for `handed-over` and reports the best evidence there is. */
  confirm: Confirmation | 'auto';
  /** How often to start over after a fault of the line. */
  retries: number;
  operator: OperatorFacts;
  /** Excuses a package older than what the device tells, nothing else. Default: false. */
  allowDowngrade?: boolean;
  /** Run over the modem lines before each attempt looks for the bootloader. Default: none. */
  reset?: ResetSequence;
}

/** `retries` of the programs unless the operator says otherwise. */
export const DEFAULT_RETRIES = 3;
/** An adapter that was pulled needs a moment to come back. */
const BETWEEN_ATTEMPTS_MS = 1000;

/** Faults of the line or of the power supply: starting over may help. */
const STARTED_OVER: ReadonlySet<ErrorCode> = new Set([
  'link.timeout',
  'link.closed',
  'link.damaged',
  'device.restarted',
  'device.out-of-step',
]);
/**
 * After these the device is somewhere in an update, or behind it: it can be asked where, and brought back to what runs.
 */
const SETTLED: ReadonlySet<ErrorCode> = new Set([
  'link.timeout',
  'link.closed',
  'link.damaged',
  'device.restarted',
  'device.out-of-step',
  'device.image-refused',
  'device.confirmation-lost',
  'device.requirement-not-met',
  'policy.contradiction',
  'policy.downgrade',
  'run.interrupted',
]);

/** Of a port that comes back: its name, then its permissions, then whoever looks at new ports first. */
const MAY_COME_BACK: ReadonlySet<ErrorCode> = new Set([
  'link.not-found',
  'link.forbidden',
  'link.busy',
  'link.failed',
  'device.no-bootloader',
]);
/** After these the port may be gone. */
const LOST: ReadonlySet<ErrorCode> = new Set(['link.closed', 'device.confirmation-lost']);

/** The options of the protocol's plan. */
export function planOptions(
  { chunkBytes }: Pick<Protocol<never>, 'chunkBytes'>,
  options: Omit<FlashOptions, 'operator'>,
): PlanOptions {
  return {
    entry: options.entry,
    chunkBytes: options.chunkBytes ?? chunkBytes.default,
    confirm: options.confirm === 'auto' ? 'handed-over' : options.confirm,
  };
}

/**
 * Sends a verified package to the device behind `port`, with the only retry loop there is. What happens on the way
 * to the device ends in the report, whose `exit` and `error` say how; what is wrong with the package or the options
 * for this protocol is thrown before the port is opened (see the protocol's plan).
 */
export async function flashPackage<L extends Link>(
  pkg: VerifiedPackage,
  port: Port<L>,
  protocol: Protocol<L>,
  options: FlashOptions,
  run: Run,
): Promise<FlashReport> {
  assertVerified(pkg);
  const plan = protocol.plan(pkg, planOptions(protocol, options));
  const session = new Session(port, protocol, plan, options, run);
  return session.flash();
}

class Session<L extends Link> {
  readonly #port: Port<L>;
  /** The one asked for; where that stands for several, the one that was made out. */
  #protocol: Protocol<L>;
  /** Of the first attempt. */
  #plan: FlashPlan;
  /** Of the attempt that is made or comes next. */
  #next: FlashPlan;
  /** Asked which protocol it is, until that is known. */
  #choose: Protocol<L>['choose'];
  readonly #options: FlashOptions;
  readonly #run: Run;
  readonly #asked: Protocol<L>;
  /** By the way in of a protocol that was not the bootloader's. */
  #broughtDown = false;
  readonly #attempts: AttemptReport[] = [];
  readonly #startedAt: number;
  #deviceState: DeviceState = 'untouched';
  /** The port was open once. */
  #reached = false;
  /** What the device told before it was changed, and what it told last. */
  #before: DeviceFacts | undefined;
  #facts: DeviceFacts | undefined;
  /** Most bytes that an attempt has had taken. */
  #takenBytes = 0;

  constructor(port: Port<L>, protocol: Protocol<L>, plan: FlashPlan, options: FlashOptions, run: Run) {
    this.#port = port;
    this.#asked = protocol;
    this.#protocol = protocol;
    this.#choose = protocol.choose;
    this.#plan = plan;
    this.#next = plan;
    this.#options = options;
    this.#startedAt = run.clock.now();
    this.#run = {
      ...run,
      emit: (progress) => {
        if (progress.facts !== undefined) this.#facts = progress.facts;
        this.#takenBytes = Math.max(this.#takenBytes, progress.doneBytes ?? 0);
        run.emit(progress);
      },
    };
  }

  async flash(): Promise<FlashReport> {
    let last: DfuError | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#succeeded(await this.#try(attempt));
      } catch (error) {
        if (!(error instanceof DfuError)) throw error;
        const again = attempt <= this.#options.retries && this.#mayHelp(error, last);
        if (!again) return this.#failed(undecided(error, last));
        if (!(await this.#paused())) return this.#failed(stoppedAfter(error));
        last = error;
        // What was refused at one place shall be compared with what is refused next: same chunks, same places.
        if (error.code !== 'device.image-refused') {
          const smaller = this.#smaller(this.#next);
          if (smaller instanceof DfuError) return this.#failed(smaller, error);
          this.#next = smaller;
        }
        this.#run.emit({
          phase: 'connect',
          attempt: attempt + 1,
          message: `Starting over with chunks of ${this.#next.options.chunkBytes} bytes: ${error.message} [${error.code}]`,
        });
      }
    }
  }

  async #try(attempt: number): Promise<Outcome> {
    const from = this.#run.clock.now();
    const record: AttemptReport = { attempt, chunkBytes: this.#next.options.chunkBytes, durationMs: 0 };
    this.#attempts.push(record);
    try {
      const choice = await this.#chosen(attempt);
      record.chunkBytes = this.#next.options.chunkBytes;
      const outcome = await this.#execute(attempt, choice);
      this.#deviceState = outcome.deviceState;
      return outcome;
    } catch (error) {
      if (error instanceof DfuError) {
        record.error = { code: error.code, message: error.message };
        this.#deviceState = afterAttempt(this.#deviceState, error.deviceState ?? 'unknown');
      }
      throw error;
    } finally {
      record.durationMs = this.#since(from);
    }
  }

  /** Finds out which protocol it is, where that is not known; nothing is sent that changes the device. */
  async #chosen(attempt: number, failed?: Choice<L>): Promise<Choice<L> | undefined> {
    if (this.#choose === undefined) return undefined;
    try {
      const choice = await this.#choose(this.#approached(attempt), this.#next, this.#run, attempt, failed);
      if (choice.answered) this.#choose = undefined;
      this.#protocol = choice.protocol;
      this.#next = choice.plan;
      if (attempt === 1) this.#plan = choice.plan;
      return choice;
    } catch (error) {
      if (!(error instanceof DfuError)) throw error;
      if (failed?.answered !== true) throw error.withDeviceState('untouched');
      // The way in of another protocol has brought it down: whichever it really speaks takes it up again.
      this.#protocol = this.#asked;
      this.#broughtDown = true;
      throw error.withDeviceState('unknown');
    }
  }

  async #execute(attempt: number, choice?: Choice<L>): Promise<Outcome> {
    const told = {
      number: attempt,
      judge: (facts: DeviceFacts) => this.#judge(facts),
      hear: (facts: DeviceFacts) => this.#hear(facts),
    };
    try {
      return await this.#protocol.execute(this.#approached(attempt), this.#next, this.#run, told);
    } catch (error) {
      // An application that answers says nothing of its bootloader, which may have come up and speak another protocol.
      const lookAgain =
        choice !== undefined && error instanceof DfuError && error.code === 'device.no-bootloader';
      if (!lookAgain) throw error;
      this.#choose = this.#asked.choose;
      const other = await this.#chosen(attempt, choice);
      if (other === undefined || !other.answered || other.protocol === choice.protocol) throw error;
      return this.#protocol.execute(this.#approached(attempt), this.#next, this.#run, told);
    }
  }

  /** Nothing has been sent yet when the port is opened: the first Ctrl-C ends that at once. */
  #approached(attempt: number): Port<L> {
    const { stop, emit } = this.#run;
    const { reset } = this.#options;
    return approached(this.#port, {
      stop,
      reset,
      onOpen: () => {
        this.#reached = true;
      },
      onReset: () =>
        emit({ phase: 'enter', attempt, message: `Resetting the device: ${shown(reset?.text ?? '')}` }),
    });
  }

  /** Only of what was there before: after an attempt that changed it, the device may run what this package brought. */
  #hear(told: DeviceFacts): void {
    if (this.#deviceState === 'untouched') this.#before = { ...this.#before, ...told };
  }

  /** All that it told: what came in an attempt that broke off holds, as long as nothing was changed. */
  #judge(told: DeviceFacts): void {
    if (this.#deviceState !== 'untouched') return;
    this.#hear(told);
    const { operator, allowDowngrade = false } = this.#options;
    judgeDevice(this.#plan.package, this.#before ?? told, { operator, allowDowngrade });
  }

  /** The plan for starting over, or why there is none. */
  #smaller(plan: FlashPlan): FlashPlan | DfuError {
    const { options } = plan;
    const next = this.#protocol.chunkBytes.smaller.find((bytes) => bytes < options.chunkBytes);
    if (next === undefined) return plan;
    try {
      return this.#protocol.plan(plan.package, { ...options, chunkBytes: next });
    } catch (error) {
      if (error instanceof DfuError) return error;
      throw error;
    }
  }

  /**
   * A byte changed on a line without checksums and an image that does not suit look the same to the device: only
   * when the image is refused twice at the same place it is the image.
   */
  #mayHelp(error: DfuError, last: DfuError | undefined): boolean {
    if (this.#run.stop.aborted || this.#run.signal.aborted || this.#deviceState === 'new') return false;
    if (error.code === 'device.image-refused') {
      return last?.code !== error.code || last.facts.offset !== error.facts.offset;
    }
    // A port or device that vanished in the middle may come back; one that never was there will not.
    if (MAY_COME_BACK.has(error.code)) return last !== undefined;
    return STARTED_OVER.has(error.code);
  }

  /** `false` when the operator stopped it meanwhile. */
  async #paused(): Promise<boolean> {
    try {
      await pause(within(BETWEEN_ATTEMPTS_MS, this.#run));
    } catch (error) {
      if (!(error instanceof DfuError)) throw error;
    }
    return !this.#run.stop.aborted && !this.#run.signal.aborted;
  }

  /** Leaves the device as well as can be; what it has, as far as that is known. */
  async #settle(error: DfuError): Promise<Afterwards> {
    const known = this.#deviceState;
    const isOver = known === 'new' && error.code !== 'device.confirmation-lost';
    if (
      !(SETTLED.has(error.code) || this.#broughtDown) ||
      this.#run.signal.aborted ||
      isOver ||
      !this.#reached
    )
      return { deviceState: this.#honest(known) };
    try {
      // The port may come back.
      if (LOST.has(error.code)) await pause(within(BETWEEN_ATTEMPTS_MS, this.#run));
      const settled = await this.#protocol.settle(this.#port, this.#run, known);
      if (!settled.told && known !== 'new') return { deviceState: this.#honest(settled.deviceState) };
      if (settled.start?.facts.applicationVersion !== undefined) this.#facts = settled.start.facts;
      return judgeSettled(this.#plan.package, settled, known, this.#before);
    } catch (cause) {
      if (!(cause instanceof DfuError)) throw cause;
      // The first error is the one to tell; what is known of the device has not changed.
      return { deviceState: this.#honest(known) };
    }
  }

  /** Nobody could ask: that the old application is gone is known only where so much was taken that it must be. */
  #honest(state: DeviceState): DeviceState {
    if (state !== 'bootloader') return state;
    const gone = oldGoneAfter(this.#plan.package);
    return gone !== undefined && this.#takenBytes >= gone ? state : 'unknown';
  }

  #succeeded(outcome: Outcome): FlashReport {
    this.#facts = outcome.facts;
    return {
      ...this.#report('flashed', 0, outcome.deviceState),
      confirmation: outcome.confirmation,
      wireBytes: outcome.wireBytes,
      strayResponses: outcome.strayResponses,
    };
  }

  /** `error` is what to tell, `ended` what the last attempt ended with, where that is something else. */
  async #failed(error: DfuError, ended = error): Promise<FlashReport> {
    const result = error.code === 'run.interrupted' ? 'interrupted' : 'failed';
    const { deviceState, confirmation } = await this.#settle(ended);
    // The answer that told of it was lost, and yet it runs.
    const runs = confirmation !== undefined && suffices(confirmation, this.#plan.options.confirm);
    if (result === 'failed' && runs) return { ...this.#report('flashed', 0, deviceState), confirmation };
    return { ...this.#report(result, error.exit, deviceState), error: describeError(error) };
  }

  #report(result: FlashReport['result'], exit: FlashReport['exit'], deviceState: DeviceState): FlashReport {
    const { package: pkg, options, totalBytes } = this.#plan;
    const { manifest } = pkg;
    return {
      formatVersion: 1,
      result,
      exit,
      protocol: this.#protocol.name,
      port: this.#port.name,
      package: {
        packageId: pkg.packageId,
        verdict: pkg.verdict,
        name: manifest.name,
        version: manifest.version,
        product: manifest.target.product,
      },
      images: pkg.images.map(({ entry: { name, role, format, size, sha256, crc32 } }) => ({
        name,
        role,
        format,
        size,
        sha256,
        crc32,
      })),
      options: {
        ...options,
        retries: this.#options.retries,
        ...(this.#options.reset && { reset: this.#options.reset.text }),
      },
      deviceState,
      facts: listFacts(pkg, this.#before, this.#facts, this.#options.operator),
      notTold: notTold(pkg, this.#before),
      attempts: this.#attempts,
      imageBytes: totalBytes,
      durationMs: this.#since(this.#startedAt),
    };
  }

  #since(from: number): number {
    return Math.round(this.#run.clock.now() - from);
  }
}

/** What is known after an attempt, given what was known before it: an attempt that sent nothing undoes nothing. */
function afterAttempt(before: DeviceState, after: DeviceState): DeviceState {
  if (after === 'untouched') return before;
  return before === 'unknown' && after === 'bootloader' ? 'unknown' : after;
}

/** Refused once, or at another place each time: that is as well the line, which another run may find better. */
function undecided(error: DfuError, last: DfuError | undefined): DfuError {
  const twice = last?.code === error.code && last.facts.offset === error.facts.offset;
  if (error.code !== 'device.image-refused' || twice) return error;
  return new DfuError(error.code, error.message, {
    facts: error.facts,
    ...(error.deviceState && { deviceState: error.deviceState }),
    cure: `Run the command again, with --retries: the line may have damaged what was sent. Refused at the same place twice, it is the image: ${error.cure}`,
    retryable: true,
    cause: error.cause,
  });
}

function stoppedAfter(error: DfuError): DfuError {
  return new DfuError('run.interrupted', `stopped before starting over; before that: ${error.message}`, {
    cause: error,
  });
}
