/** Mutation testing: the mutants of the layers of lib that decide something, each judged by the tests of its own layer and of its routes. */

/** The use cases whose rules are held at their routes alone. */
const ROUTES = [
  'account-rules',
  'audit-list',
  'ensure',
  'explain',
  'groups',
  'holder',
  'networks',
  'own-rotation',
  'refusals',
  'token-filters',
  'usage',
];

/** The tests that judge the mutants of a layer, directories and files. A constant of a module is judged by all of them: they are few and quick. */
const TESTS = {
  domain: ['test/domain'],
  http: ['test/http'],
  iam: ['test/iam'],
  signing: ['test/signing'],
  store: ['test/store'],
  upstream: ['test/upstream', 'test/api/registry.test.ts', 'test/api/registry-operator.test.ts'],
  usecases: ['test/usecases', ...ROUTES.map(name => `test/api/${name}.test.ts`)],
};

const LAYERS = Object.keys(TESTS);
const named = LAYERS.filter(layer => process.argv.some(argument => argument.includes(`lib/${layer}`)));
const mutated = named.length > 0 ? named : LAYERS;

// The processes that run the tests read it in vitest.mutation.config.ts.
process.env.MUTATION_TESTS = mutated.flatMap(layer => TESTS[layer]).join();

export default {
  packageManager: 'npm',
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  tsconfigFile: 'none.json',
  mutate: LAYERS.map(layer => `lib/${layer}/**/*.ts`),
  ignorePatterns: ['.build', '.ci', '.serverless', '.pullpass*', 'bench', 'coverage'],
  coverageAnalysis: 'perTest',
  // Constants of a module are judged by all tests of its layer: in these two that takes longer than everything else.
  ignoreStatic: mutated.some(layer => layer === 'store' || layer === 'usecases'),
  incrementalFile: `reports/mutation/${mutated.join('-')}.json`,
  concurrency: 1,
  // A busy machine is not an endless loop, which counts as found.
  timeoutMS: 20_000,
  reporters: ['clear-text', 'progress-append-only', 'html', 'json'],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false },
  // A rule of lib/domain that no test holds is nearly always a fault; elsewhere some mutants change nothing that counts.
  thresholds: { high: 98, low: 90, break: mutated.join() === 'domain' ? 98 : 90 },
  allowEmpty: false,
};
