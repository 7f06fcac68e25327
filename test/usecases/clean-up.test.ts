/** The cleanup: what has ended goes, everything else stays, however often it is interrupted. */
import { describe, expect, it } from 'vitest';
import type { ExpiryStore } from '../../lib/ports.ts';
import { CLEANUP_GRACE_SECONDS, type CleanupPorts, cleanUp } from '../../lib/usecases/clean-up.ts';
import { memoryStores } from '../fakes/memory-stores.ts';
import { ACCOUNT, aToken, NOW } from '../support/records.ts';
import { countSteps, failingAt, stepped } from '../support/steps.ts';

/** More than two pages of ended tokens, and some that stay. */
const ENDED = 250;
const STAYING = [null, NOW + 1, NOW, NOW - CLEANUP_GRACE_SECONDS];

async function prepared() {
  const stores = memoryStores();
  for (let i = 0; i < ENDED; i++) {
    await stores.tokens.add(aToken({ expiresAt: NOW - CLEANUP_GRACE_SECONDS - 1 - i }));
  }
  for (const expiresAt of STAYING) await stores.tokens.add(aToken({ expiresAt }));
  return stores;
}

const portsOf = (expiry: ExpiryStore, remainingMs = () => 60_000): CleanupPorts => ({
  expiry,
  clock: () => NOW * 1000,
  remainingMs,
});

describe('the cleanup', () => {
  it('removes what ended longer than its grace ago, and counts it', async () => {
    const { expiry, table } = await prepared();
    const counts = await cleanUp(portsOf(expiry));
    expect(counts).toEqual({ removed: ENDED, kept: 0, pages: 3, finished: true });
    expect([...table.tokens.values()].map(({ expiresAt }) => expiresAt)).toEqual(STAYING);
    expect(await cleanUp(portsOf(expiry))).toMatchObject({ removed: 0, finished: true });
  });

  it('leaves a token alone that was renewed after it had been found', async () => {
    const { expiry, tokens, table } = memoryStores();
    const ended = aToken({ expiresAt: NOW - CLEANUP_GRACE_SECONDS - 1 });
    await tokens.add(ended);
    const renewing: ExpiryStore = {
      ...expiry,
      removeExpired: async (record, cutoff) => {
        for (const [key, row] of table.tokens) table.tokens.set(key, { ...row, expiresAt: NOW + 60 });
        return expiry.removeExpired(record, cutoff);
      },
    };
    expect(await cleanUp(portsOf(renewing))).toMatchObject({ removed: 0, kept: 1 });
    expect(table.tokens.size).toBe(1);
  });

  it('stops in time, and the next run goes on where it stopped', async () => {
    const { expiry, table } = await prepared();
    const hurried = () => cleanUp(portsOf(expiry, () => 5_000));
    const runs = [await hurried(), await hurried(), await hurried()];
    expect(runs.map(({ pages, finished }) => [pages, finished])).toEqual([
      [1, false],
      [1, false],
      [1, true],
    ]);
    expect(runs.reduce((sum, { removed }) => sum + removed, 0)).toBe(ENDED);
    expect(table.tokens.size).toBe(STAYING.length);
  });

  it('that broke off anywhere is finished by the next ones', async () => {
    const steps = await countSteps(async around => {
      const { expiry } = await prepared();
      await cleanUp(stepped(portsOf(expiry), ['expiry'], around));
    });
    expect(steps).toBeGreaterThan(ENDED);
    for (let step = 0; step < steps; step += 7) {
      for (const moment of ['before', 'after'] as const) {
        const { expiry, tokens, table } = await prepared();
        const broken = stepped(portsOf(expiry), ['expiry'], failingAt(step, moment));
        await expect(cleanUp(broken)).rejects.toThrow();
        await cleanUp(portsOf(expiry));
        await cleanUp(portsOf(expiry));
        expect(table.tokens.size).toBe(STAYING.length);
        expect((await tokens.list(ACCOUNT, { limit: 10, now: NOW })).records).toHaveLength(2);
      }
    }
  });

  it('twice at the same time removes each record once', async () => {
    const { expiry, table } = await prepared();
    const runs = await Promise.all([cleanUp(portsOf(expiry)), cleanUp(portsOf(expiry))]);
    expect(runs.reduce((sum, { removed }) => sum + removed, 0)).toBe(ENDED);
    expect(table.tokens.size).toBe(STAYING.length);
  });
});
