import type { Bytes } from '../core/bytes.ts';
import type { Torn } from './flash-memory.ts';

/** Which way a frame goes. */
export type Direction = 'to-device' | 'to-host';

/**
 * One fault of a link. `frame` counts the writes in its direction from 0, over all openings of the port: the host
 * and the virtual devices write a frame at a time. Each fault strikes once.
 */
export type LinkFault = { direction: Direction; frame: number } & (
  | { kind: 'lose' }
  /** Inverts one bit; `bit` counts from the first byte's lowest bit and wraps at the end of the frame. */
  | { kind: 'corrupt'; bit: number }
  | { kind: 'double' }
  /** Holds the frame, and what follows it, back. */
  | { kind: 'delay'; ms: number }
  /** Puts bytes that belong to no frame before it. */
  | { kind: 'noise'; bytes: Bytes }
  /** The link breaks in place of the frame; the port can be opened again. */
  | { kind: 'cut' }
);

/** The device loses its power at a flash operation, counted from 0; it stays off until somebody turns it on. */
export interface PowerFault {
  kind: 'power';
  operation: number;
  /** Default `half`. */
  torn?: Torn;
}

/** Something that goes wrong: on the wire, or with the power. */
export type Fault = LinkFault | PowerFault;

/** What becomes of one frame. */
export interface Treatment {
  /** What travels in place of the frame: nothing, once, twice, more. */
  pieces: Bytes[];
  delayMs: number;
  cut: boolean;
}

/** The faults of a link, and the frames counted so far: no frame comes again, so each fault strikes once at most. */
export class FaultPlan {
  readonly #faults: readonly LinkFault[];
  /** Those that struck, in order. */
  readonly struck: LinkFault[] = [];
  readonly #frames = { 'to-device': 0, 'to-host': 0 };

  constructor(faults: readonly LinkFault[]) {
    this.#faults = faults;
  }

  /** Frames seen so far in a direction. */
  frames(direction: Direction): number {
    return this.#frames[direction];
  }

  /** Counts the frame and says what becomes of it. */
  treat(direction: Direction, bytes: Bytes): Treatment {
    const frame = this.#frames[direction]++;
    const result: Treatment = { pieces: [bytes], delayMs: 0, cut: false };
    for (const fault of this.#faults) {
      if (fault.direction !== direction || fault.frame !== frame) continue;
      this.struck.push(fault);
      strike(fault, result);
    }
    return result;
  }
}

function strike(fault: LinkFault, result: Treatment): void {
  switch (fault.kind) {
    case 'lose':
      result.pieces = [];
      return;
    case 'corrupt':
      result.pieces = result.pieces.map((piece) => inverted(piece, fault.bit));
      return;
    case 'double':
      result.pieces = [...result.pieces, ...result.pieces];
      return;
    case 'delay':
      result.delayMs += fault.ms;
      return;
    case 'noise':
      result.pieces = [fault.bytes, ...result.pieces];
      return;
    case 'cut':
      result.cut = true;
  }
}

function inverted(bytes: Bytes, bit: number): Bytes {
  const copy = bytes.slice();
  if (copy.length === 0) return copy;
  const at = Math.floor(bit / 8) % copy.length;
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit % 8));
  return copy;
}

/** What `randomFaults` draws from. */
export interface RandomFaultOptions {
  count: number;
  /** Faults strike frames 0 to `frames` - 1 of either direction. */
  frames: number;
  /** Default: every kind. */
  kinds?: readonly LinkFault['kind'][];
  /** Longest delay; default 5000 ms. */
  maxDelayMs?: number;
}

const KINDS = ['lose', 'corrupt', 'double', 'delay', 'noise', 'cut'] as const;
const MAX_NOISE_BYTES = 16;

/** Link faults drawn from a seed: the same seed, the same faults, on every machine. */
export function randomFaults(seed: number, options: RandomFaultOptions): LinkFault[] {
  const next = generator(seed);
  const below = (n: number) => Math.floor(next() * n);
  const kinds = options.kinds ?? KINDS;
  return Array.from({ length: options.count }, (): LinkFault => {
    const direction: Direction = below(2) === 0 ? 'to-device' : 'to-host';
    const at = { direction, frame: below(options.frames) };
    switch (kinds[below(kinds.length)]) {
      case 'corrupt':
        return { ...at, kind: 'corrupt', bit: below(256 * 8) };
      case 'double':
        return { ...at, kind: 'double' };
      case 'delay':
        return { ...at, kind: 'delay', ms: 1 + below(options.maxDelayMs ?? 5000) };
      case 'noise':
        return {
          ...at,
          kind: 'noise',
          bytes: Uint8Array.from({ length: 1 + below(MAX_NOISE_BYTES) }, () => below(256)),
        };
      case 'cut':
        return { ...at, kind: 'cut' };
      default:
        return { ...at, kind: 'lose' };
    }
  });
}

/** Xorshift with 32 bits of state (Marsaglia, 2003), as numbers in [0, 1). */
function generator(seed: number): () => number {
  // A state of 0 would stay 0.
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
