import { type Bytes, utf8 } from '../../../src/core/bytes.ts';
import type { Random } from './random.ts';

const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  2,
  3,
  255,
  1.5,
  2 ** 32 - 1,
  2 ** 32,
  '',
  'a',
  '0',
  [],
  {},
];

const MAX_BRACKETS = 500;

/** For files that have one form: with a value in them changed, and written in that form where it is JSON at all. */
export function rewriteJson(bytes: Bytes, random: Random, indent: 0 | 2): Bytes {
  const text = Buffer.from(bytes).toString('latin1');
  // What is nested this deep is for the decoder alone: JSON.stringify would run out of stack.
  if ((text.match(/[[{]/g)?.length ?? 0) > MAX_BRACKETS) return bytes;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A decoder is to see what is no JSON, too.
    return bytes;
  }
  for (let left = random.below(3); left > 0; left--) value = changed(value, random);
  return utf8(indent === 0 ? JSON.stringify(value) : `${JSON.stringify(value, null, indent)}\n`);
}

function changed(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.chance(8)) return random.pick(VALUES);
  if (Array.isArray(value)) return changedList(value, random);
  const fields = Object.entries(value);
  if (fields.length === 0) return random.pick(VALUES);
  const at = random.below(fields.length);
  const [key, inner] = fields[at] as [string, unknown];
  const how = random.below(6);
  if (how === 0) fields.splice(at, 1);
  else if (how === 1) fields[at] = [random.pick(fields)[0], inner];
  else if (how === 2) fields[at] = [key, random.pick(fields)[1]];
  else if (how === 3) fields.push(...fields.splice(at, 1));
  else fields[at] = [key, changed(inner, random)];
  return Object.fromEntries(fields);
}

function changedList(list: readonly unknown[], random: Random): unknown[] {
  const made = [...list];
  const at = random.below(made.length + 1);
  const how = random.below(4);
  if (how === 0) made.splice(at, 1);
  else if (how === 1) made.splice(at, 0, made.length === 0 ? random.pick(VALUES) : random.pick(made));
  else if (at < made.length) made[at] = changed(made[at], random);
  return made;
}
