import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../dist/bin/dfu-verify.js', import.meta.url));

/** Linux has a device that is always full; elsewhere there is nothing to try it on. */
const testOnLinux = process.platform === 'linux' ? test : () => {};

testOnLinux('output that can not be written is said, and is no success', () => {
  const run = spawnSync('sh', ['-c', '"$0" "$1" explain > /dev/full', process.execPath, program], {
    encoding: 'utf8',
  });
  expect(run.status).toBe(2);
  expect(run.stderr).toMatch(/standard output can not be written \(ENOSPC\)[\s\S]*\[output\.failed\]/);
});

testOnLinux('a reader that has read enough is no failure', () => {
  const command = '"$0" "$1" explain --json | head -c 10 > /dev/null; exit $PIPESTATUS';
  const run = spawnSync('bash', ['-c', command, process.execPath, program], { encoding: 'utf8' });
  expect(run).toMatchObject({ status: 0, stderr: '' });
});
