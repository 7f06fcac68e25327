/** The hygiene report on the event bus: every account's notice gets there, or its sender gets an error. */
import { expect, it } from 'vitest';
import type { AwsCall } from '../../lib/aws/client.ts';
import { DETAIL_TYPE, eventNotices, MAX_ENTRIES, SOURCE } from '../../lib/aws/events.ts';
import type { Account } from '../../lib/domain/account.ts';
import { type AccountReport, MAX_EXAMPLES } from '../../lib/domain/hygiene.ts';
import { NOW } from '../support/records.ts';

interface Entry {
  readonly Source: string;
  readonly DetailType: string;
  readonly EventBusName: string;
  readonly Time: number;
  readonly Detail: string;
}

const finding = { count: 1, examples: ['x'] };
const reportOn = (account: Account, part = finding): AccountReport => ({
  account,
  releasedNamespaces: part,
  unusedTokens: part,
  expiringTokens: part,
});
const accounts = Array.from({ length: 25 }, (_, i) => `dev:account-${i}` as const);

/** A bus that takes what `takes` lets it. */
function bus(takes: (account: string, call: number) => boolean) {
  const calls: Entry[][] = [];
  const taken: string[] = [];
  const call: AwsCall = async (operation, input) => {
    expect(operation).toBe('PutEvents');
    const { Entries } = input as { Entries: Entry[] };
    calls.push(Entries);
    const results = Entries.map(({ Detail }) => {
      const { account } = JSON.parse(Detail) as { account: string };
      if (!takes(account, calls.length)) return { ErrorCode: 'ThrottlingException', ErrorMessage: 'x' };
      taken.push(account);
      return { EventId: 'x' };
    });
    return { FailedEntryCount: results.filter(({ ErrorCode }) => ErrorCode).length, Entries: results };
  };
  return { calls, taken, publish: eventNotices({ call, bus: 'ops' }).publish };
}

it('sends one event for each account, ten to a call', async () => {
  const { calls, publish } = bus(() => true);
  await publish(
    accounts.map(account => reportOn(account)),
    NOW,
  );
  expect(calls.map(entries => entries.length)).toEqual([10, 10, 5]);
  expect(calls[2]?.[4]).toEqual({
    Source: SOURCE,
    DetailType: DETAIL_TYPE,
    EventBusName: 'ops',
    Time: NOW,
    Detail: JSON.stringify({ reportedAt: '2026-11-21T07:00:00Z', ...reportOn('dev:account-24') }),
  });
});

it('sends again only what the bus did not accept', async () => {
  const { calls, taken, publish } = bus((account, call) => call > 1 || account !== 'dev:account-3');
  await publish(
    accounts.slice(0, 5).map(account => reportOn(account)),
    NOW,
  );
  expect(calls.map(entries => entries.length)).toEqual([5, 1]);
  expect(new Set(taken)).toEqual(new Set(accounts.slice(0, 5)));
});

it('throws with the reasons when the bus refuses three times', async () => {
  const { calls, publish } = bus(account => account !== 'dev:account-0');
  const publishing = publish(
    accounts.slice(0, 2).map(account => reportOn(account)),
    NOW,
  );
  await expect(publishing).rejects.toThrow('refused 1 notices: ThrottlingException');
  expect(calls).toHaveLength(3);
});

it('stays below the 256 KB of a call', async () => {
  const { calls, publish } = bus(() => true);
  const longest = { count: 1e9, examples: Array(MAX_EXAMPLES).fill('n'.repeat(128)) };
  const reports = accounts
    .slice(0, MAX_ENTRIES)
    .map((_, i) => reportOn(`${'i'.repeat(32)}:${'"'.repeat(255)}${i}`, longest));
  await publish(reports, NOW);
  expect(Buffer.byteLength(JSON.stringify(calls[0]))).toBeLessThan(256 * 1024);
});
