import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { decodePublicKeyPem } from '../../src/crypto/public-key.ts';
import { isTestKey } from '../../src/crypto/test-keys.ts';
import { type GoldenCases, type GoldenVerdict, goldenFolder, judgeGolden, updateGolden } from './golden.ts';

const GOLDEN = fileURLToPath(new URL('../vectors/golden/', import.meta.url));
const releases = readdirSync(GOLDEN).filter((name) => /^v\d/.test(name));
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test('the corpus of this release is what its script makes, byte for byte', async () => {
  const script = new URL('../vectors/golden/make.mjs', import.meta.url).href;
  const { RELEASE, makeGolden } = await import(script);
  const made: Map<string, Uint8Array> = makeGolden();
  const { read } = goldenFolder(`${GOLDEN}${RELEASE}`);
  expect(readdirSync(`${GOLDEN}${RELEASE}`).sort()).toEqual([...made.keys(), 'verdicts.json'].sort());
  for (const [file, bytes] of made) expect([file, Buffer.compare(read(file), bytes)]).toEqual([file, 0]);
});

describe.each(releases)('what was made for release %s', (release) => {
  const folder = goldenFolder(`${GOLDEN}${release}`);
  const cases: GoldenCases = JSON.parse(textOf(folder.read('cases.json')));
  const verdicts: Record<string, GoldenVerdict> = JSON.parse(textOf(folder.read('verdicts.json')));

  test('has a verdict for every case, accepting and refusing ones', () => {
    expect(Object.keys(verdicts)).toEqual(cases.packages.map(({ name }) => name));
    const accepting = cases.packages.filter(({ code }) => code === undefined);
    expect(accepting.length).toBeGreaterThan(10);
    expect(cases.packages.length - accepting.length).toBeGreaterThan(10);
  });

  test.each(cases.packages)('$name is judged as it was then: $verdict $code', async (golden) => {
    const now = await judgeGolden(folder, golden);
    const then = verdicts[golden.name] as GoldenVerdict;
    expect([now.verdict, now.code, now.exit]).toEqual([golden.verdict, golden.code, then.exit]);
    // A later release may make more checks; those there were end as they did, in the same order.
    expect(now.checks.filter((check) => then.checks.includes(check))).toEqual(then.checks);
    const fresh = now.checks.filter((check) => !then.checks.includes(check));
    expect(fresh.filter((check) => !/: (pass|skipped)$/.test(check))).toEqual([]);
  });

  test.each(cases.updates)('the update $name ends as it did then', async (golden) => {
    expect(await updateGolden(folder, golden)).toEqual(golden.result);
  });

  test('is signed by keys that are in no list of public test keys', async () => {
    for (const file of readdirSync(`${GOLDEN}${release}`).filter((name) => name.endsWith('.pem'))) {
      expect([file, isTestKey(await decodePublicKeyPem(textOf(folder.read(file))))]).toEqual([file, false]);
    }
  });
});
