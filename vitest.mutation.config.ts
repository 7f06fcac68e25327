/** The tests that mutation testing runs: those that stryker.config.mjs names for the mutated layers. */
import { defineConfig } from 'vitest/config';

const directories = (process.env.MUTATION_TESTS ?? '').split(',');

export default defineConfig({
  test: {
    include: directories.map(directory => `${directory}/**/*.test.ts`),
    exclude: ['**/*.slow.test.ts'],
    testTimeout: 30_000,
    // As for npm test: modules are loaded once for each run.
    isolate: false,
  },
});
