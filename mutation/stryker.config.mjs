// Run by scripts/mutation.mjs from the project's folder.
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  // Tables, messages and cures are text: whether a word in them is another one is not what tests are to hold.
  mutator: { excludedMutations: ['StringLiteral'] },
  // Work done once at the import of a module counts for every test: left out, or each such mutant costs a whole run.
  ignoreStatic: true,
  ignorePatterns: [
    'fuzz-findings',
    'mutation/node_modules',
    'mutation/reports',
    'dist',
    'coverage',
    'demo',
    'bench',
  ],
  // There is none: what Stryker would read it with is not in TypeScript 7, and nothing in it concerns it.
  tsconfigFile: 'none',
  tempDirName: '.stryker-tmp',
  cleanTempDir: 'always',
  concurrency: 2,
  timeoutMS: 20_000,
  reporters: ['clear-text', 'json', 'html'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'mutation/reports/mutation.json' },
  htmlReporter: { fileName: 'mutation/reports/mutation.html' },
  thresholds: { high: 90, low: 85, break: null },
};
