import { expect, test } from 'vitest';
import { bench, until, upload } from './pty-bench.ts';

// Windows has no pseudo-terminals.
const testThere = process.platform === 'win32' ? () => {} : test;

testThere('a device that goes away in the middle is a link error', async () => {
  const { folder, device } = await bench();
  const running = upload(folder, 'old.dfupkg', '--chunk-size', '4', '--retries', '0');
  await until(() => running.stderr().includes('Uploaded 20 %'), 'the upload has begun');
  device.child.kill('SIGKILL');
  const { exit, stderr } = await running.finished;
  expect(exit, stderr).toBe(6);
  expect(stderr).toMatch(/\[link\.(closed|timeout)\]\n$/);
});
