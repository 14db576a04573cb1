import { defineConfig } from 'vitest/config';

/** The tests of the rooms that are mutated: in one process, without built programs or sweeps over all bytes. */
export default defineConfig({
  test: {
    include: ['test/{format,crypto,verify}/**/*.test.ts'],
    exclude: ['test/verify/{every-byte,mutation}.test.ts'],
    testTimeout: 30_000,
  },
});
