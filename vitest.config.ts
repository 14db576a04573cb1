import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// Vectors that may not be redistributed lie beside the project; .ci/run demands them.
const hasVectors = existsSync(new URL('../shared/vectors', import.meta.url));

// scripts/setup.mjs installs a PKCS#11 token in software on Linux, and demands it there.
const hasTokens = process.platform === 'linux';

// Who opens a pseudo-terminal again whose device is gone can meet one that another test was given meanwhile under the
// same name: these take turns, before all others.
const TERMINALS = [
  'test/node/ports.test.ts',
  'test/cli/dfu-flash-station.test.ts',
  'test/e2e/{chaos,many,pty-gone}.test.ts',
];

// Rooms without processes or state of their own: their tests share workers, which saves a start for each file. All but
// one, whose inline snapshots want a worker to themselves.
const PURE = [
  'test/{core,crypto,format,images,inspect,pack,flash,sim,link,architecture,templates}/**/*.test.ts',
  'test/verify/**/!(report).test.ts',
];

const without = [
  ...(hasVectors ? [] : ['test/shared-vectors/**']),
  ...(hasTokens ? [] : ['test/e2e/token.test.ts']),
];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    dangerouslyIgnoreUnhandledErrors: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'alone',
          include: TERMINALS,
          exclude: without,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'pure',
          include: PURE,
          pool: 'threads',
          isolate: false,
          maxWorkers: '100%',
        },
      },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...TERMINALS, ...PURE, ...without],
          // Every core: by itself it leaves one to the terminal, which on two of them doubles the time.
          maxWorkers: '100%',
        },
      },
    ],
  },
});
