// Mutation testing: `npm run mutation -- FILE-OR-FOLDER...`, by default src/format, src/crypto and src/verify. Changes the
// code in one place after the other and asks the tests to notice. Takes long; docs/mutation-testing.md says how long.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('../', import.meta.url)));

const asked = process.argv.slice(2);
const places = asked.length > 0 ? asked : ['src/format', 'src/crypto', 'src/verify'];
const patterns = places.map((place) => (statSync(place).isDirectory() ? `${place}/**/*.ts` : place));

execFileSync(process.execPath, ['scripts/generate-validators.mjs'], { stdio: 'inherit' });
if (!existsSync('mutation/node_modules')) {
  // Without peers: the test runner is the project's own.
  execFileSync('npm', ['ci', '--legacy-peer-deps', '--prefix', 'mutation'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
}
const { status } = spawnSync(
  process.execPath,
  [
    'mutation/node_modules/@stryker-mutator/core/bin/stryker.js',
    'run',
    'mutation/stryker.config.mjs',
    '--mutate',
    [...patterns, '!**/*.generated.ts'].join(','),
  ],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
