/** Random numbers that come again for the same seed: xorshift128 by Marsaglia, state filled by a multiplicative hash. */
export class Random {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    for (let i = 0; i < 4; i++) this.#state[i] = Math.imul(seed + i + 1, 0x9e3779b1) ^ (0x85ebca6b >>> i);
    for (let i = 0; i < 16; i++) this.word();
  }

  /** 32 bits. */
  word(): number {
    const s = this.#state;
    let t = s[3] as number;
    const first = s[0] as number;
    s.copyWithin(1, 0, 3);
    t ^= t << 11;
    t ^= t >>> 8;
    s[0] = t ^ first ^ (first >>> 19);
    return s[0] as number;
  }

  /** 0 to count - 1. */
  below(count: number): number {
    return count <= 1 ? 0 : this.word() % count;
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}
