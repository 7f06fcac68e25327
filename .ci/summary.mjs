/** Prints what the reports of the test runs add up to: `summary.mjs <directory> <names of the steps that failed>`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [directory = '', failedSteps = ''] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const run of ['unit', 'slow', 'e2e', 'stacks', 'engines', 'functions']) {
  const report = read(join(directory, `${run}.json`));
  passed += report.numPassedTests;
  // A skipped test and a run without tests have shown nothing, so they count as failed.
  failed += report.numTotalTests - report.numPassedTests || Number(report.numTotalTests === 0);
}
if (failed === 0 && failedSteps !== '') failed = 1;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { numTotalTests: 0, numPassedTests: 0 };
  }
}
