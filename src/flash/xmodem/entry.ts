import { DfuError } from '../../core/errors.ts';
import { askOperator, HOLD_BOOTLOADER_PIN } from '../ask-operator.ts';
import type { Entry, Run } from '../protocol.ts';
import { stopHere } from '../stop-here.ts';
import { plainVersion, tellsMenu } from './menu.ts';
import type { Terminal } from './terminal.ts';
import { CANCEL, KEY, WAKE } from './wire.ts';

const WRITE_MS = 1000;
const LISTEN_MS = 200;
const WAKE_MS = 2000;
/** What is missing of a menu after such a pause is lost. */
const TAIL_MS = 500;
/** Nothing more comes of a menu that was read to its end. */
const PAUSE_MS = 100;
/** Half a packet that lies in the receiver from a run before swallows what is sent, for up to 3 s: several rounds outlast it. */
const WAKE_ROUNDS = 4;

/** A menu that waits for a key. */
export interface Menu {
  /** In plain decimals; absent: it told none, or none that can be compared. */
  version?: string;
  /** It is there, and prints nothing. */
  silent?: true;
}

export interface EntryOptions {
  entry: Entry;
  /** Counts from 1. */
  attempt: number;
}

/**
 * Brings the device to its menu. Throws `device.no-bootloader`, `run.interrupted`, `link.timeout` (no room to write),
 * or why the link closed.
 */
export async function enterMenu(
  terminal: Terminal,
  run: Run,
  { entry, attempt }: EntryOptions,
): Promise<Menu> {
  const stop = () => stopHere(run, 'stopped before anything was sent to the device that changes it');
  // The operator is called where there is no other way, once it is known that there is none.
  const menu =
    entry === 'manual' && attempt === 1
      ? await byOperator(terminal, run, attempt, stop)
      : ((await byWaking(terminal, run, stop)) ??
        (entry === 'manual' ? await byOperator(terminal, run, attempt, stop) : undefined));
  if (menu !== undefined) return menu;
  if (entry !== 'auto' && (await answersBlindly(terminal, run))) return { silent: true };
  throw new DfuError('device.no-bootloader', 'the device showed no menu of an XMODEM bootloader', {
    facts: { answered: false },
  });
}

async function byWaking(terminal: Terminal, run: Run, stop: () => void): Promise<Menu | undefined> {
  for (let round = 0; round < WAKE_ROUNDS; round++) {
    stop();
    // Answers at once where it is there; listening first lets a menu that is being printed end.
    await lookFor(terminal, run, LISTEN_MS);
    const menu = await wakeMenu(terminal, run);
    if (menu !== undefined) return menu;
  }
  return undefined;
}

async function byOperator(
  terminal: Terminal,
  run: Run,
  attempt: number,
  stop: () => void,
): Promise<Menu | undefined> {
  const menu = await askOperator({ run, attempt, byHand: HOLD_BOOTLOADER_PIN, stop }, async (timeoutMs) =>
    (await lookFor(terminal, run, timeoutMs)) ? wakeMenu(terminal, run) : undefined,
  );
  // One that prints no menu of its own accord.
  return menu ?? byWaking(terminal, run, stop);
}

/** Whether anything of a bootloader is heard; nothing is sent. */
async function lookFor(terminal: Terminal, run: Run, timeoutMs: number): Promise<boolean> {
  const end = run.clock.now() + timeoutMs;
  for (;;) {
    const sign = await terminal.next(end);
    if (sign === undefined) return false;
    if (tellsMenu(sign)) return true;
  }
}

/**
 * Presses keys that change nothing, and gives the menu that they print; `undefined` when none came. Leaves a transfer
 * that somebody else has begun. Each key prints it, so it ends with a pause; a tail that got lost is not waited for.
 */
export async function wakeMenu(terminal: Terminal, run: Run): Promise<Menu | undefined> {
  await terminal.send(WAKE, WRITE_MS);
  const last = run.clock.now() + WAKE_MS;
  let end = last;
  let version: string | undefined;
  let seen = false;
  let prompted = false;
  let left = false;
  for (;;) {
    const sign = await terminal.next(end);
    if (sign === undefined) return seen ? { ...(version !== undefined && { version }) } : undefined;
    if ((sign.kind === 'nak' || sign.kind === 'ready') && !left) {
      left = true;
      await terminal.send(CANCEL, WRITE_MS);
    }
    if (!tellsMenu(sign)) continue;
    seen = true;
    if (sign.kind === 'title') version = plainVersion(sign.version) ?? version;
    if (sign.kind === 'prompt') prompted = true;
    end = Math.min(last, run.clock.now() + (prompted && version !== undefined ? PAUSE_MS : TAIL_MS));
  }
}

/**
 * Whether a bootloader that prints no menu is there: presses `1`, and leaves the upload that this begins. Only where the
 * operator has said that it is a bootloader: to anything else that key may mean something.
 */
export async function answersBlindly(terminal: Terminal, run: Run): Promise<boolean> {
  await press(terminal, 'upload');
  const end = run.clock.now() + WAKE_MS;
  for (;;) {
    const sign = await terminal.next(end);
    if (sign === undefined) return false;
    if (sign.kind !== 'begin' && sign.kind !== 'ready') continue;
    // Its receiver throws away what comes in the first moment.
    await lookFor(terminal, run, PAUSE_MS);
    await terminal.send(CANCEL, WRITE_MS);
    await lookFor(terminal, run, TAIL_MS);
    return true;
  }
}

/** Whether the device is at its menu, asked twice. */
export async function atMenu(terminal: Terminal, run: Run): Promise<boolean> {
  return (await wakeMenu(terminal, run)) !== undefined || (await wakeMenu(terminal, run)) !== undefined;
}

/** Presses a key of the menu. */
export const press = (terminal: Terminal, key: keyof typeof KEY): Promise<void> =>
  terminal.send(Uint8Array.of(KEY[key]), WRITE_MS);
