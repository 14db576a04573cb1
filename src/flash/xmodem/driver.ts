import { type DeviceState, DfuError } from '../../core/errors.ts';
import type { ByteLink, Port } from '../../link/link.ts';
import { assertVerified } from '../../verify/verified-package.ts';
import { withLink } from '../open-link.ts';
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
import { startApplication } from './confirm.ts';
import { atMenu, enterMenu, type Menu, press, wakeMenu } from './entry.ts';
import { CHUNK_BYTES, ENTRIES, planXmodem } from './plan.ts';
import { Terminal } from './terminal.ts';
import { sendImage } from './transfer.ts';

/** Time for a bootloader to install another one and to show its menu. */
const INSTALL_MS = 10_000;

/** Gecko's menu bootloader: XMODEM with CRC over a serial link (Silicon Labs UG489, `btl_comm_xmodem.c`). */
export const xmodem: Protocol<ByteLink> = {
  name: 'xmodem',
  link: 'bytes',
  chunkBytes: CHUNK_BYTES,
  entries: ENTRIES,
  tells: ['bootloaderVersion'],
  plan: planXmodem,
  execute,
  identify,
  settle,
};

async function execute(port: Port<ByteLink>, plan: FlashPlan, run: Run, attempt: Attempt): Promise<Outcome> {
  assertVerified(plan.package);
  const update = new Update(plan, run, attempt);
  try {
    run.emit({ phase: 'connect', attempt: attempt.number });
    return await withTerminal(port, run, (terminal) => update.perform(terminal));
  } catch (error) {
    if (!(error instanceof DfuError) || error.deviceState !== undefined) throw error;
    throw error.withDeviceState(update.deviceState);
  }
}

/** One attempt. */
class Update {
  readonly #plan: FlashPlan;
  readonly #run: Run;
  readonly #attempt: Attempt;
  #facts: DeviceFacts = { running: 'bootloader' };
  #silent = false;
  #doneBytes = 0;
  #wireBytes = 0;
  /** What flash holds, should all end now. */
  deviceState: DeviceState = 'untouched';

  constructor(plan: FlashPlan, run: Run, attempt: Attempt) {
    this.#plan = plan;
    this.#run = run;
    this.#attempt = attempt;
  }

  async perform(terminal: Terminal): Promise<Outcome> {
    const { sessions, options } = this.#plan;
    this.#run.emit({ phase: 'enter', attempt: this.#attempt.number });
    const { entry } = options;
    this.#told(await enterMenu(terminal, this.#run, { entry, attempt: this.#attempt.number }));
    this.#attempt.judge(this.#facts);
    for (const [index, planned] of sessions.entries()) {
      const before = sessions[index - 1];
      // A bootloader is installed when it is run: what is uploaded next would lie over it.
      if (before !== undefined && before.image.entry.role !== 'application') await this.#install(terminal);
      await this.#upload(terminal, planned, index);
    }
    this.deviceState = 'new';
    return this.#confirm(terminal);
  }

