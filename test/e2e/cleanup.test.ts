/** The cleanup of a large table, killed at random while tokens are renewed. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { APART, raceCleanup } from './support/cleanup-race.ts';
import { newDirectory, removeDirectory } from './support/directories.ts';

const RECORDS = 20_000;
/** How long it takes says nothing: a busy machine may take its time. */
const PATIENCE_MS = 15 * 60_000;

it('the cleanup of 20 000 records, killed at random and out of time, loses no renewed record and leaves no expired one', {
  timeout: PATIENCE_MS,
}, async () => {
  const directory = await newDirectory('cleanup');
  const outcome = await raceCleanup({
    ledger: join(directory, 'ledger'),
    records: RECORDS,
    kills: 5,
    killWithinMs: 1_500,
    // The cleanup stops ten seconds before its end: the first run ends after one page, on every machine.
    firstLimitMs: 10_000,
    limitMs: 10_500,
  });
  await removeDirectory(directory);
  expect(outcome).toMatchObject({ lost: 0, left: 0, expired: 0.3 * RECORDS });
  expect(outcome.renewed, 'tokens renewed in time').toBeGreaterThanOrEqual(APART);
  expect(outcome.tooLate, 'renewals of removed tokens').toBeGreaterThanOrEqual(APART);
  expect(outcome.runs).toBeGreaterThan(1);
});
