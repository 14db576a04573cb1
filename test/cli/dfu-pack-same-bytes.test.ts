import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ABOUT, bench } from './dfu-pack-fixture.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/bin/dfu-pack.js', import.meta.url));

const RECIPE = `formatVersion: 1
target: { hardware: ["B", "A"], part: efr32bg22 }
annotations: { example.com/b: "2", example.com/a: "1" }
images: [{ file: app.bin, startAddress: 0x6000, alignment: 64 }]
`;

test('the same input gives the same bytes: elsewhere, at another time, in another country', async () => {
  const b = await bench();
  const umasks = [0o000, 0o077];
  const environments = [
    { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', USER: 'ada' },
    { TZ: 'America/St_Johns', LC_ALL: 'C', HOME: '/nowhere', SOURCE_DATE_EPOCH: '1' },
  ];
  const files: Buffer[] = [];
  for (const [index, environment] of environments.entries()) {
    const folder = join(b.folder, `${index}`, 'somewhere else');
    await mkdir(folder, { recursive: true });
    for (const file of ['app.bin', 'a.pem', 'b.pem'])
      await copyFile(join(b.folder, file), join(folder, file));
    await writeFile(join(folder, 'dfu.yaml'), RECIPE);
    await utimes(join(folder, 'app.bin'), 1e9 * index, 1e9 * index);
    const keys = index === 0 ? ['a.pem', 'b.pem'] : ['b.pem', 'a.pem'];
    const argv = ['build', ...ABOUT, '--recipe', 'dfu.yaml', ...keys.flatMap((key) => ['--key', key])];
    const old = process.umask(umasks[index]!);
    const { status, stderr } = spawnSync(process.execPath, [PROGRAM, ...argv, '-o', `out-${index}`], {
      cwd: folder,
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    });
    process.umask(old);
    expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
    files.push(await readFile(join(folder, `out-${index}`)));
  }
  expect(files[0]).toEqual(files[1]);
});

test('the path to the image does not matter, its base name is what is recorded', async () => {
  const b = await bench();
  await mkdir(join(b.folder, 'deep/er'), { recursive: true });
  await copyFile(join(b.folder, 'app.bin'), join(b.folder, 'deep/er/app.bin'));
  const argv = [...ABOUT, '--start-address', '0x6000', '--key', 'a.pem'];
  await b.ok('app.bin', ...argv, '-o', 'one');
  await b.ok('deep/er/app.bin', ...argv, '-o', 'two');
  await b.ok(join(b.folder, 'deep', 'er', 'app.bin'), ...argv, '-o', 'three');
  expect(await b.read('two')).toEqual(await b.read('one'));
  expect(await b.read('three')).toEqual(await b.read('one'));
});

test('the time of day does not matter', async () => {
  const files = await Promise.all(
    ['1999-12-31T23:59:59Z', '2039-01-01T00:00:00Z'].map(async (now) => {
      const b = await bench(new Date(now));
      await b.ok('app.bin', ...ABOUT, '--start-address', '0x6000', '--key', 'a.pem', '-o', 'out');
      return b.read('out');
    }),
  );
  expect(files[0]).toEqual(files[1]);
});
