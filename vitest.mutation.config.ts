/** The tests that mutation testing runs: those that stryker.config.mjs names for the mutated layers. */
import { statSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const directories = (process.env.MUTATION_TESTS ?? '').split(',');

/** Random chains, interleavings and real key sizes: a mutant that lives would run them for a minute each. */
const SLOW = [
  '**/*.slow.test.ts',
  'test/signing/{key-replacement,ring-rotation-interrupted,signature}.test.ts',
  'test/usecases/{credential-model,lost-answers,namespace-interleavings}.test.ts',
];

/** Most mutants are found by the tests of one file, and the first test that fails ends a run: small files come first. */
class SmallestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sized = files.map(file => ({ file, size: statSync(file.moduleId).size }));
    return sized.sort((a, b) => a.size - b.size).map(({ file }) => file);
  }
}

export default defineConfig({
  test: {
    include: directories.map(directory => `${directory}/**/*.test.ts`),
    exclude: SLOW,
    testTimeout: 30_000,
    // As for npm test: modules are loaded once for each run.
    isolate: false,
    sequence: { sequencer: SmallestFirst },
  },
});
