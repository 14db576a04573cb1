import { type Bytes, utf8 } from '../../../src/core/bytes.ts';
import { mutate } from './mutate.ts';
import { Random } from './random.ts';
import { type Target, tryInput } from './target.ts';

/** What instrumented code counts: how often each branch was taken. */
export interface Coverage {
  readonly counters: Uint8Array;
  /** Strings and numbers that stand in the code. */
  readonly words: readonly (string | number)[];
}

export interface FuzzOptions {
  readonly seed: number;
  /** Inputs to begin with. */
  readonly corpus: readonly Bytes[];
  /** Asked before each input: whether to go on. */
  goOn(tried: number): boolean;
  /** Without it inputs are only mutated. */
  readonly coverage?: Coverage;
  /** Told of each input before it is tried: for a watcher outside, should it never end. */
  about?(bytes: Bytes): void;
}

export interface FuzzResult {
  tried: number;
  accepted: number;
  /** The inputs to begin with and those that reached something new. */
  corpus: Bytes[];
  branches: number;
  findings: { input: Bytes; error: Error }[];
}

/** Enough to look at; the first ones usually have one cause. */
const MOST_FINDINGS = 10;

/** Tries mutated inputs, keeps those that take a branch, or take it so often, as none did before. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzResult> {
  const random = new Random(options.seed);
  const seen = new Seen(options.coverage?.counters ?? new Uint8Array());
  const result: FuzzResult = { tried: 0, accepted: 0, corpus: [], branches: 0, findings: [] };
  const words = [...(target.words ?? []), ...(options.coverage?.words ?? [])].flatMap(asWords);

  const good: Bytes[] = [];
  const attempt = async (input: Bytes, keep: boolean): Promise<void> => {
    options.about?.(input);
    seen.begin();
    const answer = await tryInput(target, input);
    result.tried += 1;
    if ('finding' in answer) result.findings.push({ input, error: answer.finding });
    else if (answer.accepted) result.accepted += 1;
    const fresh = seen.anythingNew() || keep;
    if (fresh) result.corpus.push(input);
    if (fresh && 'accepted' in answer && answer.accepted) good.push(input);
  };

  const parent = (): Bytes => {
    const { corpus } = result;
    // What was accepted is the way to the rarest code; the newest reached what is least explored.
    if (good.length > 0 && random.chance(3)) return random.pick(good);
    const start = random.chance(2) ? 0 : corpus.length - Math.ceil(corpus.length / 4);
    return corpus[start + random.below(corpus.length - start)] ?? new Uint8Array();
  };
  const next = (): Bytes => {
    const from = parent();
    const { repair, rewrite, maxBytes } = target;
    if (rewrite !== undefined && random.chance(3)) return rewrite(from, random);
    const others = result.corpus.length === 0 ? [from] : result.corpus;
    const input = mutate(from, random, { others, words }, maxBytes);
    const amend = repair ?? rewrite;
    return amend === undefined || random.chance(3) ? input : amend(input, random);
  };

  for (const input of options.corpus) await attempt(input, true);
  while (options.goOn(result.tried) && result.findings.length < MOST_FINDINGS) {
    await attempt(next(), false);
  }
  result.branches = seen.branches;
  return result;
}

/** The smallest inputs that together take every branch that all of them take, however often. */
export async function minimized(
  target: Target,
  inputs: readonly Bytes[],
  coverage: Coverage,
): Promise<Bytes[]> {
  const seen = new Seen(coverage.counters, false);
  const kept: Bytes[] = [];
  for (const input of [...inputs].sort((a, b) => a.length - b.length)) {
    seen.begin();
    await tryInput(target, input);
    if (seen.anythingNew()) kept.push(input);
  }
  return kept;
}

/** Which branches were taken, and about how often within one input. */
class Seen {
  readonly #counters: Uint8Array;
  readonly #known: Uint8Array;
  readonly #counted: boolean;

  /** `counted`: also a branch that is taken more or less often than ever is something new. */
  constructor(counters: Uint8Array, counted = true) {
    this.#counted = counted;
    this.#counters = counters;
    this.#known = new Uint8Array(counters.length);
  }

  begin(): void {
    this.#counters.fill(0);
  }

  anythingNew(): boolean {
    let fresh = false;
    const counters = this.#counters;
    const known = this.#known;
    for (let i = 0; i < counters.length; i++) {
      const count = counters[i] as number;
      if (count === 0) continue;
      // 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128-255.
      const bucket =
        count < 4 ? count - 1 : count < 8 ? 3 : count < 16 ? 4 : count < 32 ? 5 : count < 128 ? 6 : 7;
      const bit = this.#counted ? 1 << bucket : 1;
      if (((known[i] as number) & bit) !== 0) continue;
      known[i] = (known[i] as number) | bit;
      fresh = true;
    }
    return fresh;
  }

  get branches(): number {
    return this.#known.reduce((sum, bits) => sum + (bits === 0 ? 0 : 1), 0);
  }
}

/** A number may stand in the input as text or as bytes, little-endian. */
function asWords(value: string | number | Bytes): Bytes[] {
  if (value instanceof Uint8Array) return [value];
  if (typeof value === 'string') return [utf8(value), utf8(`"${value}"`)];
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value >>> 0, true);
  return [utf8(String(value)), bytes];
}
