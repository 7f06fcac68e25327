import { defineConfig } from 'vitest/config';

/** What is tested of the packaged functions as of one machine. */
const SCENARIOS = [
  'expired-token',
  'header-profiles',
  'key-rotation',
  'login',
  'other-account',
  'pull-only-token',
  'push-and-pull',
  'removed-token',
  'user-names',
];

/** All that is tested of the stores, on an engine that nobody here wrote. */
function storesOn(engine: 'dynamodb-local' | 'dynoxide') {
  return {
    test: {
      name: `e2e:${engine}`,
      include: ['test/{ledger,store}/**/*.test.ts', 'test/usecases/namespace-interleavings.test.ts'],
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
          include: ['test/e2e/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e:functions',
          include: [...SCENARIOS.map(name => `test/e2e/${name}.test.ts`), 'test/e2e/functions/*.test.ts'],
          globalSetup: 'test/e2e/support/lambda/emulators.ts',
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
