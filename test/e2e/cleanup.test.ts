/** The cleanup over a large table: nothing that lives is lost, nothing that has ended stays, whatever happens to it. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { raceCleanup } from './support/cleanup-race.ts';
import { newDirectory, removeDirectory } from './support/directories.ts';

it('over 50 000 records, killed at random and out of time, loses nothing that is renewed meanwhile', async () => {
  const directory = await newDirectory('cleanup');
  const outcome = await raceCleanup({
    ledger: join(directory, 'ledger'),
    records: 50_000,
    kills: 5,
    killWithinMs: 1_500,
    // The cleanup stops ten seconds before its end: half a second is left for work, so that no machine does it in one run.
    limitMs: 10_500,
  });
  await removeDirectory(directory);
  expect(outcome).toMatchObject({ lost: 0, left: 0, expired: 15_000 });
  expect(outcome.renewed).toBeGreaterThan(0);
  expect(outcome.tooLate).toBeGreaterThan(0);
  expect(outcome.runs).toBeGreaterThan(1);
});
