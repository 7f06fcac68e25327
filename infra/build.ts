/** `npm run build`: bundles every function to .build/functions, writes what they contain to .build/sbom.cdx.json, prints the sizes, and fails when one exceeds its budget. */
import { readdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BUDGETS, type Budget, budgetProblems } from './budgets.ts';
import { type Bundle, bundle } from './bundle.ts';
import { sbomText } from './sbom.ts';

const ROOT = join(import.meta.dirname, '..');
const DIRECTORY = join(ROOT, '.build', 'functions');
const budgets: Readonly<Record<string, Budget>> = BUDGETS;

await rm(DIRECTORY, { recursive: true, force: true });
const names = readdirSync(join(ROOT, 'functions')).map(file => basename(file, '.ts'));
const bundles = await Promise.all(names.map(name => bundle(name, DIRECTORY)));
await writeFile(join(ROOT, '.build', 'sbom.cdx.json'), sbomText(bundles, ROOT));
console.table(Object.fromEntries(bundles.map(built => [built.name, row(built)])));
const problems = bundles.flatMap(built => {
  const budget = budgets[built.name];
  return budget === undefined ? [`${built.name}: has no budget`] : budgetProblems(built, budget);
});
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

function row({ name, startBytes, totalBytes, contents }: Bundle): Record<string, number | string> {
  const packages = [...contents.keys()].filter(origin => !origin.endsWith('.ts'));
  return {
    'start (bytes)': startBytes,
    'of at most': budgets[name]?.startBytes ?? '-',
    'total (bytes)': totalBytes,
    'of at most ': budgets[name]?.totalBytes ?? '-',
    packages: packages.length,
  };
}
