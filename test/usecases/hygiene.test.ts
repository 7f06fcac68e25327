/** The report of the cleanup: every finding once, once a day, however often the pass is interrupted. */
import { describe, expect, it } from 'vitest';
import type { AccountReport } from '../../lib/domain/hygiene.ts';
import type { Account } from '../../lib/domain/identifiers.ts';
import { DAY_SECONDS, HOUR_SECONDS } from '../../lib/domain/time.ts';
import type { Count } from '../../lib/ports/system.ts';
import { expiryStore } from '../../lib/store/expiry-store.ts';
import { NO_METRICS } from '../../lib/telemetry/log.ts';
import {
  CLEANUP_GRACE_SECONDS,
  type CleanupPorts,
  cleanUp,
  MAX_ACCOUNTS,
} from '../../lib/usecases/clean-up.ts';
import { ACCOUNT, aClaim, aToken, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { memoryStores } from '../support/stores.ts';

const WHOLE = { whole: true };

/** A world with a cleanup, what it has published, and what it has counted. */
function world() {
  const stores = memoryStores();
  const expiry = expiryStore({ table: stores.table, pageItems: 100 });
  const published: { at: number; reports: readonly AccountReport[] }[] = [];
  const counted: Partial<Record<Count, number>>[] = [];
  const state = { now: NOW };
  const ports: CleanupPorts = {
    expiry,
    notices: { publish: async (reports, at) => void published.push({ reports, at }) },
    metrics: { ...NO_METRICS, count: (name, by = 1) => void counted.push({ [name]: by }) },
    graceSeconds: CLEANUP_GRACE_SECONDS,
    unusedSeconds: DAY_SECONDS,
    clock: () => state.now * 1000,
    remainingMs: () => 60_000,
  };
  const released = (account: Account, name: string) =>
    stores.namespaces.writeClaim(undefined, aClaim({ account, name, state: 'released' }));
  return { ...stores, ports, published, counted, state, released };
}

/** Counts by account and kind, added up over every notice. */
function sums(published: ReturnType<typeof world>['published']) {
  const totals: Record<string, number[]> = {};
  for (const { account, releasedNamespaces, unusedTokens, expiringTokens } of published.flatMap(
    ({ reports }) => reports,
  )) {
    const now = [releasedNamespaces, unusedTokens, expiringTokens].map(({ count }) => count);
    totals[account] = now.map((count, i) => count + (totals[account]?.[i] ?? 0));
  }
  return totals;
}

async function filled() {
  const made = world();
  for (let i = 0; i < 150; i++)
    await made.tokens.add(aToken({ createdAt: 1, expiresAt: NOW + 6 * DAY_SECONDS }));
  for (let i = 0; i < 150; i++) {
    await made.tokens.add(aToken({ account: OTHER_ACCOUNT, expiresAt: null, createdAt: 1 }));
  }
  await made.tokens.add(aToken({ expiresAt: NOW - DAY_SECONDS }));
  await made.tokens.add(aToken({ expiresAt: NOW + 30 * DAY_SECONDS }));
  await made.released(ACCOUNT, 'given-back');
  return made;
}
const FOUND = { [ACCOUNT]: [1, 0, 150], [OTHER_ACCOUNT]: [0, 150, 0] };

describe('the report', () => {
  it('has one notice for each account with findings, and the sums as figures', async () => {
    const { ports, published, counted } = await filled();
    await cleanUp(ports, WHOLE);
    expect(published).toHaveLength(1);
    expect(published[0]?.at).toBe(NOW);
    expect(published[0]?.reports.map(({ account }) => account).sort()).toEqual([ACCOUNT, OTHER_ACCOUNT]);
    expect(sums(published)).toEqual(FOUND);
    expect(counted).toEqual([
      { CleanupFinished: 1 },
      { ReleasedNamespaces: 1 },
      { UnusedTokens: 150 },
      { ExpiringTokens: 150 },
    ]);
  });

  it('survives a stop after every page: the parts add up to the whole', async () => {
    const { ports, published, counted, state } = await filled();
    const hurried = { ...ports, remainingMs: () => 0 };
    for (let i = 0; i < 3; i++) {
      expect((await cleanUp(hurried, { whole: i === 0 })).finished).toBe(false);
      expect([published, counted]).toEqual([[], []]);
      state.now += HOUR_SECONDS;
    }
    await cleanUp(hurried, { whole: false });
    expect(sums(published)).toEqual(FOUND);
    expect(published[0]?.at).toBe(NOW);
    expect(counted).toContainEqual({ UnusedTokens: 150 });
  });

  it('counts nothing twice when a run is killed at any step and repeats pages', async () => {
    for (let killedAt = 0; killedAt < 9; killedAt++) {
      const { ports, published } = await filled();
      let steps = 0;
      const step = <A extends unknown[], T>(act: (...args: A) => Promise<T>) => {
        return async (...args: A) => {
          if (steps++ === killedAt) throw new Error('killed');
          return act(...args);
        };
      };
      const { page, saveCheckpoint } = ports.expiry;
      const mortal = {
        ...ports,
        expiry: { ...ports.expiry, page: step(page), saveCheckpoint: step(saveCheckpoint) },
        remainingMs: () => 0,
      };
      for (let run = 0; run < 8 && published.length === 0; run++) {
        await cleanUp(mortal, { whole: true }).catch(() => undefined);
      }
      expect(sums(published.slice(0, 1))).toEqual(FOUND);
    }
  });

  it('is made once a day, however often the cleanup runs', async () => {
    const { ports, published, counted, state } = await filled();
    for (let hour = 0; hour < 49; hour++) {
      await cleanUp(ports, WHOLE);
      state.now += HOUR_SECONDS;
    }
    expect(published.map(({ at }) => at - NOW)).toEqual([0, 23 * HOUR_SECONDS, 46 * HOUR_SECONDS]);
    expect(counted.filter(count => count.CleanupFinished)).toHaveLength(49);
    expect(counted.filter(count => count.UnusedTokens !== undefined)).toHaveLength(3);
  });

  it('says nothing of accounts without findings, and counts zero', async () => {
    const { ports, published, counted, tokens } = world();
    await tokens.add(aToken({ expiresAt: NOW + 30 * DAY_SECONDS }));
    await cleanUp(ports, WHOLE);
    expect(published).toEqual([]);
    expect(counted).toContainEqual({ UnusedTokens: 0 });
  });

  it('that could not be handed on is handed on by the next run, and no pass counts as finished before', async () => {
    const { ports, published, counted } = await filled();
    const refused = { ...ports, notices: { publish: () => Promise.reject(new Error('no bus')) } };
    await expect(cleanUp(refused, WHOLE)).rejects.toThrow('no bus');
    expect(counted).toEqual([]);
    await cleanUp(ports, WHOLE);
    expect(sums(published)).toEqual(FOUND);
  });

  it('counts for no pass whose end could not be stored: the next one counts it', async () => {
    const { ports, counted } = await filled();
    const saveCheckpoint = () => Promise.reject(new Error('no answer'));
    const forgetful = { ...ports, expiry: { ...ports.expiry, saveCheckpoint } };
    await expect(cleanUp(forgetful, WHOLE)).rejects.toThrow('no answer');
    expect(counted).toEqual([]);
    await cleanUp(ports, WHOLE);
    expect(counted).toContainEqual({ CleanupFinished: 1 });
  });

  it('on many accounts is handed on in parts, so that it never grows too long for the store', async () => {
    const { ports, published, tokens } = world();
    const accounts = Array.from({ length: 350 }, (_, i) => `dev:account-${i}` as const);
    for (const account of accounts) await tokens.add(aToken({ account, createdAt: 1, expiresAt: NOW + 60 }));
    let most = 0;
    const { saveCheckpoint } = ports.expiry;
    const hurried: CleanupPorts = {
      ...ports,
      remainingMs: () => 0,
      expiry: {
        ...ports.expiry,
        saveCheckpoint: checkpoint => {
          most = Math.max(most, checkpoint.report?.accounts.length ?? 0);
          return saveCheckpoint(checkpoint);
        },
      },
    };
    while (!(await cleanUp(hurried, WHOLE)).finished);
    expect(most).toBeLessThan(MAX_ACCOUNTS);
    expect(sums(published)).toEqual(Object.fromEntries(accounts.map(account => [account, [0, 0, 1]])));
    expect(await ports.expiry.checkpoint()).toEqual({
      cursor: undefined,
      report: undefined,
      reportedAt: NOW,
    });
  });
});