  #told({ version, silent }: Menu): void {
    this.#silent = silent === true;
    this.#facts = { running: 'bootloader', ...(version !== undefined && { bootloaderVersion: version }) };
    this.#run.emit({ phase: 'enter', attempt: this.#attempt.number, facts: this.#facts });
  }

  async #upload(terminal: Terminal, { image }: PlannedImage, index: number): Promise<void> {
    const { entry, bytes } = image;
    const wireBytesBefore = terminal.wireBytes;
    const attempt = this.#attempt.number;
    await sendImage(terminal, this.#run, {
      name: entry.name,
      bytes,
      mayStop: () =>
        stopHere(this.#run, `stopped after ${this.#doneBytes} of ${this.#plan.totalBytes} bytes`),
      sending: (last) => {
        // With the last block the bootloader may make the image complete; after that, only the device knows.
        this.deviceState = index > 0 || last ? 'unknown' : 'bootloader';
      },
      taken: (count) => {
        this.#doneBytes += count;
        this.#run.emit({
          phase: 'upload',
          attempt,
          image: entry.name,
          doneBytes: this.#doneBytes,
          totalBytes: this.#plan.totalBytes,
        });
      },
      ending: () => this.#run.emit({ phase: 'finish', attempt, image: entry.name }),
    });
    this.#wireBytes += terminal.wireBytes - wireBytesBefore;
  }

  /** Runs a bootloader image, which installs it, and meets the menu again, be it the old one's. */
  async #install(terminal: Terminal): Promise<void> {
    await press(terminal, 'run');
    const end = this.#run.clock.now() + INSTALL_MS;
    for (let sign = await terminal.next(end); sign !== undefined; sign = await terminal.next(end)) {
      if (sign.kind === 'prompt' || sign.kind === 'failed-to-boot') break;
    }
    const menu = await wakeMenu(terminal, this.#run);
    if (menu !== undefined) return this.#told(menu);
    throw new DfuError('device.no-bootloader', 'after the image of a bootloader no menu came back');
  }

  async #confirm(terminal: Terminal): Promise<Outcome> {
    this.#run.emit({ phase: 'confirm', attempt: this.#attempt.number });
    const ended = (confirmation: Outcome['confirmation']): Outcome => ({
      confirmation,
      deviceState: 'new',
      facts: this.#facts,
      wireBytes: this.#wireBytes,
      strayResponses: terminal.strayAnswers,
    });
    if (this.#plan.options.confirm === 'none') {
      await press(terminal, 'run');
      return ended('none');
    }
    if ((await this.#start(terminal)) === 'silence') return ended('handed-over');
    throw new DfuError('device.back-in-bootloader', 'the bootloader took the image, but did not start it', {
      deviceState: 'bootloader',
    });
  }

  /** The image is in flash by now: a link that ends does not undo that. */
  async #start(terminal: Terminal): ReturnType<typeof startApplication> {
    try {
      return await startApplication(terminal, this.#run, this.#silent);
    } catch (error) {
      if (!(error instanceof DfuError) || error.code === 'run.interrupted') throw error;
      throw new DfuError('device.confirmation-lost', `the image was accepted, but then: ${error.message}`, {
        deviceState: 'new',
        cause: error,
      });
    }
  }
}

/** Whether there is a menu, and of which version; the device is left at it. */
function identify(port: Port<ByteLink>, run: Run): Promise<DeviceFacts> {
  return withTerminal(port, run, async (terminal) => {
    const menu = (await wakeMenu(terminal, run)) ?? (await wakeMenu(terminal, run));
    if (menu === undefined) {
      throw new DfuError(
        'device.no-answer',
        `nothing on ${port.name} showed the menu of an XMODEM bootloader`,
      );
    }
    return { running: 'bootloader', ...(menu.version !== undefined && { bootloaderVersion: menu.version }) };
  });
}

function settle(port: Port<ByteLink>, run: Run, before: DeviceState): Promise<Settled> {
  const accepted = before === 'new';
  const silent = { confirmation: 'handed-over', facts: { running: 'application' } } as const;
  return withTerminal(port, run, async (terminal) => {
    if (!(await atMenu(terminal, run)))
      return { deviceState: before, told: false, ...(accepted && { start: silent }) };
    if ((await startApplication(terminal, run)) === 'bootloader')
      return { deviceState: 'bootloader', told: true };
    if (accepted) return { deviceState: 'new', told: true, start: silent };
    // The bootloader let go, to an application that it holds good; which one, nobody told.
    return { deviceState: before === 'untouched' ? 'untouched' : 'unknown', told: true };
  });
}

function withTerminal<T>(
  port: Port<ByteLink>,
  run: Run,
  work: (terminal: Terminal) => Promise<T>,
): Promise<T> {
  return withLink(port, run, (link) => work(new Terminal(link, run)));
}
