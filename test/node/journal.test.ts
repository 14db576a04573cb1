import { appendFile, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { Journal } from '../../src/node/journal.ts';
import { thrownBy } from '../support/codes.ts';
import { tempFolder } from '../support/temp.ts';

const lines = async (path: string) => (await readFile(path, 'utf8')).split('\n').slice(0, -1);

test('each line is in the file when append resolves, in the order in which they were given', async () => {
  const path = join(await tempFolder(), 'j');
  const journal = await Journal.open(path);
  await journal.append('one');
  expect(await readFile(path, 'utf8')).toBe('one\n');
  await Promise.all(['two', 'three', 'four'].map((line) => journal.append(line)));
  expect(await lines(path)).toEqual(['one', 'two', 'three', 'four']);
  await journal.close();
  const next = await Journal.open(path);
  expect(next.foundTorn).toBe(false);
  await next.append('five');
  await next.close();
  expect(await lines(path)).toEqual(['one', 'two', 'three', 'four', 'five']);
});

test.each([
  ['the beginning of a line', '{"half'],
  ['zeros, as a power cut leaves them', '\0\0\0'],
])('%s at the end is set apart when the file is opened next', async (_, tail) => {
  const path = join(await tempFolder(), 'j');
  await writeFile(path, `one\n${tail}`);
  const journal = await Journal.open(path);
  expect(journal.foundTorn).toBe(true);
  await journal.append('two');
  await journal.close();
  expect(await lines(path)).toEqual(['one', tail, 'two']);
  const again = await Journal.open(path);
  expect(again.foundTorn).toBe(false);
  await again.close();
});

test('two that append to one file spoil no line of each other', async () => {
  const path = join(await tempFolder(), 'j');
  const both = [await Journal.open(path), await Journal.open(path)];
  const all = Array.from({ length: 40 }, (_, i) => `${i} ${'x'.repeat(200 * (i % 7))}`);
  await Promise.all(all.map((line, i) => both[i % 2]?.append(line)));
  for (const journal of both) await journal.close();
  expect((await lines(path)).sort()).toEqual([...all].sort());
});

test('what another process could not end is set apart by the next line, whoever writes that', async () => {
  const path = join(await tempFolder(), 'j');
  const journal = await Journal.open(path);
  await journal.append('one');
  await appendFile(path, '{"half');
  await journal.append('two');
  await journal.close();
  expect(await lines(path)).toEqual(['one', '{"half', 'two']);
});

test('a line of which the system takes a part goes out again, whole: another one may stand behind that part', async () => {
  const path = join(await tempFolder(), 'j');
  const journal = await Journal.open(path);
  const file = await open(path);
  const handle: { write(bytes: Uint8Array, at: number, length: number, place: null): Promise<unknown> } =
    Object.getPrototypeOf(file);
  const { write } = handle;
  const short = vi.spyOn(handle, 'write').mockImplementationOnce(async function (this: unknown, bytes) {
    const done = await write.call(this, bytes, 0, 2, null);
    await appendFile(path, '\nof another\n');
    return done;
  });
  try {
    await journal.append('three');
    expect(short).toHaveBeenCalledTimes(2);
  } finally {
    short.mockRestore();
    await file.close();
  }
  await journal.close();
  expect(await lines(path)).toEqual(['th', 'of another', 'three']);
});

test('a line is on the disk, not only on its way there, when append resolves', async () => {
  const path = join(await tempFolder(), 'j');
  const journal = await Journal.open(path);
  const file = await open(path);
  const handle: { sync(): Promise<void> } = Object.getPrototypeOf(file);
  const { sync } = handle;
  const seen: string[] = [];
  const spy = vi.spyOn(handle, 'sync').mockImplementation(async function (this: unknown) {
    seen.push(await readFile(path, 'utf8'));
    await sync.call(this);
    seen.push('synced');
  });
  try {
    await journal.append('one');
    seen.push('resolved');
  } finally {
    spy.mockRestore();
    await file.close();
  }
  await journal.close();
  expect(seen).toEqual(['one\n', 'synced', 'resolved']);
});

test('a file that was removed keeps nothing: that is an error, and not a line that nobody will find', async () => {
  const path = join(await tempFolder(), 'j');
  const journal = await Journal.open(path);
  await journal.append('one');
  await rm(path);
  const error = await thrownBy(() => journal.append('two'));
  expect([error.code, error.message]).toEqual(['output.failed', expect.stringContaining('was removed')]);
  await journal.close();
});

test('goes on in the same file when that is moved away, as rotating logs does', async () => {
  const folder = await tempFolder();
  const journal = await Journal.open(join(folder, 'j'));
  await rename(join(folder, 'j'), join(folder, 'j.1'));
  await journal.append('one');
  await journal.close();
  expect(await lines(join(folder, 'j.1'))).toEqual(['one']);
});

test('what is no regular file, or can not be opened, is refused', async () => {
  const folder = await tempFolder();
  await mkdir(join(folder, 'd'));
  for (const path of [join(folder, 'd'), join(folder, 'no', 'such'), '/dev/null']) {
    expect((await thrownBy(() => Journal.open(path))).code).toBe('output.failed');
  }
});

test('a line that can not be written is an error', async () => {
  const journal = await Journal.open(join(await tempFolder(), 'j'));
  await journal.close();
  expect((await thrownBy(() => journal.append('late'))).code).toBe('output.failed');
});

test('a line with a newline in it would be two records, and is a fault of the caller', async () => {
  const path = join(await tempFolder(), 'j');
  const journal = await Journal.open(path);
  await expect(journal.append('a\nb')).rejects.toThrow(RangeError);
  await journal.append('c');
  await journal.close();
  expect(await lines(path)).toEqual(['c']);
});
