import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDescriptor } from '../../src/node/descriptor.ts';
import { tempFolder } from '../support/temp.ts';

async function opened<T>(content: string, act: (descriptor: number) => Promise<T>): Promise<T> {
  const file = join(await tempFolder(), 'secret');
  await writeFile(file, content);
  const descriptor = openSync(file, 'r');
  try {
    return await act(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

test('what lies behind a descriptor is read to its end', async () => {
  const bytes = await opened('passphrase\n', (descriptor) => readDescriptor(descriptor, 11));
  expect(new TextDecoder().decode(bytes)).toBe('passphrase\n');
});

test('more than the limit is refused', async () => {
  const reading = opened('passphrase\n', (descriptor) => readDescriptor(descriptor, 10));
  await expect(reading).rejects.toMatchObject({ code: 'input.too-large' });
});

test('a descriptor that nobody opened is refused', async () => {
  await expect(readDescriptor(9999, 10)).rejects.toMatchObject({ code: 'input.unreadable' });
});

/** Elsewhere the event queue of Node is no descriptor of a kind of its own. */
const testOnLinux = process.platform === 'linux' ? test : () => {};

testOnLinux("Node's own descriptors, which a wrong number meets, are refused at once", () => {
  const script = `
    const { readlinkSync, readdirSync } = require('node:fs');
    const own = readdirSync('/proc/self/fd').filter((fd) => {
      try { return readlinkSync('/proc/self/fd/' + fd).startsWith('anon_inode:'); } catch { return false; }
    });
    import(process.argv[1]).then(async ({ readDescriptor }) => {
      const codes = [];
      for (const fd of own) codes.push(await readDescriptor(Number(fd), 10).then(() => 'read', (e) => e.code));
      console.log(JSON.stringify(codes));
    });`;
  const module = new URL('../../dist/lib/node/descriptor.js', import.meta.url).href;
  const { stdout } = spawnSync(process.execPath, ['-e', script, module], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  const codes = JSON.parse(stdout);
  expect(codes.length).toBeGreaterThan(0);
  expect(new Set(codes)).toEqual(new Set(['input.unreadable']));
});
