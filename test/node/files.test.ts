import { execFileSync } from 'node:child_process';
import { lstat, mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import { DfuError } from '../../src/core/errors.ts';
import { readWholeFile, writeWholeFile } from '../../src/node/files.ts';
import { tempFolder } from '../support/temp.ts';

test('a file is read whole, up to its limit and not a byte more', async () => {
  const file = join(await tempFolder(), 'a');
  await writeFile(file, 'twelve bytes');
  expect(await readWholeFile(file, 12)).toEqual(utf8('twelve bytes'));
  await expect(readWholeFile(file, 11)).rejects.toMatchObject({ code: 'input.too-large' });
});

test('what is no regular file is refused, a FIFO without waiting for its writer', async () => {
  const folder = await tempFolder();
  await expect(readWholeFile(folder, 10)).rejects.toMatchObject({ code: 'input.unreadable' });
  await expect(readWholeFile(join(folder, 'none'), 10)).rejects.toMatchObject({ code: 'input.not-found' });
  if (process.platform !== 'win32') {
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    await expect(readWholeFile(join(folder, 'fifo'), 10)).rejects.toMatchObject({ code: 'input.unreadable' });
  }
});

test('a file without a size of its own is read to its end', async () => {
  if (process.platform !== 'linux') return expect(process.platform).not.toBe('linux');
  const text = await readWholeFile('/proc/self/status', 100_000);
  expect(text.length).toBeGreaterThan(100);
  await expect(readWholeFile('/proc/self/status', 100)).rejects.toMatchObject({ code: 'input.too-large' });
});

test('a file is written whole, without leaving anything else behind', async () => {
  const folder = await tempFolder();
  const file = join(folder, 'out');
  await writeWholeFile(file, [utf8('one '), utf8('two')], { replace: false });
  expect(await readFile(file, 'utf8')).toBe('one two');
  expect(await readdir(folder)).toEqual(['out']);
});

test('a file is on the disk before it takes the place of another', async () => {
  const folder = await tempFolder();
  const path = join(folder, 'out');
  await writeFile(path, 'old');
  const file = await open(path);
  const handle: { sync(): Promise<void> } = Object.getPrototypeOf(file);
  const { sync } = handle;
  const there: string[] = [];
  const spy = vi.spyOn(handle, 'sync').mockImplementation(async function (this: unknown) {
    const texts = (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8'));
    there.push((await Promise.all(texts)).sort().join(' '));
    await sync.call(this);
  });
  try {
    await writeWholeFile(path, [utf8('new')], { replace: true });
  } finally {
    spy.mockRestore();
    await file.close();
  }
  expect(there[0]).toBe('new old');
});

test('a file that is there stays, unless it shall be replaced', async () => {
  const folder = await tempFolder();
  const file = join(folder, 'out');
  await writeFile(file, 'old');
  await expect(writeWholeFile(file, [utf8('new')], { replace: false })).rejects.toMatchObject({
    code: 'output.exists',
  });
  expect(await readFile(file, 'utf8')).toBe('old');
  await writeWholeFile(file, [utf8('new')], { replace: true });
  expect(await readFile(file, 'utf8')).toBe('new');
  expect(await readdir(folder)).toEqual(['out']);
});

test('a dangling link counts as a name that is taken', async () => {
  const folder = await tempFolder();
  await symlink(join(folder, 'nowhere'), join(folder, 'out'));
  await expect(writeWholeFile(join(folder, 'out'), [utf8('new')], { replace: false })).rejects.toMatchObject({
    code: 'output.exists',
  });
  expect(await readdir(folder)).toEqual(['out']);
});

test('what the check refuses never gets its name', async () => {
  const folder = await tempFolder();
  const refused = new DfuError('internal.fault', 'no good');
  const seen: string[] = [];
  const writing = writeWholeFile(join(folder, 'out'), [utf8('text')], {
    replace: true,
    check: async (readBack) => {
      seen.push(new TextDecoder().decode(readBack));
      throw refused;
    },
  });
  await expect(writing).rejects.toBe(refused);
  expect(seen).toEqual(['text']);
  expect(await readdir(folder)).toEqual([]);
});

test('a fault in the check is no fault of the file system', async () => {
  const folder = await tempFolder();
  const fault = new TypeError('a bug');
  const check = () => Promise.reject(fault);
  const writing = writeWholeFile(join(folder, 'out'), [utf8('text')], { replace: true, check });
  await expect(writing).rejects.toBe(fault);
  expect(await readdir(folder)).toEqual([]);
});

test('a mode holds whatever the umask', async () => {
  if (process.platform === 'win32') return expect(process.platform).toBe('win32');
  const file = join(await tempFolder(), 'key');
  const old = process.umask(0);
  try {
    await writeWholeFile(file, [utf8('secret')], { replace: false, mode: 0o600 });
  } finally {
    process.umask(old);
  }
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('a folder that is not there is said', async () => {
  const folder = await tempFolder();
  await mkdir(join(folder, 'sub'));
  await expect(
    writeWholeFile(join(folder, 'none', 'out'), [utf8('x')], { replace: false }),
  ).rejects.toMatchObject({ code: 'output.failed' });
});

test.each(['folder', 'link', 'fifo'])('a %s is never replaced by a file', async (kind) => {
  if (process.platform === 'win32') return expect(process.platform).toBe('win32');
  const folder = await tempFolder();
  const path = join(folder, 'there');
  if (kind === 'folder') await mkdir(path);
  if (kind === 'link') await symlink('/dev/null', path);
  if (kind === 'fifo') execFileSync('mkfifo', [path]);
  const before = await lstat(path);
  await expect(writeWholeFile(path, [utf8('new')], { replace: true })).rejects.toMatchObject({
    code: 'output.failed',
  });
  expect((await lstat(path)).ino).toBe(before.ino);
  expect(await readdir(folder)).toEqual(['there']);
});

test.each([
  ['below a file', 'file/out'],
  ['with a name too long', 'x'.repeat(300)],
])('a path %s is an output that can not be written', async (_, path) => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'file'), 'old');
  await expect(writeWholeFile(join(folder, path), [utf8('new')], { replace: true })).rejects.toMatchObject({
    code: 'output.failed',
  });
  expect(await readdir(folder)).toEqual(['file']);
});

test('a name as long as the file system allows is written', async () => {
  const folder = await tempFolder();
  await writeWholeFile(join(folder, 'x'.repeat(255)), [utf8('new')], { replace: false });
  expect(await readdir(folder)).toEqual(['x'.repeat(255)]);
});
