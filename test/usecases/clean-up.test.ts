/** The cleanup: what has ended goes, everything else stays, however often it is interrupted. */
import { describe, expect, it } from 'vitest';
import type { ExpiryStore } from '../../lib/ports/stores.ts';
import type { Item, Table } from '../../lib/ports/table.ts';
import { expiryStore } from '../../lib/store/expiry-store.ts';
import { NO_METRICS } from '../../lib/telemetry/log.ts';
import { CLEANUP_GRACE_SECONDS, type CleanupPorts, cleanUp } from '../../lib/usecases/clean-up.ts';
import { ACCOUNT, aToken, NOW } from '../support/records.ts';
import { countSteps, failingAt, stepped } from '../support/steps.ts';
import { itemsOf, memoryStores } from '../support/stores.ts';

/** More than two pages of ended tokens, and some that stay. */
const ENDED = 250;
const STAYING = [null, NOW + 1, NOW, NOW - CLEANUP_GRACE_SECONDS];
const WHOLE = { whole: true };

/** Small pages, so that a run has several. */
function pagedStores() {
  const stores = memoryStores();
  return { ...stores, expiry: expiryStore({ table: stores.table, pageItems: 100 }) };
}

async function tokenItems(table: Table): Promise<Item[]> {
  return (await itemsOf(table)).filter(({ sk }) => sk.startsWith('token#'));
}

async function prepared(ended = ENDED) {
  const stores = pagedStores();
  for (let i = 0; i < ended; i++) {
    await stores.tokens.add(aToken({ expiresAt: NOW - CLEANUP_GRACE_SECONDS - 1 - i }));
  }
  for (const expiresAt of STAYING) await stores.tokens.add(aToken({ expiresAt }));
  return stores;
}

const portsOf = (expiry: ExpiryStore, remainingMs = () => 60_000): CleanupPorts => ({
  expiry,
  notices: { publish: async () => undefined },
  metrics: NO_METRICS,
  graceSeconds: CLEANUP_GRACE_SECONDS,
  unusedSeconds: 60,
  clock: () => NOW * 1000,
  remainingMs,
});

describe('the cleanup', () => {
  it('removes what ended longer than its grace ago, and counts it', async () => {
    const { expiry, table } = await prepared();
    const counts = await cleanUp(portsOf(expiry), WHOLE);
    expect(counts).toEqual({ removed: ENDED, kept: 0, pages: 3, finished: true });
    const staying = (await tokenItems(table)).map(({ expiresAt = null }) => expiresAt);
    expect(new Set(staying)).toEqual(new Set(STAYING));
    expect(staying).toHaveLength(STAYING.length);
    expect(await cleanUp(portsOf(expiry), WHOLE)).toMatchObject({ removed: 0, finished: true });
  });

  it('leaves a token alone that was renewed after it had been found', async () => {
    const { expiry, tokens, table } = pagedStores();
    const ended = aToken({ expiresAt: NOW - CLEANUP_GRACE_SECONDS - 1 });
    await tokens.add(ended);
    const renewing: ExpiryStore = {
      ...expiry,
      removeExpired: async (record, cutoff) => {
        await table.update(record, { set: { expiresAt: NOW + 60 } });
        return expiry.removeExpired(record, cutoff);
      },
    };
    expect(await cleanUp(portsOf(renewing), WHOLE)).toMatchObject({ removed: 0, kept: 1 });
    expect((await tokenItems(table)).length).toBe(1);
  });

  it('stops in time, and the next run goes on where it stopped', async () => {
    const { expiry, table } = await prepared();
    const hurried = (whole: boolean) =>
      cleanUp(
        portsOf(expiry, () => 10_000),
        { whole },
      );
    const runs = [await hurried(true), await hurried(false), await hurried(true)];
    expect(runs.map(({ pages, finished }) => [pages, finished])).toEqual([
      [1, false],
      [1, false],
      [1, true],
    ]);
    expect(runs.reduce((sum, { removed }) => sum + removed, 0)).toBe(ENDED);
    expect((await tokenItems(table)).length).toBe(STAYING.length);
  });

  it('that is to go on begins nothing of its own', async () => {
    const { expiry, table } = await prepared();
    const counts = await cleanUp(portsOf(expiry), { whole: false });
    expect(counts).toEqual({ removed: 0, kept: 0, pages: 0, finished: true });
    expect((await tokenItems(table)).length).toBe(ENDED + STAYING.length);
  });

  it('that broke off anywhere is finished by the next ones', async () => {
    const steps = await countSteps(async around => {
      const { expiry } = await prepared();
      await cleanUp(stepped(portsOf(expiry), ['expiry'], around), WHOLE);
    });
    expect(steps).toBeGreaterThan(ENDED);
    for (let step = 0; step < steps; step += 7) {
      for (const moment of ['before', 'after'] as const) {
        const { expiry, tokens, table } = await prepared();
        const broken = stepped(portsOf(expiry), ['expiry'], failingAt(step, moment));
        await expect(cleanUp(broken, WHOLE)).rejects.toThrow();
        await cleanUp(portsOf(expiry), WHOLE);
        await cleanUp(portsOf(expiry), WHOLE);
        expect((await tokenItems(table)).length).toBe(STAYING.length);
        expect((await tokens.list(ACCOUNT, { limit: 10, now: NOW })).records).toHaveLength(2);
      }
    }
  });

  it('repeats only the last pages of a run that was killed', async () => {
    const { expiry, table } = await prepared(2500);
    let pages = 0;
    const killed: ExpiryStore = {
      ...expiry,
      page: (...asked) => (pages++ < 17 ? expiry.page(...asked) : Promise.reject(new Error('killed'))),
    };
    await expect(cleanUp(portsOf(killed), WHOLE)).rejects.toThrow('killed');
    expect((await tokenItems(table)).length).toBeGreaterThan(700);
    // The first ten pages stand in the checkpoint; 2504 records are 26 pages.
    expect(await cleanUp(portsOf(expiry), { whole: false })).toMatchObject({ pages: 9, finished: true });
    expect((await tokenItems(table)).length).toBe(STAYING.length);
  });

  it('twice at the same time removes each record once', async () => {
    const { expiry, table } = await prepared();
    const runs = await Promise.all([cleanUp(portsOf(expiry), WHOLE), cleanUp(portsOf(expiry), WHOLE)]);
    expect(runs.reduce((sum, { removed }) => sum + removed, 0)).toBe(ENDED);
    expect((await tokenItems(table)).length).toBe(STAYING.length);
  });
});
