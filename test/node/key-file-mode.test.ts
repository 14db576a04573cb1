import type * as Fs from 'node:fs/promises';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { readPrivateKeyFile } from '../../src/node/keys.ts';
import { testKeyPem } from '../pack/fixture.ts';
import { tempFolder } from '../support/temp.ts';

// What has the file's name a moment later: another file, for its owner alone.
vi.mock('node:fs/promises', async (importOriginal) => ({
  ...(await importOriginal<typeof Fs>()),
  stat: async () => ({ mode: 0o100600 }),
}));

test('who else may read a key is asked of the file that was read, not of its name', async () => {
  if (process.platform === 'win32') return;
  const path = join(await tempFolder(), 'k.pem');
  await writeFile(path, testKeyPem(1));
  await chmod(path, 0o644);
  expect((await readPrivateKeyFile(path)).openToOthers).toBe(true);
});
