import { configDefaults, defineConfig } from 'vitest/config';

/** The end-to-end suites that also run against the packaged functions. */
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

/** Big counts, real time-outs, packaging and killed processes: too slow to run after each change. */
const SLOW = 'test/**/*.slow.test.ts';

/** The suites of the stores, on a DynamoDB that this project did not write. */
function storesOn(engine: 'dynamodb-local' | 'dynoxide') {
  return {
    test: {
      name: `e2e:${engine}`,
      include: ['test/{engines,ledger,store}/*.test.ts', 'test/usecases/namespace-interleavings.test.ts'],
      // dynoxide takes the prefix of a query for the same in capitals.
      exclude: [...configDefaults.exclude, SLOW, ...(engine === 'dynoxide' ? ['**/agreement.test.ts'] : [])],
      globalSetup: `test/e2e/support/engines/${engine}.ts`,
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  };
}

/** Suites that start servers and drive programs, one after the other. */
function endToEnd(name: string, include: string[], globalSetup: string[] | string = []) {
  return {
    test: {
      name,
      include,
      globalSetup,
      testTimeout: 180_000,
      hookTimeout: 180_000,
      fileParallelism: false,
    },
  };
}

export default defineConfig({
  test: {
    // By default one core of two stays idle.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, 'test/{e2e,engines}/**', SLOW],
          testTimeout: 30_000,
          // Modules are loaded once for each worker, not for each file: a third of the time.
          isolate: false,
        },
      },
      {
        test: {
          name: 'slow',
          include: [SLOW],
          exclude: [...configDefaults.exclude, 'test/{e2e,engines}/**'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      endToEnd('e2e', ['test/e2e/*.test.ts']),
      // Deployments to emulators of AWS. CI runs them beside the others: each of the two uses one core.
      endToEnd('e2e:stacks', ['test/e2e/stacks/*.test.ts']),
      // What CI cannot install.
      endToEnd('clients', ['test/e2e/clients/*.test.ts']),
      endToEnd(
        'e2e:functions',
        [...SCENARIOS.map(name => `test/e2e/${name}.test.ts`), 'test/e2e/functions/*.test.ts'],
        'test/e2e/support/lambda/emulators.ts',
      ),
      storesOn('dynamodb-local'),
      storesOn('dynoxide'),
    ],
  },
});
