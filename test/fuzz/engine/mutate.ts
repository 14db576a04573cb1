import { type Bytes, concat, u16le, u32le, utf8 } from '../../../src/core/bytes.ts';
import type { Random } from './random.ts';

/** Values at which arithmetic and limits go wrong. */
const EDGES = [
  0, 1, 2, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 1023, 1024, 4096, 0x7fff, 0x8000,
].concat([0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff]);

type Mutation = (bytes: Bytes, random: Random, material: Material) => Bytes;

export interface Material {
  /** Other inputs, to take parts from. */
  readonly others: readonly Bytes[];
  readonly words: readonly Bytes[];
}

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => put(bytes, random.below(bytes.length), Uint8Array.of(random.word() & 0xff)),
  (bytes, random) => {
    const at = random.below(bytes.length);
    return put(bytes, at, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8))));
  },
  (bytes, random) => put(bytes, random.below(bytes.length), integer(random, random.pick(EDGES))),
  (bytes, random) => {
    const at = random.below(bytes.length);
    return put(bytes, at, Uint8Array.of((bytes[at] ?? 0) + random.below(35) - 17));
  },
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return cut(bytes, from, to);
  },
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return insert(bytes, random.chance(2) ? to : random.below(bytes.length + 1), bytes.slice(from, to));
  },
  (bytes, random) => insert(bytes, random.below(bytes.length + 1), noise(random, 1 + random.below(8))),
  (bytes, random, { words }) => insert(bytes, random.below(bytes.length + 1), word(random, words)),
  (bytes, random, { words }) => put(bytes, random.below(bytes.length), word(random, words)),
  (bytes, random, { words }) => replaceToken(bytes, random, word(random, words)),
  (bytes, random) => replaceToken(bytes, random, utf8(String(random.pick(EDGES)))),
  (bytes, random, { others }) => {
    const other = random.pick(others);
    const [from, to] = range(other, random);
    return insert(bytes, random.below(bytes.length + 1), other.slice(from, to));
  },
  (bytes, random, { others }) => {
    const other = random.pick(others);
    return concat([
      bytes.slice(0, random.below(bytes.length + 1)),
      other.slice(random.below(other.length + 1)),
    ]);
  },
  moveLine,
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
];

/** A new input out of a known one: one to eight changes. */
export function mutate(bytes: Bytes, random: Random, material: Material, maxBytes: number): Bytes {
  let made = bytes;
  for (let left = 1 << random.below(4); left > 0; left--)
    made = random.pick(MUTATIONS)(made, random, material);
  return made.slice(0, maxBytes);
}

function put(bytes: Bytes, at: number, value: Uint8Array): Bytes {
  const made = bytes.slice();
  made.set(value.subarray(0, Math.max(0, made.length - at)), Math.min(at, made.length));
  return made;
}

function insert(bytes: Bytes, at: number, value: Uint8Array): Bytes {
  return concat([bytes.subarray(0, at), value, bytes.subarray(at)]);
}

function cut(bytes: Bytes, from: number, to: number): Bytes {
  return concat([bytes.subarray(0, from), bytes.subarray(to)]);
}

function range(bytes: Bytes, random: Random): [number, number] {
  const from = random.below(bytes.length + 1);
  const longest = random.chance(4) ? bytes.length - from : Math.min(16, bytes.length - from);
  return [from, from + random.below(longest + 1)];
}

function integer(random: Random, value: number): Bytes {
  const width = random.below(3);
  return width === 0 ? Uint8Array.of(value & 0xff) : width === 1 ? u16le(value & 0xffff) : u32le(value);
}

function noise(random: Random, length: number): Bytes {
  return Uint8Array.from({ length }, () => random.word() & 0xff);
}

function word(random: Random, words: readonly Bytes[]): Bytes {
  return words.length === 0 ? noise(random, 4) : random.pick(words);
}

/** For text: puts something in the place of a run of letters and digits. */
function replaceToken(bytes: Bytes, random: Random, value: Bytes): Bytes {
  let from = random.below(bytes.length);
  let to = from;
  while (from > 0 && isWordByte(bytes[from - 1])) from--;
  while (to < bytes.length && isWordByte(bytes[to])) to++;
  return concat([bytes.subarray(0, from), value, bytes.subarray(to)]);
}

function isWordByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

/** For text: puts a line in the place of another, or beside it. */
function moveLine(bytes: Bytes, random: Random): Bytes {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  if (lines.length > 4096) return bytes;
  const line = random.pick(lines);
  const how = random.below(3);
  if (how < 2) lines.splice(random.below(lines.length), how, line);
  else lines.splice(random.below(lines.length), 1);
  return new Uint8Array(Buffer.from(lines.join('\n'), 'latin1'));
}
