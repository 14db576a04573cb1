import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { fuzz } from './engine/fuzz.ts';
import { type Target, tryInput } from './engine/target.ts';

const HERE = new URL('./', import.meta.url);
const names = readdirSync(new URL('targets/', HERE)).map((file) => file.replace(/\.ts$/, ''));
const targets: Target[] = await Promise.all(
  names.map(async (name) => (await import(`./targets/${name}.ts`)).target),
);
/** All of it has one megabyte at most: whoever clones the project carries it along. */
const MAX_CORPUS_BYTES = 2 ** 20;
/** Half a second or so a target; `npm run fuzz` goes on, and is led by coverage. */
const MUTATIONS = 4000;
const MAX_INPUT_MS = 1000;

function corpusOf(name: string): { file: string; bytes: Bytes }[] {
  const folder = new URL(`corpus/${name}/`, HERE);
  return readdirSync(folder).map((file) => ({
    file,
    bytes: new Uint8Array(readFileSync(new URL(file, folder))),
  }));
}

test('every target has a corpus, every corpus a target, and all are small', () => {
  expect(readdirSync(new URL('corpus/', HERE)).sort()).toEqual([...names].sort());
  expect(targets.map(({ name }) => name)).toEqual(names);
  const sizes = names.flatMap((name) => corpusOf(name).map(({ bytes }) => bytes.length));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAX_CORPUS_BYTES);
});

describe.each(targets)('the decoder of $name keeps its promises', (target) => {
  const corpus = corpusOf(target.name);

  test('on the corpus, some of which it accepts', async () => {
    let accepted = 0;
    for (const { file, bytes } of corpus) {
      const began = performance.now();
      const answer = await tryInput(target, bytes);
      expect(performance.now() - began, file).toBeLessThan(MAX_INPUT_MS);
      if ('finding' in answer) throw new Error(`${target.name}/${file}`, { cause: answer.finding });
      if (answer.accepted) accepted += 1;
    }
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(corpus.length);
  });

  test('on thousands of inputs made from it, always the same ones', async () => {
    const most = corpus.length + MUTATIONS / (target.slow ? 10 : 1);
    const { findings, tried } = await fuzz(target, {
      seed: 1,
      corpus: corpus.map(({ bytes }) => bytes),
      goOn: (count) => count < most,
    });
    expect(findings).toEqual([]);
    expect(tried).toBe(most);
  });
});

describe('the fuzzer', () => {
  test('tells of what is neither a value nor a DfuError, and of an input that was written into', async () => {
    const fragile: Target = {
      name: 'fragile',
      maxBytes: 8,
      seeds: () => [],
      run(bytes) {
        if (bytes[0] === 0x41) throw new RangeError('out of range');
        if (bytes[0] === 0x42) bytes[0] = 0;
        return true;
      },
    };
    const of = (first: number) => tryInput(fragile, Uint8Array.of(first, 0));
    expect(await of(0x40)).toEqual({ accepted: true });
    expect(await of(0x41)).toEqual({ finding: new RangeError('out of range') });
    expect(await of(0x42)).toHaveProperty('finding.name', 'BrokenPromise');
    const { findings } = await fuzz(fragile, {
      seed: 1,
      corpus: [Uint8Array.of(0x50, 0)],
      goOn: (tried) => tried < 20_000,
    });
    expect(findings.map(({ error }) => error.name)).toContain('RangeError');
  });
});
