import { type Bytes, fromHex, toHex } from '../../src/core/bytes.ts';
import { VirtualClock } from '../../src/core/clock.ts';
import { crc32 } from '../../src/core/crc32.ts';
import { DfuError } from '../../src/core/errors.ts';
import { Inbox } from '../../src/core/inbox.ts';
import type { Wait } from '../../src/core/wait.ts';
import type { Attempt, FlashPlan, PlanOptions, Progress, Run } from '../../src/flash/protocol.ts';
import type { FlashOptions } from '../../src/flash/session.ts';
import type { Manifest, ManifestImage } from '../../src/format/manifest.ts';
import type { ByteLink, Port } from '../../src/link/link.ts';
import { makeVerified, type VerifiedPackage } from '../../src/verify/verified-package.ts';

export function hex(text: string): Bytes {
  const bytes = fromHex(text.replaceAll(' ', ''));
  if (bytes === undefined) throw new Error(`not hex: ${text}`);
  return bytes;
}

export interface TestImage extends Partial<ManifestImage> {
  bytes: Bytes;
}

/** A package as if it had been judged good: what is tested here begins after that. */
export function verified(images: readonly TestImage[], manifest: Partial<Manifest> = {}): VerifiedPackage {
  const entries = images.map(({ bytes, ...entry }, i) => ({
    bytes,
    entry: {
      name: `image${i}`,
      role: 'application' as const,
      format: 'gbl' as const,
      sourceName: 'image.bin',
      sourceSize: bytes.length,
      sourceSha256: '00'.repeat(32),
      size: bytes.length,
      alignment: 4,
      padByte: '0xff',
      crc32: `0x${crc32(bytes).toString(16).padStart(8, '0')}`,
      sha256: '00'.repeat(32),
      ...entry,
    },
  }));
  return makeVerified({
    manifest: {
      formatVersion: 1,
      name: 'lamp',
      version: '1.1.0',
      securityCounter: 0,
      target: { product: 'lamp' },
      images: entries.map(({ entry }) => entry),
      ...manifest,
    },
    packageId: 'ab'.repeat(32),
    verdict: 'trusted',
    images: entries,
  });
}

export const PLAN: PlanOptions = { entry: 'auto', chunkBytes: 252, confirm: 'handed-over' };
/** A first attempt that forbids nothing. */
export const ATTEMPT: Attempt = { number: 1, judge: () => {} };
export const OPTIONS: FlashOptions = {
  entry: 'auto',
  chunkBytes: 252,
  confirm: 'auto',
  retries: 3,
  operator: {},
};

/** A run in virtual time that keeps what it was told. */
export interface TestRun extends Run {
  clock: VirtualClock;
  progress: Progress[];
  messages(): string[];
  /** First Ctrl-C. */
  stopNow(): void;
  /** Second Ctrl-C. */
  abortNow(): void;
}

export function testRun(clock = new VirtualClock(), onProgress: (p: Progress) => void = () => {}): TestRun {
  const stop = new AbortController();
  const abort = new AbortController();
  const progress: Progress[] = [];
  return {
    clock,
    stop: stop.signal,
    signal: abort.signal,
    progress,
    emit(p) {
      progress.push(p);
      onProgress(p);
    },
    messages: () => progress.flatMap(({ message }) => (message === undefined ? [] : [message])),
    stopNow: () => stop.abort(),
    abortNow: () => abort.abort(),
  };
}

export const REPLY = {
  setAddress: '200200010000',
  upload: '200200020000',
  finish: '200200030000',
  uploadRefused: '200200024600',
  finishRefused: '200200034600',
  boot: 'a004000001000402',
  bootFailure: 'a00200014600',
} as const;

export const COMMAND = {
  probe: '2004000100000000',
  finish: '20000003',
  reset: '2001010100',
  resetToDfu: '2001010101',
  userReset: '2000ff02',
} as const;

/** system_boot of an application 1.1.0 over bootloader 2.4.1. */
export function systemBoot(major = 1, minor = 1, patch = 0): string {
  const u16 = (n: number) => toHex(Uint8Array.of(n & 0xff, n >> 8));
  return `a0120100${u16(major)}${u16(minor)}${u16(patch)}0000010004020100aabbccdd`;
}

