import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { main } from '../../src/cli/dfu-pack.ts';
import { testIo } from '../support/io.ts';
import { ABOUT, AT, type Bench, bench } from './dfu-pack-fixture.ts';

/** Runs dfu-pack; Ctrl-C comes as soon as the process would no longer end by it. */
async function interrupted({ folder }: Bench, ...argv: string[]) {
  const io = testIo(folder);
  let listening = 0;
  const onInterrupt = (fn: () => void) => {
    listening++;
    fn();
    return () => void listening--;
  };
  const exit = await main(argv, { ...io, onInterrupt });
  expect(listening).toBe(0);
  return { exit, stdout: io.stdout(), stderr: io.stderr() };
}

const BUILD = ['app.bin', ...ABOUT, ...AT, '--key', 'a.pem', '-o'] as const;

test('Ctrl-C while an output is written leaves neither it nor a temporary file behind', async () => {
  const b = await bench();
  await b.ok(...BUILD, 'p');
  const before = await readdir(b.folder);
  for (const argv of [
    [...BUILD, 'out'],
    ['sign', 'p', '--key', 'b.pem', '-o', 'out'],
    ['tbs', 'p', '-o', 'out'],
    ['init', '--template', 'efr32bg22', '-o', 'out'],
  ]) {
    const { exit, stdout, stderr } = await interrupted(b, ...argv);
    expect([exit, stdout]).toEqual([130, '']);
    expect(stderr).toContain('[run.interrupted]');
    expect(stderr).toContain('out was not written');
    expect(await readdir(b.folder)).toEqual(before);
  }
});

test('Ctrl-C while a package is replaced leaves the one that was there', async () => {
  const b = await bench();
  await b.ok(...BUILD, 'p');
  const before = await b.read('p');
  expect((await interrupted(b, 'sign', 'p', '--key', 'b.pem', '--in-place')).exit).toBe(130);
  expect(await b.read('p')).toEqual(before);
});

test('a key pair is written whole, Ctrl-C or not', async () => {
  const b = await bench();
  expect((await interrupted(b, 'keygen', 'new')).exit).toBe(0);
  expect(await readdir(b.folder)).toEqual(expect.arrayContaining(['new.key.pem', 'new.pub.pem']));
});
