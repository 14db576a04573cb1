import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cortexImage } from '../pack/fixture.ts';
import { tempFolder } from '../support/temp.ts';

const PACK = fileURLToPath(new URL('../../dist/bin/dfu-pack.js', import.meta.url));
const PRINT_PEAK = new URL('../../bench/print-peak.mjs', import.meta.url).href;
const MIB = 1024 * 1024;

test('packing holds an image twice at most, also one that is wrapped or padded', async () => {
  const folder = await tempFolder();
  const peak = (file: string, ...options: string[]): number => {
    const about = ['--product', 'p', '--fw-version', '1.0.0', '--start-address', '0x6000', ...options];
    const argv = ['--import', PRINT_PEAK, PACK, file, ...about, '-o', 'out', '--force'];
    const run = spawnSync(process.execPath, argv, {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    expect(run.status, String(run.stderr)).toBe(0);
    return Number(String(run.output[3])) * 1024;
  };
  const size = 48 * MIB;
  await writeFile(join(folder, 'small.bin'), cortexImage());
  const large = new Uint8Array(size).fill(0x5a);
  large.set(cortexImage());
  await writeFile(join(folder, 'large.bin'), large);
  await writeFile(join(folder, 'odd.bin'), large.subarray(1001));
  const base = peak('small.bin');
  for (const argv of [
    ['large.bin'],
    ['large.bin', '--image-format', 'gbl'],
    ['odd.bin', '--align', '4096'],
  ] as const) {
    const [file, ...options] = argv;
    expect((peak(file, ...options) - base) / size, argv.join(' ')).toBeLessThan(2.5);
  }
});
