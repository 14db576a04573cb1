import type { Bytes } from '../../core/bytes.ts';
import { DfuError } from '../../core/errors.ts';
import { shown } from '../../core/text.ts';
import type { Run } from '../protocol.ts';
import { endingError } from './ending.ts';
import { press, wakeMenu } from './entry.ts';
import type { Sign } from './menu.ts';
import type { Terminal } from './terminal.ts';
import { BLOCK_BYTES, CANCEL, CONTROL, encodePacket } from './wire.ts';

const WRITE_MS = 2000;
/** It asks for the first block each second. */
const READY_MS = 3500;
const READY_TRIES = 3;
/**
 * Longer than the 3 s after which the receiver asks again by itself: whoever sends again while it still waits for the
 * rest of a packet has his bytes taken for that rest, and what is left over for the end of the upload.
 */
const ANSWER_MS = 5000;
const BLOCK_TRIES = 10;
/** Of the receiver's wish for the first block: an older one crossed the packet on its way. */
const READY_AGAIN_MS = 900;
const ENDING_MS = 2000;
/** A receiver that still waits for blocks would have asked again by then. */
const ACKNOWLEDGED_MS = 3500;
const MENU_MS = 500;

/** Where the sender is told what to do, and tells what it did. */
export interface Sending {
  name: string;
  bytes: Bytes;
  /** Before each packet: throws to stop. */
  mayStop(): void;
  /** Before a packet goes out for the first time. */
  sending(last: boolean): void;
  /** A block was taken; bytes of the image in it. */
  taken(bytes: number): void;
  /** All blocks were taken. */
  ending(): void;
}

/**
 * Sends one image from the menu's prompt to the menu's next. Throws `link.timeout`, `link.damaged`,
 * `device.image-refused`, what `mayStop` throws (the transfer is left), and what ends link or run.
 */
export async function sendImage(terminal: Terminal, run: Run, image: Sending): Promise<void> {
  await begin(terminal, run, image);
  const { bytes } = image;
  for (let offset = 0; offset < bytes.length; offset += BLOCK_BYTES) {
    const data = bytes.subarray(offset, offset + BLOCK_BYTES);
    await leavingAtStop(terminal, run, image);
    image.sending(offset + data.length === bytes.length);
    await sendBlock(terminal, run, image, offset, data);
    image.taken(data.length);
  }
  image.ending();
  await end(terminal, run, image);
}

/** Presses `1` until the receiver asks for the first block. */
async function begin(terminal: Terminal, run: Run, image: Sending): Promise<void> {
  for (let tries = READY_TRIES; ; tries--) {
    image.mayStop();
    await press(terminal, 'upload');
    const end = run.clock.now() + READY_MS;
    for (let sign: Sign | undefined; ; ) {
      sign = await terminal.next(end);
      if (sign === undefined) break;
      if (sign.kind === 'ready') return;
    }
    if (tries === 1) throw timeout(`start of the upload of image ${shown(image.name)}`, READY_MS);
    // The key may have been lost, or what it began: from the menu it begins anew.
    await wakeMenu(terminal, run);
  }
}

async function leavingAtStop(terminal: Terminal, run: Run, image: Sending): Promise<void> {
  try {
    image.mayStop();
  } catch (error) {
    await terminal.send(CANCEL, WRITE_MS);
    const end = run.clock.now() + ENDING_MS;
    for (let sign = await terminal.next(end); sign !== undefined; sign = await terminal.next(end)) {
      if (sign.kind === 'prompt') break;
    }
    throw error;
  }
}

async function sendBlock(
  terminal: Terminal,
  run: Run,
  image: Sending,
  offset: number,
  data: Bytes,
): Promise<void> {
  const packet = encodePacket(offset / BLOCK_BYTES, data);
  const where = `image ${shown(image.name)} at offset ${offset}`;
  let asked = 0;
  for (let tries = 0; tries < BLOCK_TRIES; tries++) {
    if (tries > 0) await leavingAtStop(terminal, run, image);
    await terminal.send(packet, WRITE_MS);
    const answer = await answerTo(terminal, run, offset === 0);
    if (answer === undefined) continue;
    if (answer.kind === 'ack') return;
    if (isEnding(answer)) {
      const error = await endingOf(terminal, run, answer, where, offset);
      if (error !== undefined) throw error;
    } else asked++;
  }
  await terminal.send(CANCEL, WRITE_MS);
  if (asked === 0) throw timeout(`answer to ${where}, sent ${BLOCK_TRIES} times`, BLOCK_TRIES * ANSWER_MS);
  throw new DfuError('link.damaged', `${where} was asked for again ${asked} times`, {
    facts: { offset, tries: BLOCK_TRIES },
  });
}

