import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// Vectors that may not be redistributed lie beside the project; .ci/run demands them.
const hasVectors = existsSync(new URL('../shared/vectors', import.meta.url));

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: hasVectors ? [] : ['test/shared-vectors/**'],
    testTimeout: 30_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