/** What the script may do when a command (in hex) arrives. */
export interface Hand {
  /** Sends hex to the host, `afterMs` from now. */
  reply(frame: string, afterMs?: number): void;
  /** Breaks the link, from both sides' view. */
  cut(): void;
  /** How often this command came, this one included. */
  times: number;
}

/** A device that does what a test says, and keeps what it was sent. */
export class ScriptedPort implements Port<ByteLink> {
  readonly kind = 'bytes';
  readonly name = 'scripted device';
  /** Every command, in hex. */
  readonly sent: string[] = [];
  opened = 0;
  /** Replaces the opening. */
  refuse: DfuError | undefined;
  readonly #clock: VirtualClock;
  readonly #script: (command: string, hand: Hand) => void;
  #link: ScriptedLink | undefined;

  constructor(clock: VirtualClock, script: (command: string, hand: Hand) => void) {
    this.#clock = clock;
    this.#script = script;
  }

  /** How often a command was sent; `upload` counts all uploads. */
  count(command: string): number {
    return this.sent.filter((c) => c === command || (command === 'upload' && isUpload(c))).length;
  }

  /** Sends hex without having been asked. */
  say(frame: string, afterMs = 0): void {
    this.#clock.after(afterMs, () => this.#link?.inbox.put(hex(frame)));
  }

  /** Sends bytes now. */
  pour(bytes: Bytes): void {
    this.#link?.inbox.put(bytes);
  }

  async open(_wait: Wait): Promise<ByteLink> {
    if (this.refuse !== undefined) throw this.refuse;
    this.opened++;
    this.#link = new ScriptedLink((bytes) => this.#receive(toHex(bytes)));
    return this.#link;
  }

  #receive(command: string): void {
    this.sent.push(command);
    const link = this.#link;
    this.#script(isUpload(command) ? 'upload' : command, {
      reply: (frame, afterMs = 1) => {
        this.#clock.after(afterMs, () => link?.inbox.put(hex(frame)));
      },
      cut: () => link?.end(new DfuError('link.closed', 'the cable was pulled')),
      times: this.count(isUpload(command) ? 'upload' : command),
    });
  }
}

const isUpload = (command: string): boolean => /^20..0002/.test(command);

class ScriptedLink implements ByteLink {
  readonly kind = 'bytes';
  readonly inbox = new Inbox<Bytes>();
  readonly closed: Promise<DfuError>;
  readonly #receive: (bytes: Bytes) => void;
  #settle: (why: DfuError) => void = () => {};
  #ended: DfuError | undefined;

  constructor(receive: (bytes: Bytes) => void) {
    this.#receive = receive;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }
  async write(bytes: Bytes): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    this.#receive(bytes);
  }
  async close(): Promise<void> {
    this.end(new DfuError('link.closed', 'closed by this side'));
  }
  end(why: DfuError): void {
    this.#ended ??= why;
    this.inbox.close(why);
    this.#settle(why);
  }
}

/** A script for a bootloader that does all right, then an application that tells 1.1.0; `over` comes first. */
export function goodDevice(
  over: (command: string, hand: Hand) => boolean = () => false,
): (command: string, hand: Hand) => void {
  return (command, hand) => {
    if (over(command, hand)) return;
    if (command === COMMAND.probe) hand.reply(REPLY.setAddress);
    if (command === 'upload') hand.reply(REPLY.upload);
    if (command === COMMAND.finish) hand.reply(REPLY.finish);
    if (command === COMMAND.resetToDfu) hand.reply(REPLY.boot, 30);
    if (command === COMMAND.reset) hand.reply(systemBoot(), 100);
  };
}

/** The error a promise ends in; fails the test when it ends well. */
export async function errorOf(promise: Promise<unknown>): Promise<DfuError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof DfuError) return error;
    throw error;
  }
  throw new Error('expected a DfuError');
}

/** Bytes that differ from place to place. */
export function someBytes(length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
}

export function planOf(
  protocol: { plan(p: VerifiedPackage, o: PlanOptions): FlashPlan },
  bytes: number,
  options: Partial<PlanOptions> = {},
  image: Partial<ManifestImage> = {},
): FlashPlan {
  return protocol.plan(verified([{ bytes: someBytes(bytes), ...image }]), { ...PLAN, ...options });
}
