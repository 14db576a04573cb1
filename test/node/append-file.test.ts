import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AppendFile } from '../../src/node/append-file.ts';
import { tempFolder } from '../support/temp.ts';

test('a file grows while the work goes on', async () => {
  const path = join(await tempFolder(), 'a');
  await writeFile(path, 'what was there before, and longer');
  const file = await AppendFile.create(path, 1000);
  expect(await readFile(path, 'utf8')).toBe('');
  file.add('one\n');
  file.add('two\n');
  await expect.poll(() => readFile(path, 'utf8')).toBe('one\ntwo\n');
  file.add('three\n');
  expect(await file.end()).toBeUndefined();
  expect(await readFile(path, 'utf8')).toBe('one\ntwo\nthree\n');
});

test('what goes over its limit ends the file, and is told at the end', async () => {
  const path = join(await tempFolder(), 'a');
  const file = await AppendFile.create(path, 6);
  for (const line of ['one\n', 'two\n', '3\n']) file.add(line);
  expect(await file.end()).toMatchObject({
    code: 'output.failed',
    message: expect.stringContaining('larger than 6'),
  });
  expect(await readFile(path, 'utf8')).toBe('one\n');
});

test('what a slow disk can not take is not kept', async () => {
  const path = join(await tempFolder(), 'a');
  const file = await AppendFile.create(path, 1e9);
  const much = 'x'.repeat(1024 * 1024);
  for (let i = 0; i < 20; i++) file.add(much);
  expect(await file.end()).toMatchObject({ message: expect.stringContaining('the disk is too slow') });
});

test('a folder, or a place that is not there', async () => {
  const folder = await tempFolder();
  for (const path of [folder, join(folder, 'no', 'a')]) {
    await expect(AppendFile.create(path, 10)).rejects.toMatchObject({ code: 'output.failed' });
  }
});
