import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

test('the demo does what it says', { timeout: 60_000 }, () => {
  const printed = execFileSync(process.execPath, ['scripts/demo.mjs', '--built'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(printed.match(/and told the version expected/g)).toHaveLength(2);
  expect(printed).toMatch(/exit code 3, as it should be[\s\S]*exit code 5, as it should be/);
  expect(printed.trim().split('\n').at(-1)).toMatch(/^== Done/);
});
