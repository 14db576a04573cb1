import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { firmware, START } from '../cli/flash-support.ts';
import { BIN, bench, until, upload } from './pty-bench.ts';

// Windows has no pseudo-terminals.
const describeThere = process.platform === 'win32' ? () => {} : describe;
describeThere(
  'over a real pseudo-terminal, each program in a process of its own',
  { timeout: 60_000 },
  () => {
    beforeAll(() => {
      expect(existsSync(join(BIN, 'dfu-flash.js')), 'npm run build comes first').toBe(true);
    });

    test('a blank device gets 1.0.0, then 1.1.0; an older one is refused', async () => {
      const { folder, device } = await bench();
      const first = await upload(folder, 'old.dfupkg').finished;
      expect(first.exit, first.stderr).toBe(0);
      expect(first.stdout).toContain('[version]');

      const second = await upload(folder, 'new.dfupkg', '--installed-version', '1.0.0', '--json').finished;
      expect(second.exit, second.stderr).toBe(0);
      expect(JSON.parse(second.stdout)).toMatchObject({
        confirmation: 'version',
        attempts: [{ attempt: 1 }],
      });

      const third = await upload(folder, 'old.dfupkg', '--installed-version', '1.1.0').finished;
      expect(third.exit).toBe(5);
      expect(third.stderr).toContain('[policy.');

      device.child.kill('SIGINT');
      expect((await device.finished).exit).toBe(0);
      const flash = await readFile(join(folder, 'flash.bin'));
      expect(flash.subarray(START, START + 3000).equals(firmware(0x010100))).toBe(true);
    });

    test('a host that dies in the middle leaves a device that the next run mends', async () => {
      const { folder } = await bench();
      const dying = upload(folder, 'old.dfupkg', '--chunk-size', '4');
      await until(() => dying.stderr().includes('Uploaded 20 %'), 'the upload has begun');
      dying.child.kill('SIGKILL');
      await dying.finished;
      const again = await upload(folder, 'old.dfupkg').finished;
      expect(again.exit, again.stderr).toBe(0);
      expect(again.stdout).toContain('[version]');
    });

    test('Ctrl-C stops, says in what state the device is, and lets go of the port', async () => {
      const { folder } = await bench();
      const stopping = upload(folder, 'old.dfupkg', '--chunk-size', '4');
      await until(() => stopping.stderr().includes('Uploaded 20 %'), 'the upload has begun');
      stopping.child.kill('SIGINT');
      const { exit, stderr } = await stopping.finished;
      expect(exit).toBe(130);
      expect(stderr).toContain('no application that starts');
      expect(stderr).toContain('Another run may help.');
      expect((await upload(folder, 'old.dfupkg', '--confirm', 'none').finished).exit).toBe(0);
    });
  },
);
