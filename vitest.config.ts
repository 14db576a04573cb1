import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// Vectors that may not be redistributed lie beside the project; .ci/run demands them.
const hasVectors = existsSync(new URL('../shared/vectors', import.meta.url));

// scripts/setup.mjs installs a PKCS#11 token in software on Linux, and demands it there.
const hasTokens = process.platform === 'linux';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      ...(hasVectors ? [] : ['test/shared-vectors/**']),
      ...(hasTokens ? [] : ['test/e2e/token.test.ts']),
    ],
    testTimeout: 30_000,
    // Every core: by itself it leaves one to the terminal, which on two of them doubles the time.
    maxWorkers: '100%',
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
