import { defineConfig } from 'vitest/config';

/** All that is tested of the stores, on an engine that nobody here wrote. */
function storesOn(engine: 'dynamodb-local' | 'dynoxide') {
  return {
    test: {
      name: `e2e:${engine}`,
      include: ['test/store/**/*.test.ts'],
      globalSetup: `test/e2e/support/engines/${engine}.ts`,
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      {
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**'], testTimeout: 30_000 },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      storesOn('dynamodb-local'),
      storesOn('dynoxide'),
    ],
  },
});
