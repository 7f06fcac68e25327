/** The cleanup of a large table, killed at random while tokens are renewed. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { APART, raceCleanup } from './support/cleanup-race.ts';
import { newDirectory, removeDirectory } from './support/directories.ts';

const RECORDS = 50_000;

it('the cleanup of 50 000 records, killed at random and out of time, loses no renewed record and leaves no expired one', async () => {
  const directory = await newDirectory('cleanup');
  const outcome = await raceCleanup({
    ledger: join(directory, 'ledger'),
    records: RECORDS,
    kills: 5,
    killWithinMs: 1_500,
    // The cleanup stops ten seconds before its end: half a second is left for work, so that no machine does it in one run.
    limitMs: 10_500,
  });
  await removeDirectory(directory);
  expect(outcome).toMatchObject({ lost: 0, left: 0, expired: 0.3 * RECORDS });
  expect(outcome.renewed, 'tokens renewed in time').toBeGreaterThanOrEqual(APART);
  expect(outcome.tooLate, 'renewals of removed tokens').toBeGreaterThanOrEqual(APART);
  expect(outcome.runs).toBeGreaterThan(1);
});