/** An answer to a packet; `undefined` for none in time. */
async function answerTo(terminal: Terminal, run: Run, first: boolean): Promise<Sign | undefined> {
  const sentAt = run.clock.now();
  for (;;) {
    const sign = await terminal.next(sentAt + ANSWER_MS);
    if (sign === undefined || sign.kind === 'ack' || sign.kind === 'nak' || isEnding(sign)) return sign;
    if (first && sign.kind === 'ready' && run.clock.now() - sentAt >= READY_AGAIN_MS) return sign;
  }
}

const isEnding = ({ kind }: Sign): boolean =>
  kind === 'can' || kind === 'aborted' || kind === 'error' || kind === 'prompt' || kind === 'title';

/**
 * Reads on to the bootloader's reason, and then to its menu; neither is waited for when it got lost. `undefined`: a
 * lone CAN was noise.
 */
async function endingOf(
  terminal: Terminal,
  run: Run,
  first: Sign,
  where: string,
  offset: number,
): Promise<DfuError | undefined> {
  const end = run.clock.now() + ENDING_MS;
  let cancels = 0;
  let told = false;
  let reason: Extract<Sign, { kind: 'error' }> | undefined;
  let menu = false;
  for (let sign: Sign | undefined = first; sign !== undefined; sign = await terminal.next(end)) {
    if (sign.kind === 'can') cancels++;
    if (sign.kind === 'aborted') told = true;
    if (sign.kind === 'error') reason ??= sign;
    if (sign.kind === 'title' || sign.kind === 'prompt') menu = true;
    if (sign.kind === 'prompt') break;
  }
  if (reason !== undefined || told || cancels > 1) return endingError(where, offset, reason);
  // A menu out of nothing: the bootloader has started anew, or its reason was lost.
  if (menu) return new DfuError('device.restarted', `the menu came instead of an answer to ${where}`);
  return undefined;
}

/**
 * Ends the upload. That the image is complete is believed to the bootloader's words, or to an answer that nothing
 * contradicts: an answer may belong to the packet before.
 */
async function end(terminal: Terminal, run: Run, image: Sending): Promise<void> {
  const where = `image ${shown(image.name)} at its end`;
  for (let tries = BLOCK_TRIES; tries > 0; tries--) {
    await terminal.send(Uint8Array.of(CONTROL.eot), WRITE_MS);
    const verdict = await endAnswer(terminal, run);
    if (verdict === 'complete') return;
    if (verdict === undefined || verdict.kind === 'nak') continue;
    const error = await endingOf(terminal, run, verdict, where, image.bytes.length);
    if (error !== undefined) throw error;
  }
  throw timeout(`answer to the end of image ${shown(image.name)}`, BLOCK_TRIES * ANSWER_MS);
}

async function endAnswer(terminal: Terminal, run: Run): Promise<Sign | 'complete' | undefined> {
  let until = run.clock.now() + ANSWER_MS;
  let acknowledged = false;
  for (;;) {
    const sign = await terminal.next(until);
    if (sign === undefined) return acknowledged ? 'complete' : undefined;
    if (sign.kind === 'complete') {
      await menuAfter(terminal, run);
      return 'complete';
    }
    if (sign.kind === 'ack' && !acknowledged) {
      acknowledged = true;
      until = run.clock.now() + ACKNOWLEDGED_MS;
    }
    if (sign.kind === 'nak') return sign;
    // The words between were lost, but the answer came: the menu follows the one as well as the other.
    if (acknowledged && (sign.kind === 'title' || sign.kind === 'prompt')) return 'complete';
    if (isEnding(sign)) return sign;
  }
}

/** Lets the menu end that follows an upload, so that it is not taken for a later one. */
async function menuAfter(terminal: Terminal, run: Run): Promise<void> {
  const end = run.clock.now() + MENU_MS;
  for (let sign = await terminal.next(end); sign !== undefined; sign = await terminal.next(end)) {
    if (sign.kind === 'prompt') return;
  }
}

function timeout(what: string, waitedMs: number): DfuError {
  return new DfuError('link.timeout', `no ${what} within ${waitedMs} ms`, { facts: { waitedMs } });
}
