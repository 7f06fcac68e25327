/** The tests that mutation testing runs: those that stryker.config.mjs names for the mutated layers. */
import { statSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const judges = (process.env.MUTATION_TESTS ?? '').split(',');

/** Random chains, interleavings and real key sizes: a mutant that lives would run them for a minute each. */
const SLOW = [
  '**/*.slow.test.ts',
  'test/signing/{key-replacement,ring-rotation-interrupted,signature}.test.ts',
  'test/usecases/{credential-model,ensure-interleavings,lost-answers,namespace-interleavings}.test.ts',
];

/** The first test that fails ends a run: what found the last mutant comes first, then what takes least. */
class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const known = files.map(file => {
      const { failed = false, duration = undefined } = this.ctx.cache.getTestSpecificationResult(file) ?? {};
      return { file, failed, cost: duration ?? statSync(file.moduleId).size };
    });
    known.sort((a, b) => Number(b.failed) - Number(a.failed) || a.cost - b.cost);
    return known.map(({ file }) => file);
  }
}

export default defineConfig({
  test: {
    include: judges.map(judge => (judge.endsWith('.test.ts') ? judge : `${judge}/**/*.test.ts`)),
    exclude: SLOW,
    testTimeout: 30_000,
    // As for npm test: modules are loaded once for each run.
    isolate: false,
    sequence: { sequencer: QuickestFirst },
  },
});
