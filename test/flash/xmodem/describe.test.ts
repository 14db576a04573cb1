import { expect, test } from 'vitest';
import { xmodemReader } from '../../../src/flash/xmodem/describe.ts';

test('a record of nothing but keys is read in time that grows with it', () => {
  const keys = new Uint8Array(512 * 1024).fill(0x0a);
  const from = performance.now();
  const items = xmodemReader('sent').push(keys);
  expect(items).toHaveLength(keys.length);
  // Copying the rest for each key took minutes.
  expect(performance.now() - from).toBeLessThan(5000);
});
