/** The cleanup of a million records in the embedded engine, killed, out of time, and raced by those who renew. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { raceCleanup } from '../../test/e2e/support/cleanup-race.ts';
import { type Row, row } from '../support/row.ts';

const RECORDS = 1_000_000;
/** What the function is given on AWS (infra/functions.yml). */
const MOST_MEGABYTES = 512;
/** Shorter than the function's own limit, so that a pass takes several runs. */
const LIMIT_MS = 120_000;

export async function cleanup(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-bench-'));
  const race = {
    ledger: join(directory, 'ledger'),
    records: RECORDS,
    kills: 10,
    killWithinMs: 10_000,
    firstLimitMs: LIMIT_MS,
    limitMs: LIMIT_MS,
  };
  const outcome = await raceCleanup(race);
  await rm(directory, { recursive: true });
  const { expired, renewed, tooLate, kept, killed, runs, seconds, megabytes, lost, left } = outcome;
  const count = (what: string, value: number, atMost?: number) =>
    row('5.5', what, { value, unit: '', digits: 0, ...(atMost === undefined ? {} : { atMost }) });
  return [
    count('records in the table of a cleanup', RECORDS),
    count('that have expired', expired),
    count('renewed while it ran', renewed),
    count('removed before they were renewed', tooLate),
    count('renewed between the look and the deletion', kept),
    count('runs that were killed', killed),
    count('runs that ended by themselves', runs),
    count('living or renewed records that were lost', lost, 0),
    count('expired records that were left', left, 0),
    row('5.5', 'all runs together, with the engine on the same machine', {
      value: seconds,
      unit: 's',
      digits: 0,
      atMost: 900,
    }),
    row('5.5', 'memory of a run', { value: megabytes, unit: 'MB', digits: 0, atMost: MOST_MEGABYTES }),
  ];
}
