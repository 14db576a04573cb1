import { link, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { main } from '../../src/cli/dfu-verify.ts';
import { testIo } from '../support/io.ts';
import { tempFolder } from '../support/temp.ts';
import { AT, samplePackage, testKey } from '../verify/fixture.ts';

const key = await testKey(1);
let folder: string;

beforeEach(async () => {
  folder = await tempFolder();
  await mkdir(join(folder, 'd'));
  await writeFile(join(folder, 'd', 'key.pem'), key.pem);
  await writeFile(join(folder, 'd', 'application.bin'), await samplePackage({ keys: [key] }));
  await symlink(join(folder, 'd'), join(folder, 'l'), 'junction');
  await link(join(folder, 'd', 'key.pem'), join(folder, 'hard'));
});

async function run(...argv: string[]): Promise<[number, string]> {
  const io = testIo(folder, { now: new Date(AT) });
  const exit = await main([...argv, '--key', 'd/key.pem'], io);
  return [exit, io.stderr()];
}

const REFUSED = [2, expect.stringContaining('[usage.invalid]')];

test.each([
  ['the package by another path', 'l/application.bin'],
  ['the key by another path', 'l/key.pem'],
  ['the key by a hard link', 'hard'],
])('a report never takes the place of %s', async (_, report) => {
  const before = await readFile(join(folder, report));
  expect(await run('check', 'd/application.bin', '--report', report)).toEqual(REFUSED);
  expect(await readFile(join(folder, report))).toEqual(before);
});

test('an image never takes the place of the package it is in', async () => {
  const before = await readFile(join(folder, 'd', 'application.bin'));
  expect(await run('extract', 'd/application.bin', '-o', 'l', '--force')).toEqual(REFUSED);
  expect(await readFile(join(folder, 'd', 'application.bin'))).toEqual(before);
});

test('an image and the report never are one file', async () => {
  const argv = ['extract', 'd/application.bin', '-o', 'out', '--report', 'out/application.bin'];
  expect(await run(...argv)).toEqual(REFUSED);
});
